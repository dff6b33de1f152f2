"""The figures of retrieval are those of their definitions."""

import math

import pytest

from bench.retrieval import judgements, ndcg, recall, reciprocal_rank

RIGHT = {"a": 1.0, "b": 1.0}


def test_judgements_are_read_by_query() -> None:
    """A line is a query, a document and how right it is; what is not right at all is left out."""
    table = "query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\tb\t0\nq2\tc\t2\n"
    assert judgements(table) == {"q1": {"a": 1.0}, "q2": {"c": 2.0}}


@pytest.mark.parametrize(
    ("found", "gain", "part", "first"),
    [
        (["a", "b"], 1.0, 1.0, 1.0),
        (["x", "a"], (1 / math.log2(3)) / (1 + 1 / math.log2(3)), 0.5, 0.5),
        ([], 0.0, 0.0, 0.0),
        (["x"] * 10 + ["a"], 0.0, 0.0, 0.0),
    ],
)
def test_what_a_list_is_worth(found: list[str], gain: float, part: float, first: float) -> None:
    """Only the first ten count, and the earlier the more."""
    assert ndcg(found, RIGHT) == pytest.approx(gain)
    assert recall(found, RIGHT) == pytest.approx(part)
    assert reciprocal_rank(found, RIGHT) == pytest.approx(first)
