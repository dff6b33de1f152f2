"""The places for what may be at the same time."""

import pytest

from shared.errors import RateLimitedError
from shared.places import Places


def test_places_are_limited_in_all_and_each() -> None:
    """One visitor cannot take every place, and a place that is left is free again."""
    places = Places(total=3, each=2)
    places.take("a")
    places.take("a")
    with pytest.raises(RateLimitedError) as caught:
        places.take("a")
    assert caught.value.retry_after_ms
    places.take("b")
    with pytest.raises(RateLimitedError):
        places.take("c")
    places.leave("b")
    places.take("c")
    places.leave("a")
    places.take("a")


def test_places_without_limits_are_always_there() -> None:
    """Load tests lift the limits."""
    places = Places(total=None, each=None)
    places.take("a")
    places.take("a")
    places.leave("a")
    places.leave("a")
    assert places.taken == 0
