"""DOCX to readable text: headings, lists, tables and code by their styles.

What Word does not show is no text: hidden runs, deleted and moved text, field codes, comments. Headers,
footers and notes are left out. Loads nothing a document refers to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import dirname

from retriever.parsers.slugs import Slugs
from retriever.parsers.structure import Builder, ParsedDocument
from retriever.parsers.word.package import Package
from retriever.parsers.word.styles import Lists, Styles, is_on, number
from shared.errors import InvalidRequestError

_SKIPPED = frozenset(
    ("Fallback", "del", "moveFrom", "pPrChange", "rPrChange", "sectPr", "tblPrChange", "instrText", "delText")
)
_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_UNREADABLE_SIZES = (1, 2)
"""Half points."""
_MAIN = "word/document.xml"


def parse(content: bytes, *, title: str = "") -> ParsedDocument:
    """Return the document that the DOCX ``content`` is; ``title`` wins over the file's own.

    Raises
    ------
    InvalidRequestError
        If it is encrypted, broken or a bomb.
    """
    package = Package(content)
    main = _main(package)
    folder = dirname(main)
    styles, lists, properties = Styles(), Lists(), _Title()
    package.read(f"{folder}/styles.xml", styles)
    package.read(f"{folder}/numbering.xml", lists)
    package.read("docProps/core.xml", properties)
    body = _Body(styles, lists)
    if not package.read(main, body):
        raise InvalidRequestError("The document is no Word document: it holds no main part")
    builder = body.finish()
    own_title = properties.title.strip()
    return builder.build(title=title or own_title or builder.first_h1 or builder.first_heading)


def _main(package: Package) -> str:
    relations = _Relations()
    package.read("_rels/.rels", relations)
    return relations.main or _MAIN


class _Relations:
    """Finds the part that is the document."""

    def __init__(self) -> None:
        self.main = ""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/officeDocument"):
            self.main = attributes.get("Target", "").lstrip("/")

    def end(self, name: str) -> None:
        """Nothing hangs on the end of an element."""

    def text(self, text: str) -> None:
        """Relations hold no text."""


class _Title:
    """Finds the title among the properties."""

    def __init__(self) -> None:
        self.title = ""
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._inside = name == "title"

    def end(self, name: str) -> None:
        self._inside = False

    def text(self, text: str) -> None:
        if self._inside:
            self.title += text


@dataclass
class _Paragraph:
    style: str = ""
    outline: int | None = None
    list_id: str | None = None
    list_level: int = 0
    pieces: list[str] = field(default_factory=list)


@dataclass
class _Table:
    cells: list[str] = field(default_factory=list)
    cell: list[str] = field(default_factory=list)


class _Body:
    """Takes the elements of the body; keeps open paragraphs and tables, for either stands in the other."""

    def __init__(self, styles: Styles, lists: Lists) -> None:
        self._styles, self._lists = styles, lists
        self._builder = Builder()
        self._slugs = Slugs()
        self._skipping = 0
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[_Table] = []
        self._in_properties = 0
        self._in_text = self._hidden = False
        self._code: list[str] = []

    def finish(self) -> Builder:
        """Return the builder when all was told."""
        self._flush_code()
        return self._builder

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
            return
        match name:
            case "p":
                self._paragraphs.append(_Paragraph())
            case "pPr":
                self._in_properties += 1
            case "r":
                self._hidden = False
            case "t":
                self._in_text = True
            case "tbl":
                self._tables.append(_Table())
            case "tr" if self._tables:
                self._tables[-1].cells = []
            case "tc" if self._tables:
                self._tables[-1].cell = []
            case _:
                self._property(name, attributes)

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        match name:
            case "p" if self._paragraphs:
                self._end_paragraph(self._paragraphs.pop())
            case "pPr":
                self._in_properties -= 1
            case "t":
                self._in_text = False
            case "tc" if self._tables:
                table = self._tables[-1]
                table.cells.append(" ".join(" ".join(table.cell).split()))
            case "tr" if self._tables:
                self._end_row(self._tables[-1])
            case "tbl" if self._tables:
                self._tables.pop()
            case _:
                pass

    def text(self, text: str) -> None:
        if self._in_text and self._paragraphs and not (self._skipping or self._hidden):
            self._paragraphs[-1].pieces.append(text)

    def _property(self, name: str, attributes: Mapping[str, str]) -> None:
        value = attributes.get("val", "")
        if not self._paragraphs:
            return
        paragraph = self._paragraphs[-1]
        match name:
            case "pStyle":
                paragraph.style = value
            case "outlineLvl":
                paragraph.outline = number(value)
            case "numId":
                paragraph.list_id = "" if value == "0" else value
            case "ilvl":
                paragraph.list_level = number(value)
            case "vanish" if not self._in_properties:
                self._hidden = is_on(value)
            case "sz" if not self._in_properties:
                self._hidden |= number(value) in _UNREADABLE_SIZES
            case "rStyle" if not self._in_properties:
                self._hidden |= self._styles.is_hidden(value)
            case _ if name in _MARKS and not (self._in_properties or self._hidden):
                paragraph.pieces.append(_MARKS[name])
            case _:
                pass

    def _end_paragraph(self, paragraph: _Paragraph) -> None:
        text = "" if self._styles.is_hidden(paragraph.style) else "".join(paragraph.pieces)
        if self._tables:
            self._tables[-1].cell.append(text)
        elif self._styles.is_code(paragraph.style):
            self._code.append(text)
        else:
            self._flush_code()
            self._add(paragraph, "\n".join(" ".join(line.split()) for line in text.split("\n")).strip())

    def _add(self, paragraph: _Paragraph, text: str) -> None:
        level = self._level(paragraph)
        if not text or self._styles.is_contents(paragraph.style):
            return
        if level is not None:
            self._builder.heading(text, level=min(level, 6), anchor=self._slugs.take(text))
            return
        list_id, list_level = self._list(paragraph)
        if list_id:
            indent = "  " * min(list_level, 8)
            self._builder.block(f"{indent}{self._lists.marker(list_id, list_level)}{text}", "item")
        else:
            self._builder.block(text)

    def _level(self, paragraph: _Paragraph) -> int | None:
        if paragraph.outline is not None:
            return paragraph.outline + 1 if paragraph.outline < 9 else None
        return self._styles.level(paragraph.style)

    def _list(self, paragraph: _Paragraph) -> tuple[str, int]:
        if paragraph.list_id is not None:
            return paragraph.list_id, paragraph.list_level
        return self._styles.list_of(paragraph.style)

    def _end_row(self, table: _Table) -> None:
        row = " | ".join(table.cells)
        if len(self._tables) > 1:
            self._tables[-2].cell.append(row)
            return
        self._flush_code()
        if any(table.cells):
            self._builder.block(row, "row")

    def _flush_code(self) -> None:
        if self._code:
            self._builder.block("\n".join(self._code), "code")
            self._code = []
