"""A parsed document as one JSON text and back.

It comes like this from the process that parsed it, which is not trusted, and is kept like this where the
document itself is no text. Owns that form; must not be changed without reading the old one.
"""

import json
from typing import Any, get_args

from retriever.parsers.structure import Block, BlockKind, ParsedDocument, Section

_KINDS: tuple[BlockKind, ...] = get_args(BlockKind)


def pack(document: ParsedDocument) -> str:
    """Return ``document`` as JSON text."""
    return json.dumps(
        {
            "title": document.title,
            "text": document.text,
            "sections": [[s.heading_path, s.anchor, s.start, s.end] for s in document.sections],
            "blocks": [[b.start, b.end, _KINDS.index(b.kind)] for b in document.blocks],
            "url": document.url,
            "metadata": document.metadata,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def unpack(text: str | bytes) -> ParsedDocument:
    """Return the document that :func:`pack` packed.

    Raises
    ------
    ValueError
        If ``text`` is not one.
    """
    try:
        return _checked(_document(json.loads(text)))
    except (KeyError, TypeError, IndexError, RecursionError) as error:
        raise ValueError(f"not a packed document: {type(error).__name__}") from None


def _document(found: Any) -> ParsedDocument:
    if not isinstance(found["metadata"], dict):
        raise TypeError
    return ParsedDocument(
        title=_text(found["title"]),
        text=_text(found["text"]),
        sections=tuple(
            Section(tuple(map(_text, path)), _text(anchor), _offset(start), _offset(end))
            for path, anchor, start, end in found["sections"]
        ),
        blocks=tuple(
            Block(_offset(start), _offset(end), _KINDS[_offset(kind)]) for start, end, kind in found["blocks"]
        ),
        url=_text(found["url"]),
        metadata=found["metadata"],
    )


def _checked(document: ParsedDocument) -> ParsedDocument:
    """The document, when its parts lie in it as the structure says: whoever cuts it relies on that."""
    size, sections, blocks = len(document.text), iter(document.sections), document.blocks
    for spans in (document.sections, blocks):
        starts = [span.start for span in spans]
        ends = [span.end for span in spans]
        if any(not end <= start for start, end in zip(starts, [0, *ends], strict=False)):
            raise ValueError("its parts overlap or are out of order")
        if any(not start < end <= size for start, end in zip(starts, ends, strict=True)):
            raise ValueError("its parts are empty or outside of its text")
    section = next(sections, None)
    for block in blocks:
        while section is not None and section.end <= block.start:
            section = next(sections, None)
        if section is None or block.start < section.start or block.end > section.end:
            raise ValueError("a block lies in no section")
    held = {section.start for section in document.sections}
    if not held <= {block.start for block in blocks}:
        raise ValueError("a section does not begin with a block")
    return document


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _offset(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError
    return value
