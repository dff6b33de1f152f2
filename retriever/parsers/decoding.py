"""Bytes to text: the byte order mark first, then the declared charset, then UTF-8.

Refuses what it cannot read, naming the byte; it never guesses and never replaces.
"""

import codecs
import re

from shared.errors import InvalidRequestError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
# Codecs of Python that are no charset of a document; one of them takes time quadratic in the length.
_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"))
# The WHATWG Encoding standard, section 4.2: on the web these labels all mean windows-1252.
_WEB_LABELS = {"ascii": "cp1252", "iso8859-1": "cp1252"}


def decode(content: bytes, *, charset: str = "", html: bool = False) -> str:
    """Return ``content`` as text; ``charset`` is the Content-Type's, ``html`` reads a meta tag without one.

    Raises
    ------
    InvalidRequestError
        If the charset is unknown or a byte does not fit it.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decode(content[len(mark) :], name, skipped=len(mark))
    if not charset and html and (found := _META_CHARSET.search(content[:1024])):
        charset = found.group(1).decode()
    return _decode(content, _codec(charset or "utf-8"), skipped=0)


def _codec(charset: str) -> str:
    try:
        info = codecs.lookup(charset)
        "".encode(charset)  # refuses codecs that are not text, such as zlib
        if info.name.replace("_", "-") in _NO_CHARSETS:
            raise LookupError(charset)
    except (LookupError, ValueError):
        raise InvalidRequestError(
            f"The charset {charset[:40]!r} is not known; use utf-8", param="content-type"
        ) from None
    return _WEB_LABELS.get(info.name, info.name)


def _decode(content: bytes, codec: str, *, skipped: int) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"The document is not valid {codec}: byte {error.start + skipped} ({error.reason}); "
            "name its charset in the Content-Type"
        ) from None
