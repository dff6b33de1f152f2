"""A file system of a few megabytes, to be full when a test wants it."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BLOCK = b"\1" * (1 << 16)


class SmallDisk:
    """A tmpfs mounted at ``folder``; mounting takes root, which tests of the whole have in CI."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @contextmanager
    def mounted(self, megabytes: int) -> Iterator["SmallDisk"]:
        """Mount it within the block."""
        self.folder.mkdir(parents=True, exist_ok=True)
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"size={megabytes}m,mode=0700".encode()
        if libc.mount(b"tmpfs", os.fsencode(self.folder), b"tmpfs", 0, options) != 0:
            error = ctypes.get_errno()
            raise OSError(error, f"{os.strerror(error)}: a full disk takes root to be made", str(self.folder))
        try:
            yield self
        finally:
            libc.umount2(os.fsencode(self.folder), 2)  # MNT_DETACH: whatever is still open

    def fill(self) -> None:
        """Take all that is left."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(_BLOCK)
            except OSError:
                return

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink()
