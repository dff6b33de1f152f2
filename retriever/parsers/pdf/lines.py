"""The lines of text on a page, as PDFium finds them.

Owns what is no text of the page: what stands outside of it, and hyphens at the end of a line. Draws nothing.
"""

import ctypes
import re
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

_HYPHEN = re.compile("[\ufffe\x02]")
"""What PDFium puts where a word is broken at the end of a line; it has joined the halves."""
_KEPT_HYPHEN = re.compile("(?<=[A-Z0-9])[\ufffe\x02]|[\ufffe\x02](?=[A-Z0-9])")
_FIXED_NAME = re.compile(rb"Mono|Courier|Consol|Menlo|Typewriter|CMTT")
_FIXED_PITCH = 1
"""Of a font's flags (PDF 1.7, table 123)."""


@dataclass(frozen=True)
class Line:
    """A line of a page as it is set; lengths in points, from the page's lower left corner."""

    text: str
    x: float
    y: float
    end_y: float
    """Where its last character stands: a word broken at the line's end goes on in the next."""
    size: float
    code: bool
    """Whether its type has a fixed width."""


def lines_of(document: pypdfium2.PdfDocument, number: int) -> list[Line]:
    """Return the lines of page ``number``, from 0, in the order of the file; a broken page has none."""
    try:
        page = document[number]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        return []
    left, bottom, right, top = page.get_bbox()
    found = []
    position = 0
    for raw in textpage.get_text_range().split("\r\n"):
        text = " ".join(_HYPHEN.sub("", _KEPT_HYPHEN.sub("-", raw)).split())
        if text:
            line = _placed(textpage, position, position + len(raw) - 1, text)
            if left <= line.x <= right and bottom <= line.y <= top:
                found.append(line)
        position += len(raw) + 2
    textpage.close()
    page.close()
    return found


def _placed(textpage: pypdfium2.PdfTextPage, first: int, last: int, text: str) -> Line:
    x, y = _origin(textpage, first)
    middle = (first + last) // 2  # a bullet or an initial is of another size
    size = float(pdfium.FPDFText_GetFontSize(textpage, middle))
    return Line(text, x, y, _origin(textpage, last)[1], size, _is_fixed(textpage, middle))


def _is_fixed(textpage: pypdfium2.PdfTextPage, index: int) -> bool:
    flags, name = ctypes.c_int(), ctypes.create_string_buffer(64)
    pdfium.FPDFText_GetFontInfo(textpage, index, name, len(name) - 1, flags)
    return bool(flags.value & _FIXED_PITCH) or _FIXED_NAME.search(name.value) is not None


def _origin(textpage: pypdfium2.PdfTextPage, index: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(textpage, index, x, y)
    return x.value, y.value
