"""reStructuredText to readable text: docutils' grammar, with Sphinx's roles and directives kept as text.

Nothing is included, fetched or run: file insertion and raw content are off, no configuration is read.
Directives nobody knows leave their argument and their content, roles nobody knows their text.
"""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, Parser, directives, roles

from retriever.parsers.structure import BlockKind, Builder, ParsedDocument
from retriever.parsers.visible import visible
from shared.errors import InvalidRequestError

MAX_LINE_CHARS = 10_000
MAX_NAMES = 500
"""Different directives, and different roles, of one document."""
_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "sectsubtitle_xform": False,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 5,
    "report_level": 5,
    "warning_stream": False,
    "input_encoding": "unicode",
    "line_length_limit": MAX_LINE_CHARS,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "record_dependencies": None,
}
_DIRECTIVE = re.compile(r"^[ \t]*\.\. (?:\|[^|\n]{1,100}\| )?([A-Za-z][\w.:+-]{0,60})::", re.MULTILINE)
_ROLE = re.compile(r":([A-Za-z][\w.:+-]{0,60}):`|`:([A-Za-z][\w.:+-]{0,60}):")
_TARGET = re.compile(r"(.*?)\s*<[^<>]*>", re.DOTALL)
_CODE_ROLES = frozenset(
    "attr class cls command const data envvar exc file func meth mod obj option program samp type".split()
)
_OWN_ROLES = frozenset(
    "abbreviation ac acronym code emphasis literal math pep pep-reference raw rfc rfc-reference strong sub "
    "subscript sup superscript t title title-reference".split()
)
_OWN_DIRECTIVES = frozenset(
    "admonition attention caution class compound container contents csv-table danger date default-role "
    "epigraph error figure footer header highlights hint image important line-block list-table math note "
    "parsed-literal pull-quote replace role rubric sectnum sidebar table target-notes tip topic unicode "
    "warning".split()
)
_UNSEEN_DIRECTIVES = frozenset(
    "automodule autoclass autofunction currentmodule highlight include index literalinclude meta module "
    "only raw tabularcolumns title toctree".split()
)
_CODE_DIRECTIVES = frozenset(("code", "code-block", "sourcecode", "prompt", "ipython", "testcode", "doctest"))
_SKIPPED = (
    nodes.comment,
    nodes.substitution_definition,
    nodes.system_message,
    nodes.raw,
    nodes.pending,
    nodes.image,
    nodes.label,
    nodes.docinfo,
    nodes.footnote_reference,
    nodes.transition,
)


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that the reStructuredText ``text`` is; ``title`` wins over its first heading.

    Raises
    ------
    InvalidRequestError
        If a line is longer than docutils reads.
    """
    source = visible(text)
    if max(map(len, source.split("\n"))) > MAX_LINE_CHARS:
        raise InvalidRequestError(f"The document has a line of more than {MAX_LINE_CHARS} characters")
    _register(source)
    tree = publish_doctree(source, parser=Parser(), settings_overrides=dict(_SETTINGS))
    builder = Builder()
    _Walker(builder).children(tree)
    return builder.build(title=title or builder.first_h1 or builder.first_heading)


def _register(source: str) -> None:
    """docutils knows names by tables for all documents; those it does not know are added."""
    for name in (*_UNSEEN_DIRECTIVES, *_CODE_DIRECTIVES):
        directives.register_directive(name, _Unseen if name in _UNSEEN_DIRECTIVES else _Code)
    for name in _names(_DIRECTIVE, source):
        if not (name in _OWN_DIRECTIVES or name in _UNSEEN_DIRECTIVES or name in _CODE_DIRECTIVES):
            directives.register_directive(name, _Anything)
    for name in _names(_ROLE, source):
        if name not in _OWN_ROLES:
            roles.register_local_role(name, _role)


def _names(pattern: re.Pattern[str], source: str) -> list[str]:
    return sorted({next(filter(None, match.groups())).lower() for match in pattern.finditer(source)})[
        :MAX_NAMES
    ]


class _AnyOption(dict[str, Any]):
    """Takes every option as text."""

    def __missing__(self, name: str) -> Any:
        return str


class _Anything(Directive):
    """A directive nobody knows: its argument is a paragraph, its content is read on."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption(name=str)

    def run(self) -> list[nodes.Node]:
        found = nodes.container()
        if self.arguments:
            inline, _ = self.state.inline_text(" ".join(self.arguments[0].split()), self.lineno)
            found += nodes.paragraph("", "", *inline)
        self.state.nested_parse(self.content, self.content_offset, found)
        return [found]


class _Code(_Anything):
    """Lines that are kept as they are."""

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        return [nodes.literal_block(text, text)]


class _Unseen(_Anything):
    """What a reader does not see, or what stands in another file."""

    def run(self) -> list[nodes.Node]:
        return []


def _role(role: str, rawsource: str, text: str, *_: Any, **__: Any) -> Any:
    """A role nobody knows: its text, without the target it may name."""
    text = nodes.unescape(text)
    titled = _TARGET.fullmatch(text)
    shown = (titled[1] if titled else text).lstrip("!")
    if shown.startswith("~"):
        shown = shown.rpartition(".")[2].lstrip("~")
    kind = nodes.literal if role.rpartition(":")[2] in _CODE_ROLES else nodes.inline
    return [kind(rawsource, shown)], []


class _Walker:
    """Goes through the tree; its depth is bounded by docutils, which built it by recursion."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._level = 0
        self._indent = -1
        self._marker = ""

    def children(self, parent: nodes.Node) -> None:
        for child in parent.children:
            if not isinstance(child, _SKIPPED):
                self._node(child)

    def _node(self, node: nodes.Node) -> None:
        match node:
            case nodes.section():
                self._level += 1
                self.children(node)
                self._level -= 1
            case nodes.title() if isinstance(node.parent, nodes.section):
                anchor = next(iter(node.parent["ids"]), "")
                self._builder.heading(_inline(node, code="{}"), level=min(self._level, 6), anchor=anchor)
            case nodes.literal_block() | nodes.doctest_block() | nodes.math_block():
                self._builder.block(node.astext(), "code")
            case nodes.bullet_list() | nodes.enumerated_list():
                self._list(node)
            case nodes.line_block():
                self._text("\n".join(_lines(node)))
            case nodes.row():
                cells = (" ".join(_texts(entry)) for entry in node.children)
                self._builder.block(" | ".join(cells), "row")
            case nodes.field():
                self._text(": ".join(" ".join(_texts(part)) for part in node.children))
            case nodes.option_list_item():
                self._text(" ".join(" ".join(_texts(part)) for part in node.children))
            case nodes.topic() if "contents" in node["classes"]:
                pass
            case nodes.TextElement():
                self._text(_inline(node))
            case _:
                self.children(node)

    def _list(self, node: nodes.Element) -> None:
        self._indent += 1
        number = int(node.get("start", 1)) if isinstance(node, nodes.enumerated_list) else None
        for offset, item in enumerate(node.children):
            self._marker = "- " if number is None else f"{number + offset}. "
            self.children(item)
        self._marker = ""
        self._indent -= 1

    def _text(self, text: str) -> None:
        kind: BlockKind = "item" if self._indent >= 0 else "prose"
        if text and self._indent >= 0:
            indent = "  " * min(self._indent, 8)
            text, self._marker = f"{indent}{self._marker}{text}", ""
        self._builder.block(text, kind)


def _inline(node: nodes.Node, *, code: str = "`{}`") -> str:
    return " ".join("".join(_pieces(node, code)).split())


def _pieces(node: nodes.Node, code: str) -> Iterator[str]:
    for child in node.children:
        match child:
            case nodes.Text():
                yield child.astext()
            case nodes.literal():
                text = child.astext()
                yield text if "`" in text else code.format(text)
            case _ if not isinstance(child, _SKIPPED):
                yield from _pieces(child, code)
            case _:
                pass


def _texts(node: nodes.Node) -> Iterator[str]:
    """The lines of text in a cell or a field."""
    if isinstance(node, nodes.TextElement):
        yield _inline(node)
        return
    for child in node.children:
        if not isinstance(child, _SKIPPED):
            yield from _texts(child)


def _lines(node: nodes.Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.line_block):
            yield from _lines(child)
        else:
            yield _inline(child)
