"""Our types as the engine's, and back."""

from types import SimpleNamespace

import pytest
import qdrant_edge as q

from retriever.embedded.translation import (
    DENSE,
    filter_of,
    payload_keys,
    point_of,
    query_of,
    stored_of,
    vectors_of,
)
from retriever.ports import AnyOf, Between, Equals, NoneOf, Point, Signal, Where
from retriever.sparse import SparseVector

ID = "5f0f7a5e-0d4c-4d0c-9f51-3d6d0a3c9b11"
WORDS = SparseVector((1, 7), (1.0, 0.5))


@pytest.mark.parametrize("dense", [None, (0.5, 0.25)])
def test_a_point_goes_there_and_back(dense: tuple[float, ...] | None) -> None:
    """With its vectors by name; one without a dense vector comes back without."""
    point = Point(ID, {"kind": "x"}, {"text": WORDS}, dense)
    made = q.Point(point.id, vectors_of(q, point), dict(point.payload))
    back = point_of(SimpleNamespace(id=made.id, payload=made.payload, vector=made.vector))
    assert (back.id, back.payload, back.sparse) == (ID, {"kind": "x"}, {"text": WORDS})
    assert (tuple(back.dense) if back.dense is not None else None) == dense
    assert stored_of(made).payload == {"kind": "x"}


def test_each_condition_has_its_form() -> None:
    """The engine takes each of them; what is not text is compared as a number."""
    where = Where(
        (
            Equals("kind", "x"),
            Equals("page", 3),
            AnyOf("kind", ("x", "y")),
            AnyOf("page", (3, 4)),
            Between("page", gte=1, lt=9),
            NoneOf("kind", ("z",)),
        )
    )
    told = repr(filter_of(q, where))
    for part in ("kind", "page", "MatchValue", "MatchAny", "RangeFloat", "must_not"):
        assert part in told


def test_a_signal_becomes_a_query() -> None:
    """Of words, or of meaning."""
    words = repr(query_of(q, Signal(5, sparse=WORDS, using="text"), None))
    meaning = repr(query_of(q, Signal(5, dense=(0.5, 0.25)), None))
    assert "text" in words
    assert DENSE in meaning
    assert (payload_keys(None), payload_keys(("kind",))) == (True, ["kind"])
