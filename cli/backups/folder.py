"""A folder of backups, which may be a mounted bucket: whole new files, never renamed, locked or changed.

Owns writing them with their sha256, and reading nothing that does not have it.
"""

import contextlib
import errno
import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from cli.backups.names import (
    MANIFEST,
    SETTINGS,
    BrokenBackupError,
    Manifest,
    Part,
    decode,
    encode,
    file_name,
    finished,
    leftovers,
    superseded,
)

_PIECE = 1024 * 1024
_LEVEL = 4
"""Of compression: vectors hardly shrink, text does so soon."""
_NO_FSYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


class Folder:
    """The backups in ``path``. Whatever the folder refuses is an ``OSError``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the folder, not what it stands in: a bucket that is not mounted must not be papered over."""
        self.path.mkdir(mode=0o700, exist_ok=True)

    def names(self) -> list[str]:
        """Return the name of every file."""
        return sorted(entry.name for entry in os.scandir(self.path) if entry.is_file())

    def finished(self) -> list[str]:
        """Return the ids of the backups there are, the newest first."""
        return finished(self.names())

    @contextmanager
    def writing(self, id: str, part: str, parts: dict[str, Part]) -> Iterator[BinaryIO]:
        """Give a new file for a part of a backup; closed and durable, what it is stands in ``parts``."""
        with _durable(self.path / file_name(id, part)) as raw:
            counted = _Counted(raw)
            if part == SETTINGS:
                yield cast(BinaryIO, counted)
            else:
                with gzip.GzipFile("", "wb", _LEVEL, cast(BinaryIO, counted), mtime=0) as packed:
                    yield cast(BinaryIO, packed)
        parts[part] = Part(counted.bytes, counted.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Make what was written a backup."""
        with _durable(self.path / file_name(manifest.id, MANIFEST)) as file:
            file.write(encode(manifest))

    def check(self, id: str) -> Manifest:
        """Return the manifest of a backup every byte of which is as it was written.

        Raises
        ------
        BrokenBackupError
            If one is not.
        """
        try:
            manifest = decode((self.path / file_name(id, MANIFEST)).read_bytes(), id=id)
            for part, written in manifest.parts.items():
                if _look(self.path / file_name(id, part)) != written:
                    raise BrokenBackupError(f"{file_name(id, part)} is not what was written")
        except OSError as error:
            name = Path(str(error.filename)).name
            raise BrokenBackupError(f"{name}: {error.strerror}") from error
        return manifest

    @contextmanager
    def reading(self, id: str, part: str) -> Iterator[BinaryIO]:
        """Give a part of a backup that was checked."""
        path = self.path / file_name(id, part)
        with path.open("rb") if part == SETTINGS else gzip.open(path, "rb") as file:
            yield cast(BinaryIO, file)

    def tidy(self, *, keep: int, now: datetime) -> list[str]:
        """Remove all but the newest ``keep`` backups, and what was never finished; return the files."""
        names = self.names()
        gone = [*superseded(names, keep=keep), *leftovers(names, now=now)]
        for name in gone:
            (self.path / name).unlink(missing_ok=True)
        return gone

    def discard(self, id: str) -> None:
        """Remove what was written of a backup that came to nothing."""
        for name in self.names():
            if name.startswith(f"{id}."):
                with contextlib.suppress(OSError):
                    (self.path / name).unlink()


class _Counted:
    """A file that knows what was written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.bytes, self.digest = file, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


@contextmanager
def _durable(path: Path) -> Iterator[IO[bytes]]:
    """A new file, closed when the block ends, and on the disk where the file system can promise that."""
    with open(path, "xb", opener=_private) as file:
        yield file
        file.flush()
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in _NO_FSYNC:
                raise
    # Closing is what uploads to a bucket: it must have succeeded before anything refers to the file.


def _private(path: str, flags: int) -> int:
    # From its first byte on: it holds what visitors said. A bucket has rights of its own.
    return os.open(path, flags, 0o600)


def _look(path: Path) -> Part:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Part(size, digest.hexdigest())
