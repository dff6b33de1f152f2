"""Which parser reads which media type, and which files are of it.

A parser's library is imported when its first document comes, not before the service listens.
"""

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, Protocol

from retriever.parsers.decoding import decode
from retriever.parsers.structure import ParsedDocument
from retriever.parsers.visible import visible
from shared.errors import InvalidRequestError, UnsupportedMediaTypeError

MAX_TITLE_CHARS = 500
PLAIN = "text/plain"
JSON = "application/json"


class Parse(Protocol):
    """A document's text, or its bytes, to structure; ``title`` is the one given from outside, or empty."""

    def __call__(self, content: Any, /, *, title: str = "") -> ParsedDocument: ...


@dataclass(frozen=True)
class Kind:
    """A kind of document."""

    parser: str
    """The module of this package that reads it."""
    suffixes: tuple[str, ...]
    """What its files are called."""
    binary: bool = False
    """Whether the parser takes bytes."""


PARSERS: dict[str, Kind] = {
    "text/markdown": Kind("markdown", (".md", ".markdown")),
    "text/mdx": Kind("mdx", (".mdx",)),
    "text/html": Kind("html", (".html", ".htm", ".xhtml")),
    PLAIN: Kind("plain", (".txt",)),
    "text/x-rst": Kind("rst", (".rst",)),
    "application/pdf": Kind("pdf.document", (".pdf",), binary=True),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": Kind(
        "word.document", (".docx",), binary=True
    ),
    "application/x-ipynb+json": Kind("notebook", (".ipynb",)),
    JSON: Kind("json_document", (".json",)),
}
SUFFIXES: dict[str, str] = {suffix: name for name, kind in PARSERS.items() for suffix in kind.suffixes}
"""The media type of a file, by the end of its name in lower case."""
_SAME = {
    "text/x-markdown": "text/markdown",
    "application/xhtml+xml": "text/html",
    "text/prs.fallenstein.rst": "text/x-rst",
    "application/x-pdf": "application/pdf",
}


def known_media_type(value: str) -> tuple[str, str]:
    """Return the media type and the charset that the Content-Type ``value`` names.

    Raises
    ------
    UnsupportedMediaTypeError
        If no parser reads it; the error names those that can be read.
    """
    media_type, *parameters = (part.strip() for part in value.split(";"))
    media_type = _SAME.get(media_type.lower(), media_type.lower())
    if media_type not in PARSERS:
        raise UnsupportedMediaTypeError(
            f"Cannot read {media_type[:80] or 'a document without a Content-Type'}; "
            f"known are {', '.join(PARSERS)}",
            param="content-type",
        )
    charsets = [p.partition("=")[2].strip("\"' ") for p in parameters if p.lower().startswith("charset=")]
    return media_type, charsets[0] if charsets else ""


def parse(source: str | bytes, *, media_type: str, document_id: str, title: str = "") -> ParsedDocument:
    """Return the document that ``source`` is; without any title it bears its id's last name.

    Raises
    ------
    InvalidRequestError
        If it cannot be read, or there is nothing in it that a reader could see.
    """
    read_as: Parse = import_module(f"retriever.parsers.{PARSERS[media_type].parser}").parse
    try:
        document = read_as(source, title=title)
    except RecursionError:
        raise InvalidRequestError("The document is nested too deeply") from None
    if not document.text:
        raise InvalidRequestError("The document has no readable text")
    stem = PurePosixPath(document_id).stem or document_id
    own_title = " ".join(visible(document.title).split())
    return replace(document, title=(own_title or stem)[:MAX_TITLE_CHARS])


def read(content: bytes, *, media_type: str, charset: str) -> str | bytes:
    """Return what the parser of ``media_type`` takes: text by :func:`retriever.parsers.decoding.decode`."""
    if PARSERS[media_type].binary:
        return content
    return decode(content, charset=charset, html=media_type == "text/html")
