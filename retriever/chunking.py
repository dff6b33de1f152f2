"""Cuts a document into the chunks that are stored and found.

Owns their size, overlap and bounds: a chunk lies within one section and is an exact slice of the
document's text. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from semantic_text_splitter import TextSplitter

from retriever.language.sentences import sentence_spans
from retriever.parsers.structure import Block, ParsedDocument, Section

CHUNKING_VERSION = "3"
"""Changes when the same document would be cut differently."""

TARGET_CHARS = 1000
MAX_CHARS = 1200
OVERLAP_CHARS = 160
PIECE_CHARS = 500

Span = tuple[int, int]


@dataclass(frozen=True)
class ChunkSpan:
    """One chunk; offsets are code points into the document's text."""

    ordinal: int
    section: int
    """Which section of the document it lies in; neighbours of one section may be joined."""
    heading_path: tuple[str, ...]
    anchor: str
    start: int
    end: int
    text: str
    code: tuple[Span, ...]
    """The parts of ``text`` that are code, as offsets into it."""


@dataclass(frozen=True)
class _Unit:
    start: int
    end: int
    code: bool
    whole: bool = False
    """Whether it is a table: a part of it is of no use without the rest."""


def chunk(document: ParsedDocument) -> list[ChunkSpan]:
    """Return the chunks of ``document`` in reading order.

    Two neighbours of a section overlap or are parted by line ends only, so that they can be joined again.
    """
    spans = [
        (index, section, units)
        for index, section in enumerate(document.sections)
        for units in _pack(list(_units(document, section)), document.text)
    ]
    return [
        _span(document.text, ordinal, index, section, units)
        for ordinal, (index, section, units) in enumerate(spans)
    ]


def _span(text: str, ordinal: int, index: int, section: Section, units: Sequence[_Unit]) -> ChunkSpan:
    start, end = units[0].start, units[-1].end
    return ChunkSpan(
        ordinal=ordinal,
        section=index,
        heading_path=section.heading_path,
        anchor=section.anchor,
        start=start,
        end=end,
        text=text[start:end],
        code=tuple((unit.start - start, unit.end - start) for unit in units if unit.code),
    )


def _units(document: ParsedDocument, section: Section) -> Iterator[_Unit]:
    """The section's tables and blocks, those larger than a chunk cut into rows, or pieces without a gap."""
    first = bisect_left(document.blocks, section.start, key=lambda block: block.start)
    last = bisect_left(document.blocks, section.end, key=lambda block: block.start)
    for is_table, run in groupby(document.blocks[first:last], key=lambda block: block.kind == "row"):
        blocks = list(run)
        if is_table and blocks[-1].end - blocks[0].start <= MAX_CHARS:
            yield _Unit(blocks[0].start, blocks[-1].end, code=False, whole=True)
            continue
        for block in blocks:
            if block.end - block.start <= MAX_CHARS:
                yield _Unit(block.start, block.end, block.kind == "code")
            else:
                yield from _pieces(document.text, block)


def _pieces(text: str, block: Block) -> Iterator[_Unit]:
    size = TARGET_CHARS if block.kind == "code" else PIECE_CHARS
    splitter = TextSplitter(size, trim=False)
    for offset, piece in splitter.chunk_indices(text[block.start : block.end]):
        start = block.start + offset
        yield _Unit(start, start + len(piece), block.kind == "code")


def _pack(units: list[_Unit], text: str) -> Iterator[list[_Unit]]:
    """Fill chunks up to the target; what is left of the section joins the last one where it fits."""
    current: list[_Unit] = []
    for unit in units:
        if current and not _fits(current, unit, rest_end=units[-1].end):
            yield current
            current = _overlap(current, text)
            if current and unit.end - current[0].start > MAX_CHARS:
                current = []
        current.append(unit)
    yield current


def _fits(current: list[_Unit], unit: _Unit, *, rest_end: int) -> bool:
    start = current[0].start
    return unit.end - start <= TARGET_CHARS or rest_end - start <= MAX_CHARS


def _overlap(previous: list[_Unit], text: str) -> list[_Unit]:
    """The last units, or sentences of the last unit, that fit into the overlap."""
    end = previous[-1].end
    kept = [unit for unit in previous[1:] if end - unit.start <= OVERLAP_CHARS]
    if kept or previous[-1].code or previous[-1].whole:
        return kept
    last = previous[-1]
    starts = [
        s for s, _ in sentence_spans(text[last.start : last.end]) if end - last.start - s <= OVERLAP_CHARS
    ]
    return [_Unit(last.start + starts[0], end, False)] if starts and starts[0] else []
