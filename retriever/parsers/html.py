"""HTML to readable text: the main content, without what surrounds it and what a browser hides.

Runs no script and loads nothing.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from retriever.parsers.structure import BlockKind, Builder, ParsedDocument
from shared.errors import InvalidRequestError

_UNSEEN = (
    "script,style,noscript,template,svg,canvas,iframe,object,head,nav,aside,form,button,select,dialog,"
    '[hidden],[aria-hidden="true"],[role="navigation"],[role="search"],[role="banner"],'
    'a.headerlink,a.header-anchor,a[aria-label^="Permalink"]'
)
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?:\.0*)?(?![.\d])",
    re.IGNORECASE,
)
_PAGE_FRAME = "body > header, body > footer, body > div > header, body > div > footer"
_MAIN = ("main", '[role="main"]', "article")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    "address article blockquote body br caption center dd details div dl dt fieldset figcaption figure "
    "footer header hr li main ol p section summary table tbody tfoot thead tr ul".split()
)
_CELLS = frozenset(("td", "th"))
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_NESTING_TAG = re.compile(
    r"<(/?)(?:a|abbr|article|b|big|blockquote|center|code|details|div|dl|em|fieldset|figure|font|form|"
    r"header|i|main|ol|section|small|span|strong|table|u|ul)(?=[\s/>])",
    re.IGNORECASE,
)
# Building the tree takes time quadratic in its depth; no page made for readers comes near.
MAX_NESTING = 1000
_PERMALINK = re.compile(r"\s*[¶§#\u200b]+\s*$")


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that the HTML ``text`` is; ``title`` wins over the first h1 and the title tag.

    Raises
    ------
    InvalidRequestError
        If its elements are nested too deeply.
    """
    _check_nesting(text)
    tree = LexborHTMLParser(text)
    found = tree.css_first("head > title, title", default=None)
    own_title = " ".join(found.text().split()) if found is not None else ""
    _remove_unseen(tree)
    walker = _Walker()
    root = _main(tree)
    if root is not None:
        walker.walk(root)
    builder = walker.builder
    return builder.build(title=title or builder.first_h1 or own_title or builder.first_heading)


def _check_nesting(text: str) -> None:
    depth = 0
    for match in _NESTING_TAG.finditer(_SCRIPT.sub("", text)):
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > MAX_NESTING:
            raise InvalidRequestError(f"The document's elements are nested deeper than {MAX_NESTING}")


def _remove_unseen(tree: LexborHTMLParser) -> None:
    for node in tree.css(_UNSEEN):
        node.remove()
    for node in tree.css("[style]"):
        if _UNSEEN_STYLE.search(node.attributes.get("style") or ""):
            node.remove()


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    for selector in _MAIN:
        found = tree.css(selector)
        if len(found) == 1 and found[0].text().strip():
            return found[0]
    for node in tree.css(_PAGE_FRAME):
        node.remove()
    return tree.body


class _Walker:
    """Goes through the tree without recursion: a page may be nested deeper than a stack."""

    def __init__(self) -> None:
        self.builder = Builder()
        self._pieces: list[str] = []
        self._lists: list[int | None] = []
        self._items = 0
        self._marker = ""
        self._cells: list[str] | None = None

    def walk(self, root: LexborNode) -> None:
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack:
            node, left = stack.pop()
            if left:
                self._leave(node)
            elif node.is_text_node:
                self._pieces.append(node.text_content or "")
            elif node.is_element_node and self._enter(node):
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(_children(node)))
        self._flush()

    def _enter(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag == "pre":
            self._flush()
            self.builder.block(node.text(), "code")
            return False
        if tag in _HEADINGS or tag in _BLOCKS:
            self._flush()
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._open_item()
        elif tag == "tr":
            self._cells = []
        elif tag == "blockquote":
            self.builder.enter()
        return True

    def _open_item(self) -> None:
        number = self._lists[-1] if self._lists else None
        self._marker = "- " if number is None else f"{number}. "
        self._items += 1
        if number is not None:
            self._lists[-1] = number + 1

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _HEADINGS:
            heading = _PERMALINK.sub("", self._take())
            self.builder.heading(heading, level=_HEADINGS[tag], anchor=_anchor(node))
            return
        if tag in _CELLS and self._cells is not None:
            self._cells.append(self._take())
        elif tag in _BLOCKS:
            self._flush()
        match tag:
            case "ul" | "ol":
                self._lists.pop()
            case "li":
                self._items -= 1
                self._marker = ""
            case "blockquote":
                self.builder.leave()
            case "tr":
                self.builder.block(" | ".join(self._cells or ()), "row")
                self._cells = None
            case _:
                pass

    def _take(self) -> str:
        text, self._pieces = " ".join("".join(self._pieces).split()), []
        return text

    def _flush(self) -> None:
        if self._cells is not None:
            self._pieces.append(" ")  # a block inside a cell stays in its row
            return
        text = self._take()
        kind: BlockKind = "item" if self._items else "prose"
        if text and self._items:
            indent = "  " * (min(self._items, 8) - 1)
            text, self._marker = f"{indent}{self._marker}{text}", ""
        self.builder.block(text, kind)


def _children(node: LexborNode) -> list[LexborNode]:
    return list(node.iter(include_text=True))


def _anchor(heading: LexborNode) -> str:
    if heading.id:
        return heading.id
    for link in heading.css("[id], a[name]"):
        if found := link.attributes.get("id") or link.attributes.get("name"):
            return found
    parent = heading.parent
    if parent is not None and parent.tag in ("section", "div", "article") and parent.id:
        first = parent.css_first("h1,h2,h3,h4,h5,h6", default=None)
        return parent.id if first is not None and first.mem_id == heading.mem_id else ""
    return ""
