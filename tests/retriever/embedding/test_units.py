"""What a service embeds is checked, and made of length 1."""

from math import hypot, inf, nan
from typing import Any

import pytest

from retriever.embedding.units import unit_vectors
from shared.errors import UpstreamUnavailableError


def test_vectors_get_length_1() -> None:
    """The direction stays."""
    first, second = unit_vectors([[3, 4], [-127, 0]], count=2, size=2)
    assert list(first) == pytest.approx([0.6, 0.8])
    assert list(second) == [-1.0, 0.0]
    assert hypot(*first) == pytest.approx(1)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        7,
        [],
        [[1, 2]],
        [[1, 2], [1, 2], [1, 2]],
        [[1, 2], [1, 2, 3]],
        [[1, 2], 5],
        [[1, 2], "ab"],
        [[1, 2], [1, None]],
        [[1, 2], [0, 0]],
        [[1, 2], [nan, 1]],
        [[1, 2], [inf, nan]],
        [[1, 2], [10**400, 1]],
    ],
)
def test_anything_else_is_refused(rows: Any) -> None:
    """Another number, another size, what is no number, what has no direction."""
    with pytest.raises(UpstreamUnavailableError, match="embedding"):
        unit_vectors(rows, count=2, size=2)
