"""The archives of sources on the disk: each kept whole or not at all, one for a source.

Owns ``DATA_DIR/archives``. A file lies there under its hash; ``archive.json`` beside it says which counts,
and its renaming is the change. What a killed process leaves behind is removed at the next start or change.
"""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

from retriever.sources.archive.members import HEAD_BYTES, ArchiveError, format_of
from shared.errors import OverloadedError

_INDEX = "archive.json"


@dataclass(frozen=True)
class Kept:
    """An archive that is kept."""

    source_id: str
    sha256: str
    bytes: int
    received: int
    """In microseconds since 1970."""
    url: str = ""
    """Where it was fetched; empty for one that was uploaded."""
    etag: str = ""
    last_modified: str = ""


class Incoming:
    """A file that is coming; a sink of :mod:`retriever.web.replies`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] = path.open("wb")
        self._start()

    def _start(self) -> None:
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.head = b""

    async def begin(self) -> None:
        """Forget what came."""
        with _kept_well():
            await asyncio.to_thread(self._file.seek, 0)
            await asyncio.to_thread(self._file.truncate)
        self._start()

    async def write(self, piece: bytes) -> None:
        """Take a further piece."""
        if len(self.head) < HEAD_BYTES:
            self.head += piece[: HEAD_BYTES - len(self.head)]
        self.bytes += len(piece)
        with _kept_well():
            await asyncio.to_thread(self._write, piece)

    def _write(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)

    def finish(self) -> tuple[Path, str]:
        """Make it durable; return where it is and its sha256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._path, self._digest.hexdigest()

    def drop(self) -> None:
        """Remove it where it was not kept."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


class Vault:
    """Keeps archives below ``folder``. ``now_us`` gives the time in microseconds since 1970."""

    def __init__(self, folder: Path, *, now_us: Callable[[], int]) -> None:
        self._folder, self._now_us = folder, now_us
        self._incoming = folder / ".incoming"
        self._changing = asyncio.Lock()

    async def tidy(self) -> None:
        """Remove what was coming when the process before this one ended."""
        await asyncio.to_thread(shutil.rmtree, self._incoming, ignore_errors=True)

    @asynccontextmanager
    async def incoming(self) -> AsyncIterator[Incoming]:
        """Give a file to write to; it is gone afterwards unless :meth:`keep` has taken it."""
        with _kept_well():
            incoming = await asyncio.to_thread(self._new)
        try:
            yield incoming
        finally:
            incoming.drop()

    async def keep(
        self, incoming: Incoming, source_id: str, *, url: str = "", etag: str = "", last_modified: str = ""
    ) -> Kept:
        """Make ``incoming`` the archive of a source; returns when it is durable.

        Raises
        ------
        ArchiveError
            If it is no archive: what was kept stays.
        OverloadedError
            If the disk does not take it.
        """
        if format_of(incoming.head) is None:
            raise ArchiveError("it is neither a tar, a tar.gz nor a zip")
        async with self._changing:
            with _kept_well():
                path, digest = await asyncio.to_thread(incoming.finish)
                kept = Kept(source_id, digest, incoming.bytes, self._now_us(), url, etag, last_modified)
                await asyncio.to_thread(self._place, path, kept)
        return kept

    async def find(self, source_id: str) -> Kept | None:
        """Return the archive of a source, where there is one."""
        return await asyncio.to_thread(self._find, source_id)

    def open(self, kept: Kept) -> IO[bytes]:
        """Open an archive to be read; it stays readable when another takes its place. Blocks."""
        return (self._folder / kept.source_id / kept.sha256).open("rb")

    async def remove(self, source_id: str) -> None:
        """Forget the archive of a source."""
        async with self._changing:
            folder = self._folder / source_id
            with suppress(FileNotFoundError):
                await asyncio.to_thread((folder / _INDEX).unlink)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _new(self) -> Incoming:
        self._incoming.mkdir(parents=True, exist_ok=True)
        return Incoming(self._incoming / uuid4().hex)

    def _find(self, source_id: str) -> Kept | None:
        folder = self._folder / source_id
        try:
            kept = Kept(**json.loads((folder / _INDEX).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return kept if (folder / kept.sha256).is_file() else None

    def _place(self, path: Path, kept: Kept) -> None:
        folder = self._folder / kept.source_id
        folder.mkdir(exist_ok=True)
        path.replace(folder / kept.sha256)
        index = folder / f"{_INDEX}.new"
        with index.open("w") as file:
            json.dump(asdict(kept), file)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(folder)  # the file before what names it
        index.replace(folder / _INDEX)
        for changed in (folder, self._folder):
            _sync_folder(changed)
        for old in folder.iterdir():
            if old.name not in (kept.sha256, _INDEX):
                old.unlink(missing_ok=True)


@contextmanager
def _kept_well() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OverloadedError(f"The archive cannot be kept: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
