"""What an archive is made of, and how much of it is read at most.

Pure. Nothing is ever written where a member's name says: names are text, content is bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

MAX_MEMBERS = 50_000
MAX_RATIO = 100
"""How many times as large as the archive its content may be; text packs to a tenth."""
FREE_BYTES = 10 * 1024 * 1024
"""A small archive may unpack to so much whatever its size: a tar is padded with zeros."""
HEAD_BYTES = 512
"""What is needed of a file to know its format."""
STEP = 64 * 1024

Format = Literal["gzip", "tar", "zip"]


class ArchiveError(Exception):
    """The archive is not read; ``str()`` says why."""


@dataclass(frozen=True)
class Member:
    """One entry of an archive."""

    name: str
    kind: Literal["file", "link", "other"]
    size: int
    """As the archive says; the content may turn out to be another."""
    pieces: Callable[[], Iterator[bytes]]
    """Its content, to be read before the next member is asked for."""
    problem: str = ""
    """Why it cannot be read; the others can."""


class Meter:
    """Counts what comes out of an archive of ``packed`` bytes; ``check`` is called often and may raise."""

    def __init__(self, *, packed: int, most: int, check: Callable[[], None]) -> None:
        self._most, self._check = most, check
        self._fair = FREE_BYTES + MAX_RATIO * packed
        self._bytes = self._members = 0

    def add(self, number: int) -> None:
        """Count so many bytes that came out.

        Raises
        ------
        ArchiveError
            When there are too many.
        """
        self._check()
        self._bytes += number
        if self._bytes > self._most:
            raise ArchiveError(f"it unpacks to more than {self._most} bytes (SYNC_MAX_BYTES)")
        if self._bytes > self._fair:
            raise ArchiveError(f"it unpacks to more than {MAX_RATIO} times its size")

    def member(self) -> None:
        """Count a member.

        Raises
        ------
        ArchiveError
            When there are too many.
        """
        self._check()
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise ArchiveError(f"it holds more than {MAX_MEMBERS} files and folders")


def format_of(head: bytes) -> Format | None:
    """Return the format of the file that begins with ``head``, or None when it is no archive we read."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else None


def text_of(name: bytes) -> tuple[str, str]:
    """Return a member's name as text, and what is wrong with it."""
    try:
        return name.decode(), ""
    except UnicodeDecodeError:
        return name.decode(errors="replace"), "its name is not UTF-8"
