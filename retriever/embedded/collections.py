"""Two folders of the engine, one of which is living, and the file that says which."""

import asyncio
import json
import shutil
from pathlib import Path

from retriever.embedded.store import CONFIGURATION, EmbeddedStore, translated
from retriever.embedded.translation import DENSE
from shared.durable import replace_text


class EmbeddedCollections:
    """A :class:`retriever.ports.Collections` of two folders; a file beside them names the living one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._folders = folder, _folders(folder)
        self._pointer = _pointer(folder)

    async def exist(self) -> bool:
        return (living_folder(self._folder) / CONFIGURATION).exists()

    async def living(self) -> EmbeddedStore:
        return EmbeddedStore(living_folder(self._folder))

    async def beside(self) -> EmbeddedStore:
        return EmbeddedStore(self._beside())

    async def switch(self) -> None:
        name = self._beside().name
        await asyncio.to_thread(translated, lambda: replace_text(self._pointer, name), logged=True)

    async def moved(self) -> bool:
        return False

    async def clear(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._beside(), ignore_errors=True)

    async def close(self) -> None:
        """There is nothing but the stores."""

    def _beside(self) -> Path:
        living = living_folder(self._folder)
        return next(folder for folder in self._folders if folder != living)


def living_folder(folder: Path) -> Path:
    """Return the living one of ``folder`` and the one beside it; it need not be there."""
    pointer = _pointer(folder)
    named = pointer.read_text().strip() if pointer.exists() else ""
    return next((one for one in _folders(folder) if one.name == named), folder)


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


def _folders(folder: Path) -> tuple[Path, Path]:
    return folder, folder.with_name(f"{folder.name}-beside")


def _pointer(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.living")
