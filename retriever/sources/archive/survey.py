"""An archive read twice: first whole, to know that it is sound and what is in it; then what is wanted of it.

Pure. Of the first reading a hash remains of each file that may be a document, never its content.
"""

import gzip
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, cast

from retriever.parsers.registry import SUFFIXES
from retriever.sources.archive import tar, zip
from retriever.sources.archive.members import HEAD_BYTES, ArchiveError, Member, Meter, format_of

_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class Entry:
    """A file that may be a document."""

    name: str
    digest: str = ""
    """The sha256 of its content."""
    problem: str = ""
    """Why it cannot be taken in."""


@dataclass
class Survey:
    """What an archive holds."""

    entries: list[Entry] = field(default_factory=list)
    others: int = 0
    """How many files are of other kinds."""
    tops: set[str] = field(default_factory=set)
    """The outermost folders, and an empty name for a file in none."""

    @property
    def top(self) -> str:
        """The one folder that holds everything, with its slash; nothing where there is none."""
        (only, *more) = self.tops or {""}
        return "" if more or only in ("", ".", "..") else f"{only}/"


def survey(file: IO[bytes], meter: Meter, *, file_bytes: int) -> Survey:
    """Read the whole archive; files of more than ``file_bytes`` are not looked into.

    Raises
    ------
    ArchiveError
        If it is no archive, broken, cut, or too much.
    """
    found = Survey()
    for member in members(file, meter):
        if member.kind == "other":
            continue
        name = plain(member.name)
        top, slash, _ = name.partition("/")
        found.tops.add(top if slash else "")
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            found.entries.append(_entry(name, member, file_bytes))
        else:
            found.others += 1
    return found


def contents(file: IO[bytes], meter: Meter, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each of the ``wanted`` files, in the archive's order.

    Raises
    ------
    ArchiveError
        If it is another archive than the one surveyed.
    """
    left = set(wanted)
    for member in members(file, meter):
        if not left:
            return
        if member.kind == "file" and (name := plain(member.name)) in left:
            left.discard(name)
            yield name, b"".join(member.pieces())


def members(file: IO[bytes], meter: Meter) -> Iterator[Member]:
    """Yield the members of an archive of any format that is read."""
    file.seek(0)
    known = format_of(file.read(HEAD_BYTES))
    file.seek(0)
    if known is None:
        raise ArchiveError("it is neither a tar, a tar.gz nor a zip")
    if known == "zip":
        yield from zip.members(file, meter)
        return
    packed = gzip.GzipFile(fileobj=file, mode="rb") if known == "gzip" else file
    yield from tar.members(cast(IO[bytes], packed), meter)


def plain(name: str) -> str:
    """Return a member's name as it is spoken of: ``tar`` writes ``./`` before each."""
    return name.removeprefix("./")


def _entry(name: str, member: Member, file_bytes: int) -> Entry:
    if member.problem:
        return Entry(name, problem=member.problem)
    if member.kind == "link":
        return Entry(name, problem="it is a link, which is not followed")
    if member.size > file_bytes:
        return Entry(name, problem=f"it has more than {file_bytes} bytes (MAX_DOCUMENT_BYTES)")
    digest, head = hashlib.sha256(), b""
    for piece in member.pieces():
        digest.update(piece)
        head = head or piece
    if head.startswith(_LFS):
        return Entry(name, problem="it is a pointer of Git LFS: the archive does not hold the file")
    return Entry(name, digest.hexdigest())
