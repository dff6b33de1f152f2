"""Which parser reads which media type.

A parser's library is imported when its first document comes, not before the service listens.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Protocol

from retriever.parsers.decoding import decode
from retriever.parsers.structure import ParsedDocument
from shared.errors import InvalidRequestError, UnsupportedMediaTypeError

MAX_TITLE_CHARS = 500


class Parse(Protocol):
    """Text to structure; ``title`` is the one given from outside, or empty."""

    def __call__(self, text: str, *, title: str = "") -> ParsedDocument: ...


def _markdown() -> Parse:
    from retriever.parsers import markdown

    return markdown.parse


def _html() -> Parse:
    from retriever.parsers import html

    return html.parse


def _plain() -> Parse:
    from retriever.parsers import plain

    return plain.parse


PARSERS: dict[str, Callable[[], Parse]] = {
    "text/markdown": _markdown,
    "text/html": _html,
    "text/plain": _plain,
}
_SAME = {"text/x-markdown": "text/markdown", "application/xhtml+xml": "text/html"}


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


def parse(source: str, *, media_type: str, document_id: str, title: str = "") -> ParsedDocument:
    """Return the document that ``source`` is; without any title it bears its id's last name.

    Raises
    ------
    InvalidRequestError
        If there is nothing in it that a reader could see.
    """
    document = PARSERS[media_type]()(source, title=title)
    if not document.text:
        raise InvalidRequestError("The document has no readable text")
    stem = PurePosixPath(document_id).stem or document_id
    return replace(document, title=(document.title or stem)[:MAX_TITLE_CHARS])


def read(content: bytes, *, media_type: str, charset: str) -> str:
    """Return the bytes of a document as text; see :func:`retriever.parsers.decoding.decode`."""
    return decode(content, charset=charset, html=media_type == "text/html")
