"""Jupyter notebooks to readable text: Markdown cells as Markdown, code as code, what was printed in short.

Reads formats 3 and 4. Pictures, HTML and tracebacks are left out; nothing is run.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from retriever.parsers.markdown import Writer
from retriever.parsers.structure import Builder, ParsedDocument
from retriever.parsers.visible import visible
from shared.errors import InvalidRequestError

MAX_OUTPUT_CHARS = 2000
"""Of one cell; what was printed beyond is left out."""
MAX_LINES = 40
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_HEADINGS = "######"


def parse(text: str, *, title: str = "") -> ParsedDocument:
    """Return the document that the notebook ``text`` is; ``title`` wins over its own.

    Raises
    ------
    InvalidRequestError
        If it is no notebook.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequestError("The document is no notebook: it is not JSON") from None
    if not isinstance(found, dict) or not _is_notebook(found):
        raise InvalidRequestError("The document is no notebook: it has no cells")
    builder = Builder()
    writer = Writer(builder)
    for cell in _cells(found):
        _add(cell, writer, builder)
    own_title = _text(_object(found.get("metadata")).get("title")).strip()
    return builder.build(title=title or own_title or builder.first_h1 or builder.first_heading)


def _is_notebook(found: dict[str, Any]) -> bool:
    return isinstance(found.get("cells"), list) or isinstance(found.get("worksheets"), list)


def _cells(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sheets = found.get("worksheets")
    for sheet in sheets if isinstance(sheets, list) else [found]:
        cells = _object(sheet).get("cells")
        yield from (_object(cell) for cell in (cells if isinstance(cells, list) else ()))


def _add(cell: dict[str, Any], writer: Writer, builder: Builder) -> None:
    source = _text(cell.get("source", cell.get("input")))
    match cell.get("cell_type"):
        case "markdown":
            writer.write(visible(source))
        case "heading":
            level = cell.get("level")
            marks = _HEADINGS[: level if isinstance(level, int) and level > 0 else 1]
            writer.write(visible(f"{marks} {' '.join(source.split())}"))
        case "code":
            builder.block(source, "code")
            builder.block(_printed(cell), "code")
        case _:
            builder.block(source)


def _printed(cell: dict[str, Any]) -> str:
    """The start of what a cell's outputs say in plain text."""
    outputs = cell.get("outputs")
    pieces: list[str] = []
    left = MAX_OUTPUT_CHARS
    for output in outputs if isinstance(outputs, list) else ():
        piece = _output(_object(output)).strip("\n")[:left]
        left -= len(piece)
        pieces.append(piece)
        if not left:
            break
    lines = _ESCAPE.sub("", "\n".join(filter(None, pieces))).split("\n")
    return "\n".join(lines[:MAX_LINES])


def _output(output: dict[str, Any]) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    data = _object(output.get("data"))
    return _text(data.get("text/plain", output.get("text")))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A multi-line text of the format: one, or a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""
