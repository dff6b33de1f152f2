"""XML of strangers, read as it comes: no entities, nothing external, bounded depth and number of elements.

Pure: bytes in, elements out. The parser is expat, told to end at the first declaration.
"""

from collections.abc import Mapping
from typing import Protocol
from xml.parsers import expat

MAX_DEPTH = 64
MAX_ELEMENTS = 2_000_000
MAX_TEXT_CHARS = 4000
"""Of one element; what is longer is no address, date or title."""


class MarkupError(ValueError):
    """It is no XML that is read; ``str()`` says why."""


class Takes(Protocol):
    """Takes elements when they end; names are local and in lower case."""

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None: ...

    def end(self, path: tuple[str, ...], text: str) -> None: ...


class _Walk:
    """Where the parser is."""

    def __init__(self, takes: Takes) -> None:
        self._takes = takes
        self._path: list[str] = []
        self._texts: list[str] = []
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(self._path) >= MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise MarkupError("its XML is too deep or has too many elements")
        self._path.append(_local(name))
        self._texts.append("")
        self._takes.start(tuple(self._path), {_local(key): value for key, value in attributes.items()})

    def end(self, _: str) -> None:
        text = self._texts.pop().strip()
        self._takes.end(tuple(self._path), text)
        self._path.pop()

    def text(self, text: str) -> None:
        # Expat gives text in pieces; the first characters are enough, and bound what is held.
        if len(self._texts[-1]) < MAX_TEXT_CHARS:
            self._texts[-1] += text[:MAX_TEXT_CHARS]


def read(content: bytes, takes: Takes) -> None:
    """Tell ``takes`` what elements there are.

    Raises
    ------
    MarkupError
        If it is not well-formed, declares a document type, or is out of bounds.
    """
    walk = _Walk(takes)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise MarkupError(f"it is no well-formed XML: line {error.lineno}, {reason}") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, MarkupError):
            raise
        raise MarkupError("it is in an encoding that cannot be read") from None


def _refuse(*_: object) -> None:
    raise MarkupError("its XML declares a document type, which is not read")


def _local(name: str) -> str:
    return name.rpartition(" ")[2].lower()
