"""reStructuredText becomes the text a reader sees, and reaches for nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from retriever.parsers.rst import MAX_LINE_CHARS, parse
from shared.errors import InvalidRequestError

ROOT = Path(__file__).parents[3]


def text(rst: str) -> str:
    return parse(rst).text


def test_sections_and_anchors() -> None:
    """Titles nest by their marks; an anchor is docutils' own, as on a built page."""
    document = parse(
        ".. contents:: All\n\n"
        "Top\n===\n\nx\n\nThe ``a`` way\n-------------\n\ny\n\nDeeper\n~~~~~~\n\nz\n\nEnd\n===\n\nw\n"
    )
    assert [(s.heading_path, s.anchor) for s in document.sections] == [
        (("Top",), "top"),
        (("Top", "The a way"), "the-a-way"),
        (("Top", "The a way", "Deeper"), "deeper"),
        (("End",), "end"),
    ]
    assert document.title == "Top"
    assert parse("x", title="Given").title == "Given"


def test_inline_marks_are_rendered_away() -> None:
    """Emphasis, links and substitutions leave their text, code its backticks, footnote marks nothing."""
    given = (
        "*One* **two** ``code`` ``a`b`` `link <http://x>`_ |sub| :sub:`2` [1]_\nthree.\n\n"
        ".. |sub| replace:: put in\n\n.. [1] The note.\n\n.. comment\n\n.. _target:\n"
    )
    assert text(given) == "One two `code` a`b link put in 2 three.\n\nThe note."


def test_roles_nobody_knows_leave_their_text() -> None:
    """Sphinx's roles are their text or their title; those that name code are code."""
    given = ":func:`~a.b.run` :py:class:`!Lamp` :ref:`the title <label>` :guilabel:`OK` `x`:what:\n"
    assert text(given) == "`run` `Lamp` the title OK x"


def test_directives_leave_what_is_read() -> None:
    """Admonitions, signatures and unknown directives leave argument and content; lists of files nothing."""
    given = (
        ".. note:: Take **care**.\n\n.. function:: light(a, b)\n   :noindex:\n\n   Lights it.\n\n"
        ".. versionadded:: 3.2\n   It came.\n\n.. toctree::\n   :maxdepth: 2\n\n   one\n   two\n\n"
        ".. figure:: x.png\n\n   Caption.\n\n.. what::\n   :odd: yes\n\n"
        ".. code-block:: c\n   :emphasize-lines: 1\n\n   int x;\n"
    )
    document = parse(given)
    assert document.text == "Take care.\n\nlight(a, b)\n\nLights it.\n\n3.2 It came.\n\nCaption.\n\nint x;"
    assert document.blocks[-1].kind == "code"


def test_lists_tables_and_the_rest() -> None:
    """Items keep their marks and depth, rows are lines of cells, every other body its text."""
    given = (
        "- one\n\n  more\n- two\n\n  3. x\n  4. y\n\nterm\n  meaning\n\n:Field: body\n\n   .. unseen\n\n"
        "-v  be loud\n\n"
        "| a line\n|   further in\n\n.. |i| image:: x.png\n\n"
        "===== =====\nA     B\n===== =====\n1     ``2``\n|i|   3\n===== =====\n\n"
        "  quoted\n\n>>> 1\n1\n\n::\n\n  literal\n\n----\n\n.. math:: x^2\n"
    )
    document = parse(given)
    assert document.text == (
        "- one\nmore\n- two\n  3. x\n  4. y\n\nterm\n\nmeaning\n\nField: body\n\n-v be loud\n\n"
        "a line\nfurther in\n\nA | B\n1 | `2`\n| 3\n\nquoted\n\n>>> 1\n1\n\nliteral\n\nx^2"
    )
    kinds = [block.kind for block in document.blocks]
    assert kinds[:5] == ["item"] * 5
    assert kinds[-3:] == ["code"] * 3


@pytest.mark.parametrize(
    "given",
    [
        ".. include:: {0}\n\nText.",
        ".. literalinclude:: {0}\n\nText.",
        ".. raw:: html\n   :file: {0}\n\nText.",
        ".. raw:: html\n\n   secret\n\nText.",
        ".. csv-table::\n   :file: {0}\n\nText.",
        ".. csv-table::\n   :url: file://{0}\n\nText.",
        ".. image:: {0}\n   :alt: secret\n\nText.",
    ],
)
def test_nothing_is_included(given: str, tmp_path: Path) -> None:
    """No directive reads a file or an address, and raw content is no text."""
    (tmp_path / "x").write_text("secret")
    found = text(given.format(tmp_path / "x"))
    assert found.endswith("Text.")
    assert "secret" not in found


def test_a_broken_document_is_still_read() -> None:
    """Errors of markup are not told to readers; what can be read is."""
    given = "Head\n==\n\n*open ``x |no| :role:`\n\n.. |a| replace:: |a|\n\n|a| end\n\nOver\n^^^^\n\n- a\nb\n"
    found = text(given)
    assert "Head" in found
    assert "open" in found
    assert "ERROR" not in found.upper()


def test_a_line_too_long_is_refused() -> None:
    """docutils reads no line of more characters, so neither do we."""
    with pytest.raises(InvalidRequestError, match=f"more than {MAX_LINE_CHARS}"):
        parse("x" * (MAX_LINE_CHARS + 1))


def test_a_configuration_in_the_folder_is_not_read(tmp_path: Path) -> None:
    """A docutils.conf where the service stands changes nothing."""
    (tmp_path / "docutils.conf").write_text("[general]\nraw_enabled: yes\nfile_insertion_enabled: yes\n")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from retriever.parsers.rst import parse; "
        "print(parse('.. raw:: text\\n\\n   secret\\n\\nText.').text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "Text."
