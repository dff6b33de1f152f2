"""The figures of retrieval are those of their definitions."""

import math

import pytest

from bench.retrieval import ndcg, recall, reciprocal_rank

RIGHT = {"a": 1.0, "b": 1.0}


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
