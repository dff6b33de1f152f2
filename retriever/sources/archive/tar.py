"""A tar file, read from its beginning to its end as a stream (POSIX.1-2017, pax; and GNU's long names).

Pure. Python's own reader takes a header of any size into memory, and matches some of it with regular
expressions that take quadratic time; here everything is bounded and read once.
"""

import gzip
import zlib
from collections.abc import Iterator
from typing import IO

from retriever.sources.archive.members import STEP, ArchiveError, Member, Meter, text_of

BLOCK = 512
MAX_EXTENDED_BYTES = 64 * 1024
"""Of a header that says more about the next member."""
_FILES = (b"0", b"\0", b"7")
_LINKS = (b"1", b"2")
_WITHOUT_CONTENT = (b"1", b"2", b"3", b"4", b"5", b"6")
_CUT = "it ends in the middle"


class _Stream:
    """The unpacked bytes, each counted."""

    def __init__(self, file: IO[bytes], meter: Meter) -> None:
        self._file, self._meter = file, meter

    def some(self, most: int) -> bytes:
        """Return up to ``most`` further bytes, none only at the end."""
        try:
            piece = self._file.read(min(most, STEP))
        except EOFError:
            raise ArchiveError(_CUT) from None
        except (gzip.BadGzipFile, zlib.error):
            raise ArchiveError("its compression is broken") from None
        self._meter.add(len(piece))
        return piece

    def pieces(self, number: int) -> Iterator[bytes]:
        """Yield exactly ``number`` bytes."""
        while number:
            piece = self.some(number)
            if not piece:
                raise ArchiveError(_CUT)
            number -= len(piece)
            yield piece

    def read(self, number: int) -> bytes:
        """Return exactly ``number`` bytes."""
        return b"".join(self.pieces(number))


class _Body:
    """A member's content; what is not taken of it is passed over."""

    def __init__(self, stream: _Stream, size: int) -> None:
        self._stream, self._left, self._padding = stream, size, -size % BLOCK

    def pieces(self) -> Iterator[bytes]:
        for piece in self._stream.pieces(self._left):
            self._left -= len(piece)
            yield piece

    def leave(self) -> None:
        for _ in self._stream.pieces(self._left + self._padding):
            pass


def members(file: IO[bytes], meter: Meter) -> Iterator[Member]:
    """Yield the members of the tar ``file``, which may be a ``gzip.GzipFile``.

    Raises
    ------
    ArchiveError
        If it is none, is broken or cut, or holds more than the meter lets through.
    """
    stream = _Stream(file, meter)
    said: dict[bytes, bytes] = {}
    while any(block := stream.read(BLOCK)):
        meter.member()
        kind, size = _checked(block)
        if kind in (b"x", b"L"):
            content = _extended(stream, size)
            said |= _records(content) if kind == b"x" else {b"path": content.partition(b"\0")[0]}
        elif kind in (b"g", b"K"):
            _Body(stream, size).leave()  # of all members, or where a link leads
        else:
            size = _number(said[b"size"], base=10) if b"size" in said else size
            body = _Body(stream, 0 if kind in _WITHOUT_CONTENT else size)
            yield _member(block, kind, size, said, body)
            body.leave()
            said = {}
    while stream.some(STEP):
        pass  # what follows the end is padding; a packed file's checksum stands behind it


def _member(block: bytes, kind: bytes, size: int, said: dict[bytes, bytes], body: _Body) -> Member:
    name, problem = text_of(said.get(b"path") or _name(block))
    if kind == b"S" or any(key.startswith(b"GNU.sparse.") for key in said):
        raise ArchiveError("it holds a file with holes, which is not read")
    if kind in _LINKS:
        return Member(name, "link", size, body.pieces, problem)
    is_file = kind in _FILES and not name.endswith("/")
    return Member(name, "file" if is_file else "other", size, body.pieces, problem)


def _checked(block: bytes) -> tuple[bytes, int]:
    """The type and the size that a header says."""
    total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if total != _number(block[148:156]):
        raise ArchiveError("it is no tar, or a broken one")
    return block[156:157], _number(block[124:136])


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _number(field: bytes, *, base: int = 8) -> int:
    if field[:1] == b"\x80":  # too large for its digits (GNU)
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if not digits.isdigit() or len(digits) > 20:
        raise ArchiveError("it has a number that is none")
    try:
        return int(digits, base)
    except ValueError:
        raise ArchiveError("it has a number that is none") from None


def _extended(stream: _Stream, size: int) -> bytes:
    if size > MAX_EXTENDED_BYTES:
        raise ArchiveError(f"it has a header of {size} bytes")
    content = stream.read(size)
    stream.read(-size % BLOCK)
    return content


def _records(content: bytes) -> dict[bytes, bytes]:
    """The records of a pax header: their length, a space, key=value, a line's end."""
    said: dict[bytes, bytes] = {}
    begin = 0
    while begin < len(content):
        space = content.find(b" ", begin, begin + 8)
        length = content[begin:space]
        end = begin + int(length) if space > begin and length.isdigit() else 0
        if end <= space or end > len(content) or content[end - 1 : end] != b"\n":
            raise ArchiveError("it has a header that cannot be read")
        key, _, value = content[space + 1 : end - 1].partition(b"=")
        said[key] = value
        begin = end
    return said
