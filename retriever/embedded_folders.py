"""Where the embedded index is: in one of two folders, and a file beside them names the living one."""

import json
import os
from pathlib import Path

DENSE = "dense"
"""The name of the dense vectors."""
CONFIGURATION = "edge_config.json"
"""The engine's own, by which an index is known to be there."""


def living_folder(folder: Path) -> Path:
    """Return the living one of ``folder`` and the one beside it; it need not be there."""
    pointer = _pointer(folder)
    named = pointer.read_text().strip() if pointer.exists() else ""
    return next((one for one in folders(folder) if one.name == named), folder)


def dense_size(folder: Path) -> int | None:
    """Return the size of the dense vectors of the index in ``folder``, as its files tell; None without any.

    Raises
    ------
    OSError, ValueError
        If there is no index, or it tells something else.
    """
    told = json.loads((folder / CONFIGURATION).read_bytes())
    vectors = told.get("vectors") if isinstance(told, dict) else None
    if not isinstance(vectors, dict):
        raise ValueError("the configuration is another version's")
    size = (vectors.get(DENSE) or {}).get("size")
    return size if isinstance(size, int) else None


def folders(folder: Path) -> tuple[Path, Path]:
    """Return the two places an index may be in, the living one or the one beside it."""
    return folder, folder.with_name(f"{folder.name}-beside")


def _pointer(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.living")


def switch_to(folder: Path, name: str) -> None:
    """Make the one that is called ``name`` the living one, durably."""
    path = _pointer(folder)
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
