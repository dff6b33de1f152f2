import pytest

from chat_ws.runs.window import Window


def test_it_widens_with_each_that_begins_until_it_is_too_much() -> None:
    """First one more for each, later one more for as many as it is wide."""
    window = Window(100)
    for _ in range(4):
        window.began()
    assert window.size == 20
    window.crowded(window.round)
    assert window.size == 14
    for _ in range(14):
        window.began()
    assert window.size == 14
    window.began()
    assert window.size == 15


def test_what_is_too_much_in_one_round_is_one() -> None:
    """What was asked for before the window became narrower says nothing about the narrower one."""
    window = Window(100)
    first = window.round
    window.crowded(first)
    window.crowded(first)
    assert window.size == 11
    window.crowded(window.round)
    assert window.size == 7


@pytest.mark.parametrize("most", [1, 3, 100])
def test_it_stays_within_its_bounds(most: int) -> None:
    """Never nothing, never more than there may be."""
    window = Window(most)
    for _ in range(200):
        window.began()
    assert window.size == most
    for _ in range(50):
        window.crowded(window.round)
    assert window.size == min(2, most)
