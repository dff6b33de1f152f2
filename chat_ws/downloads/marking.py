"""An answer's text with the numbers of its sources in it, as Markdown.

Pure. A number stands behind the span that it is the source of; where that ends inside a fenced block, behind
the block, so that code stays code.
"""

import re
from collections.abc import Sequence

from shared.contracts.retriever import Citation, CitationSource

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def marked(content: str, citations: Sequence[Citation]) -> tuple[str, list[CitationSource]]:
    """Return ``content`` with an escaped ``[1]`` where citations end, and the sources numbered so."""
    numbers: dict[tuple[str, str, str], int] = {}
    sources: list[CitationSource] = []
    marks: dict[int, list[int]] = {}
    blocks, owed = _blocks(content)
    for citation in sorted(citations, key=lambda citation: (citation.end, citation.start)):
        at = _outside(blocks, len(content[: max(citation.end, 0)].rstrip()))
        for source in citation.sources:
            key = (source.document_id, source.passage_id, source.url)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                sources.append(source)
            if numbers[key] not in marks.setdefault(at, []):
                marks[at].append(numbers[key])
    return _placed(content, marks, {end for _, end in blocks}, owed), sources


def _placed(content: str, marks: dict[int, list[int]], ends: set[int], owed: str) -> str:
    parts, before = [], 0
    for at, numbers in sorted(marks.items()):
        closed = owed if at == len(content) else ""
        apart = "\n\n" if at in ends else ""
        parts += [content[before:at], closed, apart, *(f"\\[{number}\\]" for number in numbers)]
        before, owed = at, owed[len(closed) :]
    return "".join([*parts, content[before:], owed])


def _outside(blocks: Sequence[tuple[int, int]], at: int) -> int:
    return next((end for start, end in blocks if start <= at <= end), at)


def _blocks(content: str) -> tuple[list[tuple[int, int]], str]:
    """Return where fenced blocks begin and end, and what closes the last one where the text does not."""
    blocks: list[tuple[int, int]] = []
    position, start, fence = 0, 0, ""
    for line in content.split("\n"):
        found = _FENCE.fullmatch(line)
        if found and not fence and not (found[1][0] == "`" and "`" in found[2]):
            start, fence = position, found[1]
        elif found and fence and found[1].startswith(fence) and not found[2].strip():
            blocks.append((start, position + len(line)))
            fence = ""
        position += len(line) + 1
    if fence:
        blocks.append((start, len(content)))
    return blocks, f"\n{fence}" if fence else ""
