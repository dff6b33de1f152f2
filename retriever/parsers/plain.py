"""Plain text: paragraphs parted by empty lines, the first line as the title."""

import re

from retriever.parsers.structure import Builder, ParsedDocument
from retriever.parsers.visible import visible

MAX_TITLE_CHARS = 120
_GAP = re.compile(r"\n[ \t]*\n\s*")


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that ``text`` is; a first line too long for a title is none."""
    builder = Builder()
    for paragraph in _GAP.split(visible(text)):
        builder.block(paragraph)
    document = builder.build(title=title)
    first = document.text.partition("\n")[0].strip()
    return document if title or len(first) > MAX_TITLE_CHARS else builder.build(title=first)
