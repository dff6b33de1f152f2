"""Sets of prose: a book's sections asked by their headings, manuals' pages by what they say of themselves."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from bench.sets.folder import Document, Query, some

MIN_WORDS = 2
MIN_CHARS = 200
PAGES = 1000
OWN_LETTERS = 0.05
"""The part of a page's characters that are letters beyond a to z where it was translated."""
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_MALLARD = "{http://projectmallard.org/1.0/}"
_BLOCKS = frozenset(f"{_MALLARD}{name}" for name in ("p", "title", "item", "code", "screen", "td"))


def by_heading(root: Path) -> tuple[list[Document], list[Query]]:
    """The sections of Markdown files without their headings, asked by them where a heading stands once."""
    sections = [section for path in sorted(root.rglob("*.md")) for section in _sections(path, root)]
    counts = Counter(heading for heading, _ in sections)
    documents = [Document(f"s{place}", "", text) for place, (_, text) in enumerate(sections)]
    queries = [
        Query(heading, (f"s{place}",))
        for place, (heading, text) in enumerate(sections)
        if counts[heading] == 1 and len(heading.split()) >= MIN_WORDS and len(text) >= MIN_CHARS
    ]
    return documents, queries


def by_description(folder: Path, original: Path) -> tuple[list[Document], list[Query]]:
    """The pages of a Mallard manual in one language, asked by their descriptions.

    ``original`` is the manual that was translated; a page of which more than a third still reads as there is
    left out.
    """
    documents: list[Document] = []
    queries: list[Query] = []
    for path in sorted(folder.glob("*.page")):
        title, description, *body = _page(path)
        before = frozenset(_page(original / path.name)) if folder != original else frozenset()
        same = sum(1 for block in body if block in before)
        text = "\n\n".join(body)
        if not description or description in before or 3 * same > len(body) or len(text) < MIN_CHARS:
            continue
        documents.append(Document(path.stem, title, text))
        queries.append(Query(description, (path.stem,)))
    return documents, queries


def by_first_paragraph(folder: Path) -> tuple[list[Document], list[Query]]:
    """The translated pages of LibreOffice's help without their first paragraph, asked by it."""
    pages: dict[str, tuple[str, str, str]] = {}
    for path in sorted(folder.rglob("*.html")):
        title, first, rest = _help_page(path.read_text())
        own = sum(1 for letter in rest if letter.isalpha() and not letter.isascii())
        if len(first.split()) >= MIN_WORDS and len(rest) >= MIN_CHARS and own >= OWN_LETTERS * len(rest):
            pages[str(path.relative_to(folder))] = title, first, rest
    kept = some(pages, PAGES)
    right: dict[str, list[str]] = {}
    for name in kept:
        right.setdefault(pages[name][1], []).append(name)
    documents = [Document(name, pages[name][0], pages[name][2]) for name in kept]
    return documents, [Query(first, tuple(names)) for first, names in right.items()]


def _help_page(html: str) -> tuple[str, str, str]:
    page = LexborHTMLParser(html.replace("\u200b", ""))  # breaks between words that nobody types
    title = page.css_first("#DisplayArea h1, #DisplayArea h2")
    blocks = [" ".join(block.text().split()) for block in page.css("#DisplayArea p.paragraph")]
    first, *rest = [block for block in blocks if block] or [""]
    return "" if title is None else title.text().strip(), first, "\n\n".join(rest)


def _sections(path: Path, root: Path) -> list[tuple[str, str]]:
    text = path.read_text()
    fences = [match.span() for match in _FENCE.finditer(text)]
    heads = [
        match
        for match in _HEADING.finditer(text)
        if not any(first <= match.start() < last for first, last in fences)
    ]
    ends = [*(match.start() for match in heads[1:]), len(text)]
    found = [
        (match[1].replace("`", ""), text[match.end() : end].strip())
        for match, end in zip(heads, ends, strict=True)
    ]
    return [(heading, body) for heading, body in found if body]


def _page(path: Path) -> list[str]:
    """Title, description and the blocks of the body; empty for what has none."""
    page = ET.parse(path).getroot()  # noqa: S314 - help pages that are installed here
    description = page.find(f"{_MALLARD}info/{_MALLARD}desc")
    title = page.find(f"{_MALLARD}title")
    body = [
        _words(block)
        for part in page
        if part.tag not in (f"{_MALLARD}info", f"{_MALLARD}title")
        for block in part.iter()
        if block.tag in _BLOCKS and not any(inner.tag in _BLOCKS for inner in block)
    ]
    return [_words(title), _words(description), *filter(None, body)]


def _words(element: ET.Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())
