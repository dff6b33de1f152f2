"""What every parser makes of a document: readable text, its sections and its blocks.

Owns the structure and how blocks become one text. Offsets are Unicode code points into that text.
Must not know a media type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from retriever.parsers.visible import visible

MetadataValue = str | bool | int | float | list[str | bool | int | float]
BlockKind = Literal["prose", "item", "row", "code"]

MAX_HEADING_CHARS = 300


@dataclass(frozen=True)
class Block:
    """A paragraph, list item, table row or piece of code: ``text[start:end]``."""

    start: int
    end: int
    kind: BlockKind


@dataclass(frozen=True)
class Section:
    """What stands under one heading, the heading line itself left out."""

    heading_path: tuple[str, ...]
    """The headings above, the outermost first, this section's own last."""
    anchor: str
    """The fragment that opens it, empty where the page has none."""
    start: int
    end: int


@dataclass(frozen=True)
class ParsedDocument:
    """A document as readable text with its structure."""

    title: str
    text: str
    sections: tuple[Section, ...]
    """In order of ``text``, not overlapping; every block lies in exactly one."""
    blocks: tuple[Block, ...]
    """In order of ``text``; what lies between two of them is headings and line ends."""
    url: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


class Builder:
    """Collects headings and blocks in reading order and gives the document at the end.

    Blocks are parted by an empty line, list items and table rows by a line end.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._sections: list[Section] = []
        self._path: list[tuple[int, str]] = []
        self._anchor = ""
        self._fresh = True
        self._outer: list[tuple[list[tuple[int, str]], str]] = []
        self.first_heading = ""
        self.first_h1 = ""

    def heading(self, text: str, *, level: int, anchor: str) -> None:
        """Begin a section of ``level`` (1 to 6); a heading without text is no heading."""
        text = " ".join(visible(text).split())[:MAX_HEADING_CHARS]
        if not text:
            return
        self._append(text, separator="\n\n")
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        self._path.append((level, text))
        self._anchor, self._fresh = anchor, True
        self.first_heading = self.first_heading or text
        if level == 1:
            self.first_h1 = self.first_h1 or text

    def place(self, anchor: str) -> None:
        """Say that what follows, under the same headings, is opened by ``anchor``: a page begins."""
        self._anchor, self._fresh = anchor, True

    def block(self, text: str, kind: BlockKind = "prose") -> None:
        """Add one block; one without visible text is left out."""
        text = visible(text).rstrip()
        text = text.strip("\n") if kind in ("code", "item") else text.strip()
        if not text.strip():
            return
        tight = kind in ("item", "row") and not self._fresh and self._blocks[-1].kind == kind
        start = self._append(text, separator="\n" if tight else "\n\n")
        self._blocks.append(Block(start, self._length, kind))
        if self._fresh:
            path = tuple(heading for _, heading in self._path)
            self._sections.append(Section(path, self._anchor, start, self._length))
            self._fresh = False
        else:
            last = self._sections[-1]
            self._sections[-1] = Section(last.heading_path, last.anchor, last.start, self._length)

    def enter(self) -> None:
        """Begin a container, such as a quotation, whose headings end with it."""
        self._outer.append((list(self._path), self._anchor))

    def leave(self) -> None:
        """End the container: what follows belongs to the heading before it."""
        path, anchor = self._outer.pop()
        if path != self._path:
            self._path, self._anchor, self._fresh = path, anchor, True

    def build(
        self, *, title: str, url: str = "", metadata: Mapping[str, MetadataValue] | None = None
    ) -> ParsedDocument:
        """Return the document; one of nothing but headings is one section of them."""
        text = "".join(self._parts)
        if text and not self._blocks:
            self._blocks = [Block(0, len(text), "prose")]
            self._sections = [Section((), "", 0, len(text))]
        return ParsedDocument(
            title=title,
            text=text,
            sections=tuple(self._sections),
            blocks=tuple(self._blocks),
            url=url,
            metadata=metadata or {},
        )

    def _append(self, text: str, *, separator: str) -> int:
        if self._parts:
            self._parts.append(separator)
            self._length += len(separator)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return start
