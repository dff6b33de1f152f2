"""How lines become paragraphs, lists and code, and where the outline's titles stand among them.

Knows distances, sizes and indents, not PDFium. Headings are not guessed from sizes of type: only the outline
says what is one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from retriever.parsers.pdf.lines import Line
from retriever.parsers.structure import BlockKind, Builder

MAX_NUMBER_CHARS = 12
"""Of a title's number, such as 2.10 or Chapter 3, which the outline may leave out."""
_DIGITS = re.compile(r"\d+")
_CONTENTS = re.compile(r"(?:\s?[.·…]){5,}\s*(?:\d+|[ivxlc]+)?")
"""What ends a line of a table of contents, which only says what stands elsewhere."""
_BULLET = re.compile(r"[•‣▪●○◦–*-]\s+|\(?\d{1,3}[.)]\s+|\(?[a-z][.)]\s+")
_ENDS = (".", "!", "?", ":", "。", "！", "？", "؟", "।")


@dataclass(frozen=True)
class Entry:
    """A title of the outline, and the page it stands on."""

    title: str
    level: int
    page: int


def build(pages: Sequence[Sequence[Line]], outline: Sequence[Entry]) -> Builder:
    """Return the document's parts: each page a section of its own, opened by ``page=N``."""
    builder = Builder()
    frame = _frame(pages)
    on_page: dict[int, list[Entry]] = {}
    for entry in outline:
        on_page.setdefault(entry.page, []).append(entry)
    for number, lines in enumerate(pages):
        anchor = f"page={number + 1}"
        builder.place(anchor)
        kept = [
            line
            for place, line in enumerate(lines)
            if not (_is_at_edge(lines, place) and _edge(line) in frame) and not _is_contents(line)
        ]
        _add_page(builder, kept, on_page.get(number, []), anchor)
    return builder


def _frame(pages: Sequence[Sequence[Line]]) -> set[str]:
    """The first and last lines that most pages share but for their numbers."""
    edges = Counter(
        edge
        for lines in pages
        for edge in {_edge(line) for place, line in enumerate(lines) if _is_at_edge(lines, place)}
    )
    return {edge for edge, count in edges.items() if count > 3 and count > len(pages) / 3}


def _is_at_edge(lines: Sequence[Line], place: int) -> bool:
    reach = 2 if len(lines) > 6 else 1
    return place < reach or place >= len(lines) - reach


def _is_contents(line: Line) -> bool:
    # From the right, so that a line of nothing but dots takes no longer than another.
    found = _CONTENTS.search(line.text, max(0, len(line.text) - 60))
    return found is not None and found.end() == len(line.text)


def _edge(line: Line) -> str:
    return _DIGITS.sub("#", line.text)


def _add_page(builder: Builder, lines: Sequence[Line], entries: Sequence[Entry], anchor: str) -> None:
    """Titles of the outline begin where their line stands; those without one, before the first line."""
    places: dict[int, list[tuple[Entry, int]]] = {}
    after = 0
    for entry in entries:
        place, count = _find(lines, entry.title, after)
        places.setdefault(place, []).append((entry, count))
        after = place + count
    paragraph: list[Line] = []
    pitch = _pitch(lines)
    skip = 0
    for place, line in enumerate(lines):
        for entry, count in places.get(place, ()):
            _close(builder, paragraph)
            builder.heading(entry.title, level=min(entry.level, 6), anchor=anchor)
            skip = max(skip, place + count)
        if place < skip:
            continue
        if paragraph and _begins(paragraph[-1], line, pitch):
            _close(builder, paragraph)
        paragraph.append(line)
    _close(builder, paragraph)
    for entry, _ in places.get(len(lines), ()):
        builder.heading(entry.title, level=min(entry.level, 6), anchor=anchor)


def _find(lines: Sequence[Line], title: str, after: int) -> tuple[int, int]:
    """Where ``title`` stands, whole, over one to three lines, and over how many; else ``after`` and 0."""
    wanted = _letters(title)
    for place in range(after, len(lines)):
        joined = first = _letters(lines[place].text)
        for count in range(1, 4):
            number = len(joined) - len(wanted)  # what stands before it in its first line
            if wanted and joined.endswith(wanted) and number < min(len(first), MAX_NUMBER_CHARS):
                return place, count
            joined += "".join(_letters(line.text) for line in lines[place + count : place + count + 1])
    return after, 0


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _pitch(lines: Sequence[Line]) -> float:
    """The usual distance from line to line, in points."""
    steps = [one.end_y - other.y for one, other in pairwise(lines) if one.end_y > other.y]
    return min(median(steps), 1.6 * median(line.size for line in lines)) if steps else 0.0


def _begins(before: Line, line: Line, pitch: float) -> bool:
    """Whether ``line`` begins a paragraph."""
    step = before.end_y - line.y
    if line.code or before.code:
        return not (line.code and before.code)
    if _BULLET.match(line.text) or abs(before.size - line.size) > 0.15 * max(before.size, line.size):
        return True
    if step < 0:  # the next column, or a page's margin: a sentence may go on there
        return before.text.endswith(_ENDS)
    if step > 1.35 * pitch:
        return True
    return before.text.endswith(_ENDS) and line.x - before.x > 0.8 * line.size


def _close(builder: Builder, paragraph: list[Line]) -> None:
    if paragraph and paragraph[0].code:
        builder.block("\n".join(_indented(paragraph)), "code")
    else:
        text = " ".join(line.text for line in paragraph)
        kind: BlockKind = "item" if _BULLET.match(text) else "prose"
        builder.block(text, kind)
    paragraph.clear()


def _indented(lines: Sequence[Line]) -> Iterator[str]:
    """The lines of code with spaces for their distance from the leftmost; a character is 0.6 of its size."""
    left = min(line.x for line in lines)
    before = lines[0]
    for line in lines:
        if before.end_y - line.y > 1.8 * line.size:
            yield ""
        before = line
        width = max(0.6 * line.size, 1.0)
        yield " " * min(int((line.x - left) / width + 0.5), 80) + line.text


def opening(pages: Sequence[Sequence[Line]]) -> str:
    """The first line where it is set larger than most."""
    lines = [line for page in pages for line in page]
    return lines[0].text if lines[0].size > 1.2 * median(line.size for line in lines) else ""
