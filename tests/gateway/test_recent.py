"""A cache of some seconds."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.recent import Recent


def test_an_entry_is_good_for_once_to_twice_as_long() -> None:
    """It is there for so long at least, and gone after twice that, however often it is asked for."""
    recent: Recent[str, int] = Recent(seconds=10, most=10)
    recent.put("a", 1, now=100)
    assert [recent.get("a", now=now) for now in (100, 109, 110)] == [1, 1, 1]
    assert recent.get("a", now=121) is None


def test_after_a_long_silence_nothing_is_recent() -> None:
    """What was known before the silence is not known after it."""
    recent: Recent[str, int] = Recent(seconds=10, most=10)
    recent.put("a", 1, now=100)
    assert recent.get("a", now=100) == 1
    assert recent.get("a", now=1000) is None


def test_a_clock_that_was_set_back_makes_nothing_last() -> None:
    """Entries are not kept until the old time comes again."""
    recent: Recent[str, int] = Recent(seconds=10, most=10)
    assert recent.get("a", now=1000) is None
    recent.put("a", 1, now=1000)
    assert recent.get("a", now=10) is None


@given(st.lists(st.integers(0, 1000), min_size=50, max_size=300))
def test_memory_is_bounded(keys: list[int]) -> None:
    """A flood of new keys keeps at most twice the bound; the last one is always there."""
    recent: Recent[int, int] = Recent(seconds=10, most=5)
    for key in keys:
        assert recent.get(key, now=1) in (None, key)
        recent.put(key, key, now=1)
        assert recent.get(key, now=1) == key
    assert sum(recent.get(key, now=1) is not None for key in set(keys)) <= 10
