import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ws.runs.turns import Turns
from shared.errors import OverloadedError


def test_so_many_go_at_once_and_the_others_wait() -> None:
    """Whoever is within the bounds goes at once; a place that is left is the next one's."""
    turns = Turns(most=2, each=2, waiting=9)
    assert [turns.ask("a", "a1", 0.0), turns.ask("b", "b1", 0.0), turns.ask("c", "c1", 0.0)] == [
        True,
        True,
        False,
    ]
    assert turns.positions() == {"c1": 1}
    assert turns.leave("a1", 0.0) == ["c1"]
    assert (turns.waiting, turns.positions()) == (0, {})


def test_visitors_take_turns() -> None:
    """Who asks a lot waits for it: everybody gets one run in each round."""
    turns = Turns(most=1, each=1, waiting=99)
    turns.ask("x", "first", 0.0)
    for run_id in ("a1", "a2", "a3", "b1", "c1", "c2"):
        turns.ask(run_id[0], run_id, 0.0)
    assert list(turns.positions()) == ["a1", "b1", "c1", "a2", "c2", "a3"]
    order, going = [], "first"
    while started := turns.leave(going, 0.0):
        [going] = started
        order.append(going)
    assert order == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_one_visitor_does_not_take_every_place() -> None:
    """Past a visitor's own bound a run waits although there is room, which is for others."""
    turns = Turns(most=3, each=2, waiting=9)
    assert [turns.ask("a", run_id, 0.0) for run_id in ("a1", "a2", "a3")] == [True, True, False]
    assert turns.ask("b", "b1", 0.0)
    assert turns.leave("b1", 0.0) == []
    assert turns.leave("a1", 0.0) == ["a3"]


def test_who_waits_may_leave() -> None:
    """A run that is cancelled while it waits is not named later; an unknown one changes nothing."""
    turns = Turns(most=1, each=1, waiting=9)
    for run_id in ("a1", "b1", "b2", "c1"):
        turns.ask(run_id[0], run_id, 0.0)
    assert turns.leave("b1", 0.0) == turns.leave("c1", 0.0) == turns.leave("unknown", 0.0) == []
    assert turns.positions() == {"b2": 1}
    assert turns.leave("a1", 0.0) == ["b2"]


def test_the_line_is_bounded() -> None:
    """Past its length nobody else is taken, and is told to come again."""
    turns = Turns(most=1, each=1, waiting=1)
    turns.check(0.0)
    turns.ask("a", "a1", 0.0)
    turns.check(0.0)
    turns.ask("b", "b1", 0.0)
    with pytest.raises(OverloadedError) as caught:
        turns.check(0.0)
    assert caught.value.retry_after_ms
    turns.leave("b1", 0.0)
    turns.check(0.0)


def test_so_many_begin_at_once_as_the_window_is_wide() -> None:
    """Who has the first word makes way for the next, who is refused narrows the window; leaving does, too."""
    turns = Turns(most=99, each=99, waiting=99)
    runs = [f"a{number}" for number in range(turns.window.size + 3)]
    assert [turns.ask("a", run_id, 0.0) for run_id in runs] == [True] * 16 + [False] * 3
    assert turns.begun("a0", 0.0) == ["a16", "a17"]  # one for the place, one for the window that grew
    assert turns.begun("a0", 0.0) == turns.begun("unknown", 0.0) == []
    assert (turns.beginning, turns.waiting) == (17, 1)
    turns.window.crowded(turns.window.round)
    assert turns.window.size == 11
    assert turns.leave("a0", 0.0) == []  # it had begun: its place is not one of the window's
    assert [turns.begun(f"a{number}", 0.0) for number in range(1, 7)] == [[]] * 6
    assert turns.leave("a7", 0.0) == ["a18"]


def test_a_window_that_is_not_full_does_not_grow() -> None:
    """Whoever begins while there was room for others proves nothing about more."""
    turns = Turns(most=99, each=99, waiting=99)
    turns.ask("a", "a0", 0.0)
    turns.begun("a0", 0.0)
    assert turns.window.size == 16


def test_what_goes_on_being_too_much_is_refused() -> None:
    """A burst waits; once there is a line for a while, nobody else is taken who would wait for too long."""
    turns = Turns(most=99, each=1, waiting=99, wait_s=0.5)
    going = turns.window.size
    for number in range(going + 5):
        turns.check(10.0)
        turns.ask(f"v{number}", f"v{number}", 10.0)
    turns.check(10.5)
    with pytest.raises(OverloadedError, match="Too many questions"):
        turns.check(10.6)
    for number in range(4):
        turns.leave(f"v{number}", 10.7)
    turns.check(10.7)
    turns.coming += 1
    with pytest.raises(OverloadedError, match="Too many questions"):
        turns.check(10.7)
    turns.coming -= 1
    turns.leave("v4", 10.8)
    turns.check(99.0)
    # A visitor who has had their share waits for themselves alone.
    turns.ask("v6", "another", 10.8)
    assert turns.waiting == 1
    turns.check(99.0)


def test_where_all_answers_are_being_given_a_place_is_waited_for() -> None:
    """That takes as long as answers take: it is told, not refused."""
    turns = Turns(most=1, each=1, waiting=9, wait_s=0.5)
    turns.ask("a", "a1", 0.0)
    turns.ask("b", "b1", 0.0)
    turns.check(99.0)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_everybody_goes_once_and_never_too_many(steps: list[tuple[str, bool]], most: int, each: int) -> None:
    """However runs come and go: the bounds hold, nobody is lost, and nobody waits beside a free place."""
    turns = Turns(most=most, each=each, waiting=99)
    going: list[str] = []
    started: list[str] = []
    asked = 0
    for visitor, ends in [*steps, *[("", True)] * len(steps)]:
        if ends and going:
            new = turns.leave(going.pop(0), 0.0)
        elif visitor:
            asked += 1
            new = [f"{visitor}{asked}"] if turns.ask(visitor, f"{visitor}{asked}", 0.0) else []
        else:
            new = []
        going += new
        started += new
        assert len(going) <= most
        assert all(sum(run[0] == one for run in going) <= each for one in "abc")
        waiting = turns.positions()
        assert sorted(waiting.values()) == list(range(1, len(waiting) + 1))
        assert len(going) == most or all(sum(r[0] == w[0] for r in going) >= each for w in waiting)
    assert (len(started), len(set(started)), turns.waiting) == (asked, asked, 0)
