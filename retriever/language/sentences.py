"""Finds the sentences of a text, as offsets into it.

Owns where a sentence ends: not after an abbreviation, not inside `code`, and never across a line end.
Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, int]

_END = re.compile(r"[.!?…؟۔։።]+[\"'”’»)\]]*(?=\s|\Z)|[。！？｡।॥]+[」』”’）)]*")
_CODE = re.compile(r"`[^`\n]+`")
_NEVER_LAST = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|viz|approx|ca|al|Mr|Mrs|Ms|Mme|Mlle|Dr|Dra|Prof|Sr|Sra|Srta|Jr|St|Ste|Mt|Ft|Gen|Col|Lt|Sgt|"
    r"Capt|Cmdr|Adm|Maj|Gov|Sen|Rep|Rev|Hon|Pres|Fig|Figs|Eq|Abb|Nr|No|Nos|Núm|Vol|Ch|Cap|Sec|Art|Bd|pp|pág|págs|S|ed|eds|rev|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|bzw|z\.\s?B|d\.\s?h|u\.\s?a|p\.\s?ej|p\.\s?ex|т\.\s?е|т\.\s?д|г|гг|им)|"
    r"(?:\A|\b[A-ZÀ-ÞА-Я]\w*|[A-ZÀ-ÞА-Я]\.)\s*\b[A-ZÀ-ÞА-Я])\.\Z"
)
_LOWER_NEXT = re.compile(r"\s+[\"'“‘(\[]*[a-zà-öø-ÿа-яα-ω]")
_MARKER = re.compile(r"\s*(?:[-*•‣◦]|\d{1,3}[.)])\s+")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Sentence:
    """One sentence, list item or table row: ``text`` is the very slice ``start:end``."""

    start: int
    end: int
    text: str
    paragraph: int
    """Sentences that stand in one paragraph, or in one list, share it."""
    item: bool
    """Whether it stands in a list."""


def sentence_spans(text: str) -> list[Span]:
    """Return where the sentences of ``text`` are, without the space around them."""
    spans: list[Span] = []
    offset = 0
    for line in text.split("\n"):
        spans.extend((offset + start, offset + end) for start, end in _line_spans(line))
        offset += len(line) + 1
    return spans


@lru_cache(maxsize=1024)
def sentences(text: str, *, code: tuple[Span, ...] = ()) -> tuple[Sentence, ...]:
    """Return the sentences of a chunk in reading order; ``code`` are the parts that are none.

    Kept for the chunks that many questions meet.
    """
    found: list[Sentence] = []
    for number, (start, end) in enumerate(_prose(text, code)):
        found.extend(_paragraph(text, start, end, number))
    return tuple(found)


def _prose(text: str, code: Sequence[Span]) -> Iterator[Span]:
    position = 0
    for start, end in [*sorted(code), (len(text), len(text))]:
        yield from _paragraphs(text, position, start)
        position = max(position, end)


def _paragraphs(text: str, start: int, end: int) -> Iterator[Span]:
    for gap in _PARAGRAPH.finditer(text, start, max(start, end)):
        yield start, gap.start()
        start = gap.end()
    if text[start:end].strip():
        yield start, end


def _paragraph(text: str, start: int, end: int, number: int) -> Iterator[Sentence]:
    offset = start
    for line in text[start:end].split("\n"):
        marker = _MARKER.match(line)
        skipped = marker.end() if marker else 0
        for left, right in _line_spans(line[skipped:]):
            left, right = offset + skipped + left, offset + skipped + right
            yield Sentence(left, right, text[left:right], number, marker is not None)
        offset += len(line) + 1


def _line_spans(line: str) -> Iterator[Span]:
    start = 0
    code = [match.span() for match in _CODE.finditer(line)]
    for match in _END.finditer(line):
        if _ends(line, match, code):
            yield from _trimmed(line, start, match.end())
            start = match.end()
    yield from _trimmed(line, start, len(line))


def _ends(line: str, match: re.Match[str], code: Sequence[Span]) -> bool:
    if any(start < match.start() < end for start, end in code):
        return False
    if _LOWER_NEXT.match(line, match.end()):
        return False
    return not (match.group() == "." and _NEVER_LAST.search(line, max(0, match.end() - 30), match.end()))


def _trimmed(line: str, start: int, end: int) -> Iterator[Span]:
    text = line[start:end]
    left = start + len(text) - len(text.lstrip())
    right = left + len(text.strip())
    if right > left:
        yield left, right
