"""A zip file: its directory, and what of its content is asked for.

Pure. The directory is weighed before Python's reader takes it into memory.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from retriever.sources.archive.members import MAX_MEMBERS, STEP, ArchiveError, Member, Meter

MAX_DIRECTORY_BYTES = 8 * 1024 * 1024
_END, _END64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _MAX_COMMENT = 22, 20, 65_535
_UNIX = 3
_ENCRYPTED, _UTF8 = 0x1, 0x800
_BROKEN = (BadZipFile, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError, zlib.error)
"""What Python's reader raises of a file that is broken, and of what it does not read."""


def members(file: IO[bytes], meter: Meter) -> Iterator[Member]:
    """Yield the members of the zip ``file`` in the order of its directory.

    Raises
    ------
    ArchiveError
        If it is none, is broken or cut, or holds more than the meter lets through.
    """
    _weigh(file)
    try:
        archive = ZipFile(file)
    except _BROKEN:
        raise ArchiveError("it is no zip, or a broken one") from None
    for info in archive.infolist():
        meter.member()
        yield _member(archive, info, meter)


def _member(archive: ZipFile, info: ZipInfo, meter: Meter) -> Member:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    kind = stat.S_IFMT(mode)
    name = _name(info)

    def pieces() -> Iterator[bytes]:
        try:
            with archive.open(info) as content:
                while piece := content.read(STEP):
                    meter.add(len(piece))
                    yield piece
        except _BROKEN:
            raise ArchiveError(f"it is broken at {name[:200]}") from None

    if kind == stat.S_IFLNK:
        return Member(name, "link", info.file_size, pieces)
    is_file = kind in (0, stat.S_IFREG) and not name.endswith("/")
    return Member(name, "file" if is_file else "other", info.file_size, pieces, _problem(info))


def _problem(info: ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "it is packed in a way that is not read"
    return ""


def _name(info: ZipInfo) -> str:
    """Many write UTF-8 without saying so."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8:
        try:
            return name.encode("cp437").decode()
        except UnicodeError:
            return name
    return name


def _weigh(file: IO[bytes]) -> None:
    """Refuse a directory that would not fit, before it is read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _MAX_COMMENT - _LOCATOR_BYTES))
    tail = file.read()
    end = len(tail) - _END_BYTES
    if not (tail[end : end + 4] == _END and tail[-2:] == b"\0\0"):
        end = tail.rfind(_END)
    if end < 0 or end + _END_BYTES > len(tail):
        raise ArchiveError("it has no end: it is cut, or no zip")
    entries, directory_bytes = struct.unpack("<HI", tail[end + 10 : end + 16])
    locator = max(0, end - _LOCATOR_BYTES)
    if tail[locator : locator + 4] == _END64_LOCATOR or entries > MAX_MEMBERS:
        raise ArchiveError(f"it holds more than {MAX_MEMBERS} files and folders")
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise ArchiveError(f"its directory has {directory_bytes} bytes")
    file.seek(0)
