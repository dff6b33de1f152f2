"""What Word's styles and lists mean: which paragraphs are headings, items or code, and how items are marked.

Owns the inheritance of styles. Knows nothing of the body.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_HEADING = re.compile(r"heading ([1-9])")
_CODE = re.compile(r"\b(?:code|preformatted|listing)\b")
_CONTENTS = re.compile(r"toc \d|table of figures")
_UNNUMBERED = ("bullet", "none")
MAX_STEPS = 20
"""Styles are based on one another in a ring in no sound document."""


@dataclass
class Style:
    """One style; what it leaves open, the one it is based on says."""

    name: str = ""
    base: str = ""
    outline: int | None = None
    """Level of a heading from 0, 9 for body text."""
    list_id: str = ""
    list_level: int = 0
    hidden: bool = False


@dataclass
class Styles:
    """Reads ``styles.xml``, then answers for a style's id."""

    known: dict[str, Style] = field(default_factory=dict)
    _current: Style = field(default_factory=Style)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        value = attributes.get("val", "")
        match name:
            case "style":
                self._current = self.known.setdefault(attributes.get("styleId", ""), Style())
            case "name":
                self._current.name = value.lower()
            case "basedOn":
                self._current.base = value
            case "outlineLvl":
                self._current.outline = number(value)
            case "numId":
                self._current.list_id = value
            case "ilvl":
                self._current.list_level = number(value)
            case "vanish":
                self._current.hidden = is_on(value)
            case _:
                pass

    def end(self, name: str) -> None:
        """Nothing hangs on the end of an element."""

    def text(self, text: str) -> None:
        """Styles hold no text."""

    def level(self, style_id: str) -> int | None:
        """The level of a heading from 1, or None for another paragraph."""
        for style in self._chain(style_id):
            if style.outline is not None:
                return style.outline + 1 if style.outline < 9 else None
            if match := _HEADING.fullmatch(style.name):
                return int(match[1])
            if style.name == "title":
                return 1
        return None

    def is_code(self, style_id: str) -> bool:
        """Whether paragraphs of the style are lines of code."""
        return any(_CODE.search(style.name) for style in self._chain(style_id))

    def is_hidden(self, style_id: str) -> bool:
        """Whether what bears the style is not shown."""
        return any(style.hidden for style in self._chain(style_id))

    def is_contents(self, style_id: str) -> bool:
        """Whether paragraphs of the style only say what stands elsewhere in the document."""
        return any(_CONTENTS.match(style.name) for style in self._chain(style_id))

    def list_of(self, style_id: str) -> tuple[str, int]:
        """The list that paragraphs of the style belong to, and their level in it from 0."""
        found = (style for style in self._chain(style_id) if style.list_id)
        style = next(found, None)
        return (style.list_id, style.list_level) if style is not None else ("", 0)

    def _chain(self, style_id: str) -> list[Style]:
        chain: list[Style] = []
        while (style := self.known.get(style_id)) is not None and len(chain) < MAX_STEPS:
            chain.append(style)
            style_id = style.base
        return chain


class Lists:
    """Reads ``numbering.xml``, then counts the items of every list."""

    def __init__(self) -> None:
        self._formats: dict[tuple[str, int], str] = {}
        self._abstract: dict[str, str] = {}
        self._current = ""
        self._number = ""
        self._level = 0
        self._counts: dict[tuple[str, int], int] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "abstractNum":
                self._current = attributes.get("abstractNumId", "")
            case "lvl":
                self._level = number(attributes.get("ilvl", ""))
            case "numFmt":
                self._formats.setdefault((self._current, self._level), attributes.get("val", ""))
            case "num":
                self._number = attributes.get("numId", "")
            case "abstractNumId":
                self._abstract[self._number] = attributes.get("val", "")
            case _:
                pass

    def end(self, name: str) -> None:
        """Nothing hangs on the end of an element."""

    def text(self, text: str) -> None:
        """Lists hold no text."""

    def marker(self, list_id: str, level: int) -> str:
        """The mark of the next item: a dash, or its number."""
        for other in [key for key in self._counts if key[0] == list_id and key[1] > level]:
            del self._counts[other]
        if self._formats.get((self._abstract.get(list_id, ""), level), "bullet") in _UNNUMBERED:
            return "- "
        count = self._counts[list_id, level] = self._counts.get((list_id, level), 0) + 1
        return f"{count}. "


def is_on(value: str) -> bool:
    """What a property that is on or off says; one without a value is on."""
    return value not in ("0", "false", "off")


def number(value: str) -> int:
    """A small number of an attribute; what is none is 0."""
    return int(value) if re.fullmatch(r"\d{1,3}", value, re.ASCII) else 0
