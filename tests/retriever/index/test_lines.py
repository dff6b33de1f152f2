"""Lines of an export are read back as what was written, and anything else is refused with its reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.documents.records import point_id
from retriever.index.identity import Identity
from retriever.index.lines import (
    FORMAT,
    Beginning,
    BrokenLinesError,
    End,
    Line,
    Removed,
    check,
    read,
    write,
)
from retriever.ports import Point, Space
from retriever.sparse import SparseVector

ID = point_id("chunk", "a", 1, 0)
WORDS = Identity("f")
DENSE = Identity("f", Space("model", 2))
VECTOR = SparseVector((3, 4_000_000_000), (0.5, 1.25))


@pytest.mark.parametrize(
    "line",
    [
        Beginning(WORDS),
        Beginning(DENSE),
        Point(ID, {"kind": "chunk", "text": "é\u2028\n"}, {"text": VECTOR}, [0.5, -1.0]),
        Point(ID, {"kind": "record", "facets": [1, 2.5, None, {"a": True}]}),
        Removed("a/b.md"),
        End(7, 2),
    ],
    ids=repr,
)
def test_each_line_comes_back(line: Line) -> None:
    """One line of bytes each, the same value back."""
    written = write(line)
    assert written.count(b"\n") == 1
    assert written.endswith(b"\n")
    assert read(written) == line


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.integers() | st.booleans()))
def test_any_payload_comes_back(payload: dict[str, str | float | int | bool]) -> None:
    """Whatever a document's metadata holds."""
    assert read(write(Point(ID, payload))) == Point(ID, payload)


def test_half_a_surrogate_comes_back() -> None:
    """Text that is no good Unicode is kept as it is."""
    assert read(write(Removed("\ud800"))) == Removed("\ud800")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "none of an index"),
        (b"\xff", "none of an index"),
        (b"[]", "none of an index"),
        (b"{}", "none of an index"),
        (b"null", "none of an index"),
        (b'{"carrel": "conversations"}', "not the export of an index"),
        (b'{"carrel": "index", "format": 1}', "none of an index"),
        (b'{"id": "7", "payload": {}}', "none of an index"),
        (b'{"id": "%s", "payload": {}, "dense": "AAA"}' % ID.encode(), "none of an index"),
        (b'{"id": "%s", "payload": 7}' % ID.encode(), "none of an index"),
        (b'{"end": {"lines": "many"}}', "none of an index"),
    ],
)
def test_what_is_no_line_is_refused(line: bytes, reason: str) -> None:
    """With a reason that holds nothing of it."""
    with pytest.raises(BrokenLinesError, match=reason):
        read(line)


def test_another_format_is_named() -> None:
    """A newer Carrel's export says so, instead of being misread."""
    line = json.dumps({"carrel": "index", "format": FORMAT + 1, "identity": {}}).encode()
    with pytest.raises(
        BrokenLinesError, match=f"it has format {FORMAT + 1}, this version of Carrel reads {FORMAT}"
    ):
        read(line)


def test_an_index_holds_what_it_says_it_does() -> None:
    """Vectors have the size that the first line tells, and names that are known."""
    check(Point(ID, {}, {"text": VECTOR}, [0.5, 1.0]), DENSE)
    check(Point(ID, {}), WORDS)
    with pytest.raises(BrokenLinesError, match="another size"):
        check(Point(ID, {}, dense=[0.5]), DENSE)
    with pytest.raises(BrokenLinesError, match="another size"):
        check(Point(ID, {}, dense=[0.5]), WORDS)
    with pytest.raises(BrokenLinesError, match="a kind"):
        check(Point(ID, {}, {"pictures": VECTOR}), WORDS)
