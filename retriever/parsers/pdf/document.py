"""PDF to readable text: lines joined to paragraphs, pages as anchors, the outline's titles as headings.

Owns which files are refused and why. Draws, runs and loads nothing.
"""

import pypdfium2
import pypdfium2.raw as pdfium

from retriever.parsers.pdf.layout import Entry, build, opening
from retriever.parsers.pdf.lines import lines_of
from retriever.parsers.structure import ParsedDocument
from shared.errors import InvalidRequestError, TooLargeError

MAX_PAGES = 5000
MAX_OUTLINE = 10_000
MAX_OUTLINE_DEPTH = 6
_REASONS = {
    pdfium.FPDF_ERR_PASSWORD: "The PDF is encrypted with a password: save it without one",
    pdfium.FPDF_ERR_SECURITY: "The PDF is encrypted in a way that cannot be read: save it without",
}


def parse(content: bytes, *, title: str = "") -> ParsedDocument:
    """Return the document that the PDF ``content`` is; ``title`` wins over the file's own.

    Raises
    ------
    InvalidRequestError
        If it is encrypted, broken, without any text (a scan), or has too many pages.
    """
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        reason = _REASONS.get(error.err_code or 0, "The document is no PDF, or broken beyond reading")
        raise InvalidRequestError(reason) from None
    try:
        if len(document) > MAX_PAGES:
            raise TooLargeError(f"The PDF has {len(document)} pages; at most {MAX_PAGES} are read")
        own_title = document.get_metadata_value("Title").strip()
        pages = [lines_of(document, number) for number in range(len(document))]
        outline = _outline(document)
    finally:
        document.close()
    if not any(pages):
        raise InvalidRequestError("The PDF holds no text: it may be scanned, then it needs OCR first")
    builder = build(pages, outline)
    return builder.build(title=title or own_title or opening(pages) or builder.first_heading)


def _outline(document: pypdfium2.PdfDocument) -> list[Entry]:
    entries = []
    for mark in document.get_toc(max_depth=MAX_OUTLINE_DEPTH):
        target = mark.get_dest()
        page = target.get_index() if target is not None else None
        if page is not None:
            entries.append(Entry(" ".join(mark.get_title().split()), mark.level + 1, page))
        if len(entries) == MAX_OUTLINE:
            break
    return entries
