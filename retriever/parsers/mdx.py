"""MDX to readable text: Markdown whose components leave their text, and whose program leaves nothing.

Imports, exports, comments and expressions in braces are taken out; nothing is run. What stands in code stays
as it is. Every pass goes once over the text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from retriever.parsers.front_matter import split
from retriever.parsers.markdown import document, grammar
from retriever.parsers.structure import ParsedDocument
from retriever.parsers.visible import visible

_TAKEN = "\0"
"""Stands where a mark was; no visible text holds it."""
MAX_TAG_CHARS = 10_000
"""Of one tag, or one piece of code in a line; longer ones are text."""
_PARSER = grammar().disable("code")  # in MDX an indented line is text
_FENCE = re.compile(r"\s*(?:[-*+]\s+|\d+[.)]\s+|>\s?)*(`{3,}|~{3,})(.*)")
_PROGRAM = re.compile(
    r"import\s*(?:[\"'{(*]|[\w$]+\s*(?:,|from\b))"
    r"|export\s*(?:[{*]|(?:default|const|let|var|function|class|async|type|interface|enum)\b)"
)
_UNSEEN = {"<!--": "-->", "<script": r"</script\s*>", "<style": r"</style\s*>"}
"""What is not seen, from its beginning to its end."""
_TAG_NAME = re.compile(r"</?(?:[A-Za-z][\w.:-]*)?(?=[\s/>])")
_STOP = re.compile(r"[\\`{<$]")
_TICKS = re.compile(r"`+")
_MATH = re.compile(r"\$\$[^$]{1,5000}\$\$|\$[^$\n]{1,300}\$")
_CUSTOM_ID = re.compile(r"\{#[^\s{}]{1,200}\}")


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that the MDX ``text`` is; titles and front matter are as in Markdown."""
    metadata, body = split(visible(text))
    return document(markdown_of(body), metadata, title=title, parser=_PARSER)


def markdown_of(text: str) -> str:
    """Return the Markdown that is left of ``text``."""
    lines: list[str] = []
    indent: int | None = 0
    for code, piece in _pieces(text):
        for line in (piece if code else _Text(piece).without_marks()).split("\n"):
            if not code and _TAKEN in line and not line.replace(_TAKEN, "").strip():
                indent = None  # a component's own line: what it encloses may stand further in
                lines.append("")
                continue
            if indent is None and line.strip():
                indent = _indentation(line)
            lines.append(line[min(indent or 0, _indentation(line)) :].replace(_TAKEN, ""))
    return "\n".join(lines)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The fenced code and what lies between, without the lines that are program."""
    lines: list[str] = []
    fence = ""
    for line in _without_program(text):
        match = _FENCE.match(line)
        if not fence and match and not (match[1][0] == "`" and "`" in match[2]):
            yield False, "\n".join(lines)
            fence, lines = match[1], [line]
        elif fence and match and match[1].startswith(fence) and not match[2].strip():
            yield True, "\n".join([*lines, line])
            fence, lines = "", []
        else:
            lines.append(line)
    yield bool(fence), "\n".join(lines)


def _without_program(text: str) -> Iterator[str]:
    fence = ""
    begins, depth = True, 0
    program = False
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match and not program and (not fence or match[1].startswith(fence)):
            fence = "" if fence else match[1]
        program = program or (begins and not fence and _PROGRAM.match(line) is not None)
        if program:
            depth += sum(map(line.count, "{([")) - sum(map(line.count, "})]"))
            program = bool(line.strip()) or depth > 0
            begins = True
        else:
            begins = not line.strip()
        if not program:
            yield line


class _Text:
    """A piece of text between fenced code, and where what begins in it ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._braces = _braces(text)
        self._ends = {
            begin: [match.end() for match in re.finditer(end, text, re.IGNORECASE)]
            for begin, end in _UNSEEN.items()
        }

    def without_marks(self) -> str:
        """Return the text with a mark of ours in the place of every tag and expression."""
        kept: list[str] = []
        place = 0
        while (match := _STOP.search(self._text, place)) is not None:
            kept.append(self._text[place : match.start()])
            place, piece = self._mark(match.start())
            kept.append(piece)
        kept.append(self._text[place:])
        return "".join(kept)

    def _mark(self, start: int) -> tuple[int, str]:
        """Where the text goes on after the mark at ``start``, and what is left of it."""
        text, end = self._text, start + 1
        match text[start]:
            case "\\":
                end = start + 2
            case "`":
                end = self._code_end(start)
            case "$" if (math := _MATH.match(text, start)) and "\\" in math[0]:
                end = math.end()
            case "{" if (custom := _CUSTOM_ID.match(text, start)) is not None:
                end = custom.end()
            case "{" if start in self._braces:
                return self._braces[start] + 1, _TAKEN
            case "<" if (tag_end := self._unseen_end(start) or self._tag_end(start)) is not None:
                return tag_end, _TAKEN
            case _:
                pass
        return end, text[start:end]

    def _code_end(self, start: int) -> int:
        """Where the code ends that begins with the ticks at ``start``: at as many, in the same paragraph."""
        limit = min(len(self._text), start + MAX_TAG_CHARS)
        paragraph = self._text.find("\n\n", start, limit)
        runs = _TICKS.finditer(self._text, start, paragraph if paragraph >= 0 else limit)
        first = next(runs)
        return next((run.end() for run in runs if len(run[0]) == len(first[0])), first.end())

    def _unseen_end(self, start: int) -> int | None:
        """Where the comment, script or style ends that begins at ``start``."""
        begin = self._text[start : start + 7].lower()
        for name, ends in self._ends.items():
            if begin.startswith(name) and (place := bisect_right(ends, start + len(name))) < len(ends):
                return ends[place]
        return None

    def _tag_end(self, start: int) -> int | None:
        """Where the tag that begins at ``start`` ends, or None where it is none."""
        text = self._text
        name = _TAG_NAME.match(text, start)
        place = name.end() if name else len(text)
        limit = min(len(text), start + MAX_TAG_CHARS)
        while place < limit:
            char = text[place]
            if char == ">":
                return place + 1
            if char == "<":
                return None
            if char in "\"'":
                place = text.find(char, place + 1, limit)
                if place < 0:
                    return None
            elif char == "{":
                place = self._braces.get(place, limit)
            place += 1
        return None


def _braces(text: str) -> dict[int, int]:
    """Where each brace that opens is closed."""
    closing: dict[int, int] = {}
    open_: list[int] = []
    for match in re.finditer(r"\\.|[{}]", text):
        if match[0] == "{":
            open_.append(match.start())
        elif match[0] == "}" and open_:
            closing[open_.pop()] = match.start()
    return closing
