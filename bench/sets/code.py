"""Sets of code: the functions of a folder of Python, asked by what they do and by their names.

A function's document is its source without its docstring, so that a query taken from the docstring finds
nothing of itself. Files that do not parse are left out.
"""

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.sets.folder import Document, Query, place, some

FUNCTIONS = 3000
QUERIES = 800
LEFT_OUT = frozenset(
    ("test", "tests", "idlelib", "lib2to3", "site-packages", "__pycache__", "pydoc_data", "turtledemo")
)
MIN_WORDS = 4
MIN_LINES = 4
MIN_DOC_CHARS = 250

_SENTENCE = re.compile(r".*?[.!?](?=\s|\Z)|.*", re.DOTALL)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class Described:
    """A function, class or module with its docstring apart."""

    id: str
    module: str
    name: str
    summary: str
    rest: str
    """The docstring after its first sentence."""
    source: str
    """Empty for classes and modules."""


def described(root: Path) -> Iterator[Described]:
    """Yield what has a docstring in the Python files under ``root``, in order of path."""
    for path in sorted(root.rglob("*.py")):
        inner = path.relative_to(root)
        if LEFT_OUT.isdisjoint(inner.parts):
            try:
                text = path.read_text(encoding="utf-8")
                with warnings.catch_warnings(action="ignore"):
                    tree = ast.parse(text)
            except (SyntaxError, ValueError):
                continue
            yield from _of_file(tree, text, ".".join(inner.with_suffix("").parts))


def by_purpose(found: list[Described]) -> tuple[list[Document], list[Query]]:
    """Functions, asked by the first sentence of their docstrings."""
    kept = _functions(found)
    asked = [one for one in kept if len(one.summary.split()) >= MIN_WORDS]
    return _documents(kept), _grouped(asked, lambda one: one.summary)


def by_name(found: list[Described]) -> tuple[list[Document], list[Query]]:
    """Functions, asked by their names: in words, whole, or in another style than their own."""
    kept = _functions(found)
    asked = [one for one in kept if len(_PARTS.findall(one.name)) > 1]
    return _documents(kept), _grouped(asked, lambda one: restyled(one.name))


def by_summary(found: list[Described]) -> tuple[list[Document], list[Query]]:
    """Docstrings without their first sentence, asked by it."""
    long = {one.id: one for one in found if len(one.rest) >= MIN_DOC_CHARS}
    kept = [long[id] for id in some(long, FUNCTIONS)]
    asked = [one for one in kept if len(one.summary.split()) >= MIN_WORDS]
    return [Document(one.id, one.id, one.rest) for one in kept], _grouped(asked, lambda one: one.summary)


def restyled(name: str) -> str:
    """Return ``name`` as somebody else may write it, always the same for the same name."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    styles = (
        name,
        " ".join(parts),
        parts[0] + "".join(part.capitalize() for part in parts[1:]),
        "".join(part.capitalize() for part in parts),
        "-".join(parts),
        "_".join(parts).upper(),
        "".join(parts),
    )
    return styles[place(name) % len(styles)]


def _functions(found: list[Described]) -> list[Described]:
    long = {one.id: one for one in found if one.source.count("\n") >= MIN_LINES}
    return [long[id] for id in some(long, FUNCTIONS)]


def _documents(kept: list[Described]) -> list[Document]:
    return [Document(one.id, one.module, one.source) for one in kept]


def _grouped(asked: list[Described], wording: Callable[[Described], str]) -> list[Query]:
    """One query for each wording; all that it may mean are right."""
    right: dict[str, list[str]] = defaultdict(list)
    for one in asked:
        right[wording(one)].append(one.id)
    return [Query(text, tuple(right[text])) for text in some(right, QUERIES)]


def _of_file(tree: ast.Module, text: str, module: str) -> Iterator[Described]:
    lines = text.splitlines(keepends=True)
    for node, names in _named(tree, ()):
        doc = ast.get_docstring(node)
        if doc is not None:
            summary = _SENTENCE.match(doc.split("\n\n")[0])[0]  # type: ignore[index]  # the pattern matches any text
            yield Described(
                id=f"{'.'.join((module, *names))}:{getattr(node, 'lineno', 0)}",
                module=module,
                name=names[-1] if names else module,
                summary=" ".join(summary.split()),
                rest=doc[len(summary) :].strip(),
                source="" if isinstance(node, ast.Module | ast.ClassDef) else _without_docstring(node, lines),
            )


_Node = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _named(node: _Node, names: tuple[str, ...]) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    yield node, names
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _named(inner, (*names, inner.name))


def _without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> str:
    doc = node.body[0]
    kept = lines[node.lineno - 1 : doc.lineno - 1] + lines[doc.end_lineno : node.end_lineno]
    return "".join(kept)
