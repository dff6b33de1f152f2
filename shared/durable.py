"""Small files that are there whole, the new one or the one before, whatever kills their writer."""

import os
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Make ``text`` what ``path`` holds, in a folder on a local disk. Raises ``OSError``."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
