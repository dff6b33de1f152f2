"""A notebook becomes its text, its code and the start of what it printed."""

import json

import pytest

from retriever.parsers.notebook import MAX_LINES, MAX_OUTPUT_CHARS, parse
from shared.errors import InvalidRequestError
from tests.support.nasty import notebook


def markdown(source: object) -> dict[str, object]:
    return {"cell_type": "markdown", "source": source}


def code(source: object, *outputs: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def test_cells_become_sections_text_and_code() -> None:
    """Markdown cells are Markdown, each to itself, and headings hold for the code below them."""
    document = parse(
        notebook(
            markdown(["# Lamps\n", "\n", "Some *text*.\n\n```\nopen"]),
            markdown("## Light\n\n- one"),
            code("light(1)\n"),
            {"cell_type": "raw", "source": "Raw text."},
        )
    )
    assert document.text == "Lamps\n\nSome text.\n\nopen\n\nLight\n\n- one\n\nlight(1)\n\nRaw text."
    assert [(s.heading_path, s.anchor) for s in document.sections] == [
        (("Lamps",), "lamps"),
        (("Lamps", "Light"), "light"),
    ]
    assert [block.kind for block in document.blocks] == ["prose", "code", "item", "code", "prose"]
    assert document.title == "Lamps"


def test_titles() -> None:
    """The given title wins over the notebook's, that over its first heading."""
    text = notebook(markdown("## Two\n\nx"), title="Own")
    assert (parse(text, title="Given").title, parse(text).title) == ("Given", "Own")
    assert parse(notebook(markdown("## Two\n\nx"))).title == "Two"


def test_what_was_printed_is_kept_as_text() -> None:
    """Streams, results and errors are told in plain text; pictures, HTML, tracebacks and colours are not."""
    document = parse(
        notebook(
            code(
                "run()",
                {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mone\x1b[0m\n", "two\n"]},
                {"output_type": "execute_result", "data": {"text/plain": "3", "text/html": "<b>3</b>"}},
                {"output_type": "display_data", "data": {"image/png": "QUJD"}},
                {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["Trace"]},
            )
        )
    )
    assert document.text == "run()\n\none\ntwo\n3\nKeyError: 'x'"


@pytest.mark.parametrize("line", ["x" * 100_000 + "\n", "x\n"])
def test_what_was_printed_is_bounded(line: str) -> None:
    """A log of megabytes does not become the document."""
    stream = {"output_type": "stream", "text": [line] * 2000}
    document = parse(notebook(code("run()", stream, stream)))
    printed = document.text.removeprefix("run()\n\n")
    assert 0 < len(printed) <= MAX_OUTPUT_CHARS
    assert printed.count("\n") < MAX_LINES


def test_the_older_format_is_read() -> None:
    """Format 3 keeps its cells in worksheets, its code in ``input``, and has cells that are headings."""
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Old\n", "lamp"]},
        {"cell_type": "heading", "level": None, "source": "Top"},
        {"cell_type": "code", "input": "x = 1", "outputs": [{"output_type": "pyout", "text": ["1"]}]},
    ]
    document = parse(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}))
    assert document.text == "Old lamp\n\nTop\n\nx = 1\n\n1"
    assert document.title == "Top"


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "{}", '{"cells": 3}', "[" * 100_000, '{"cells": ' + "9" * 5000 + "}"]
)
def test_what_is_no_notebook_is_refused(text: str) -> None:
    """Other JSON, and what is none, is refused by name."""
    with pytest.raises(InvalidRequestError, match="no notebook"):
        parse(text)


def test_odd_cells_are_passed_over() -> None:
    """What stands where a cell, an output or a text should be is no text."""
    cells: list[object] = [3, None, {}, markdown(7), code([1, "a"]), {"cell_type": "code", "outputs": 3}]
    cells += [code("b", 1, {"data": 3}, {"output_type": "error"}), markdown("end")]
    document = parse(json.dumps({"cells": cells, "metadata": 1}))
    assert document.text == "a\n\nb\n\n:\n\nend"
    assert parse(json.dumps({"worksheets": [1, {"cells": 2}]})).text == ""
