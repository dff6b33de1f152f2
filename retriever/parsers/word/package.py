"""An Office package: parts of XML in a ZIP file, read as they unpack and never larger than they may be.

Owns what is refused as a bomb: only the parts that are asked for are unpacked, a part has a largest size, a
document type declaration (entities, external ones too) ends the reading. Nothing inside is opened in turn.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Protocol
from xml.parsers import expat

from shared.errors import InvalidRequestError, TooLargeError

MAX_ENTRIES = 10_000
MAX_PART_BYTES = 64 * 1024 * 1024
_STEP = 64 * 1024
_OLD = b"\xd0\xcf\x11\xe0"
"""A compound file: Word's format before 2007, or an encrypted package."""
_BROKEN = "The document is no Office package, or broken beyond reading"
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)
"""What Python's reader raises of a file that is broken, and of what it does not read."""
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Reader(Protocol):
    """Takes the elements of a part in order; names are local, without their namespace."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...


class Package:
    """The parts of one file."""

    def __init__(self, content: bytes) -> None:
        if content.startswith(_OLD):
            raise InvalidRequestError(
                "The document is encrypted or of Word's old format: save it as .docx without a password"
            )
        try:
            self._archive = zipfile.ZipFile(BytesIO(content))
        except _UNREADABLE:
            raise InvalidRequestError(_BROKEN) from None
        entries = self._archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise TooLargeError(f"The document holds {len(entries)} files; at most {MAX_ENTRIES} are read")
        self._entries = {entry.filename: entry for entry in entries}

    def read(self, part: str, reader: Reader) -> bool:
        """Tell ``reader`` what ``part`` holds; return whether there is such a part.

        Raises
        ------
        InvalidRequestError
            If it is not well-formed, declares entities, or is too large.
        """
        entry = self._entries.get(part)
        if entry is None:
            return False
        parser = _parser(reader)
        try:
            for piece in self._unpacked(entry):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise InvalidRequestError(f"The document is broken: its part {part[:80]} is no XML") from None
        return True

    def _unpacked(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        if entry.flag_bits & 1 or entry.compress_type not in _READABLE:
            raise InvalidRequestError("The document is packed in a way that cannot be read: save it anew")
        size = 0
        try:
            with self._archive.open(entry) as file:
                while piece := file.read(_STEP):
                    size += len(piece)
                    if size > MAX_PART_BYTES:
                        raise TooLargeError(f"The document unpacks to more than {MAX_PART_BYTES} bytes")
                    yield piece
        except _UNREADABLE:
            raise InvalidRequestError(_BROKEN) from None


def _parser(reader: Reader) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: reader.start(
        _local(name), {_local(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: reader.end(_local(name))
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse(*_: object) -> None:
    raise InvalidRequestError("The document declares entities, which no word processor does")
