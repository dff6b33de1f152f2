"""Markdown to readable text: CommonMark with tables, and mdBook's own marks taken out.

Inline marks are rendered away (a link is its text, emphasis has no marks), code keeps its text. A raw
HTML tag or comment is not text. Must not follow a link or an include.
"""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from retriever.parsers.front_matter import split
from retriever.parsers.slugs import Slugs
from retriever.parsers.structure import BlockKind, Builder, MetadataValue, ParsedDocument
from retriever.parsers.visible import visible

MAX_NESTING = 50
# The inline rules are quadratic in the brackets of one block; past this a block stays as it is written.
MAX_BRACKETS = 300
_DIRECTIVE = re.compile(r"\{\{\s*#[a-z_]+[^}]*\}\}")
_CUSTOM_ID = re.compile(r"\s*\{#([^\s{}]+)[^{}]*\}\s*$")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,60}\]")
_UNSEEN_HTML = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.I)
_TAG = re.compile(r"""</?[A-Za-z](?:"[^"]{0,1000}"|'[^']{0,1000}'|[^"'<>]){0,200}>|<[!?][^<>]*>""")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that the Markdown ``text`` is.

    ``title`` wins over the front matter's, that over the first heading's. Further keys of the front
    matter become metadata.
    """
    metadata, body = split(visible(text))
    return document(body, metadata, title=title)


def document(
    body: str, metadata: dict[str, MetadataValue], *, title: str, parser: MarkdownIt | None = None
) -> ParsedDocument:
    """Return the document of a Markdown ``body`` and its front matter; ``body`` holds nothing hidden."""
    builder = Builder()
    Writer(builder, parser or _PARSER).write(body)
    own_title = str(metadata.pop("title", ""))
    url = metadata.pop("url", "")
    return builder.build(
        title=title or own_title or builder.first_h1 or builder.first_heading,
        url=url if isinstance(url, str) else "",
        metadata=metadata,
    )


def grammar() -> MarkdownIt:
    """Return a parser of Markdown as Carrel reads it; it leaves inline text to :class:`Writer`."""
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"])
    return parser.disable("inline")


_PARSER = grammar()


class Writer:
    """Tells a builder what pieces of Markdown hold; each piece is a document of its own to the grammar."""

    def __init__(self, builder: Builder, parser: MarkdownIt = _PARSER) -> None:
        self.builder, self._parser = builder, parser
        self._slugs = Slugs()
        self._lists: list[int | None] = []
        self._marker = ""
        self._heading = 0
        self._cells: list[str] | None = None

    def write(self, text: str) -> None:
        """Add the blocks and headings of ``text``, which holds nothing hidden."""
        env: dict[str, Any] = {}
        for token in self._parser.parse(text, env):
            if token.type == "inline":
                # Only now, and let go of again: the pieces of a line take a hundred times its length.
                self._inline(self._children(token, env))
            elif token.type in ("fence", "code_block"):
                self.builder.block(_DIRECTIVE.sub("", token.content), "code")
            elif token.type == "html_block":
                self.builder.block(_html_text(token.content))
            else:
                self._container(token)

    def _children(self, token: Token, env: dict[str, Any]) -> list[Token]:
        if token.content.count("[") > MAX_BRACKETS:
            return [Token("text", "", 0, content=token.content)]
        children: list[Token] = []
        self._parser.inline.parse(token.content, self._parser, env, children)
        return children

    def _container(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._heading = int(token.tag[1])
            case "blockquote_open":
                self.builder.enter()
            case "blockquote_close":
                self.builder.leave()
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item()
            case "tr_open":
                self._cells = []
            case "tr_close":
                self.builder.block(" | ".join(self._cells or ()), "row")
                self._cells = None
            case _:
                pass

    def _item(self) -> None:
        number = self._lists[-1]
        self._marker = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1

    def _inline(self, children: Sequence[Token]) -> None:
        if self._heading:
            self._take_heading(_plain(children, code="{}"))
            return
        text = _FOOTNOTE.sub("", _DIRECTIVE.sub("", _plain(children, code="`{}`")))
        text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
        if self._cells is not None:
            self._cells.append(text.replace("\n", " "))
            return
        kind: BlockKind = "item" if self._lists else "prose"
        if self._lists and text:
            indent = "  " * (len(self._lists) - 1)
            text, self._marker = f"{indent}{self._marker}{text}", ""
        self.builder.block(text, kind)

    def _take_heading(self, text: str) -> None:
        custom = _CUSTOM_ID.search(text)
        text = text[: custom.start()] if custom else text
        anchor = custom[1] if custom else self._slugs.take(text)
        self.builder.heading(text, level=self._heading, anchor=anchor)
        self._heading = 0


def _plain(children: Sequence[Token], *, code: str) -> str:
    return "".join(_piece(child, code) for child in children)


def _piece(token: Token, code: str) -> str:
    match token.type:
        case "text" | "text_special":
            return token.content
        case "code_inline":
            return token.content if "`" in token.content else code.format(token.content)
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "html_inline" if _BREAK.fullmatch(token.content):
            return "\n"
        case _:
            return ""


def _html_text(content: str) -> str:
    content = _UNSEEN_HTML.sub("", content)
    content = _TAG.sub("", _DIRECTIVE.sub("", content))
    return " ".join(content.split())
