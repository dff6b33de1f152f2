import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ws.runs.turns import Turns
from shared.errors import OverloadedError


def test_so_many_go_at_once_and_the_others_wait() -> None:
    """Whoever is within the bounds goes at once; a place that is left is the next one's."""
    turns = Turns(most=2, each=2, waiting=9)
    assert [turns.ask("a", "a1"), turns.ask("b", "b1"), turns.ask("c", "c1")] == [True, True, False]
    assert turns.positions() == {"c1": 1}
    assert turns.leave("a1") == ["c1"]
    assert (turns.waiting, turns.positions()) == (0, {})


def test_visitors_take_turns() -> None:
    """Who asks a lot waits for it: everybody gets one run in each round."""
    turns = Turns(most=1, each=1, waiting=99)
    turns.ask("x", "first")
    for run_id in ("a1", "a2", "a3", "b1", "c1", "c2"):
        turns.ask(run_id[0], run_id)
    assert list(turns.positions()) == ["a1", "b1", "c1", "a2", "c2", "a3"]
    order, going = [], "first"
    while started := turns.leave(going):
        [going] = started
        order.append(going)
    assert order == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_one_visitor_does_not_take_every_place() -> None:
    """Past a visitor's own bound a run waits although there is room, which is for others."""
    turns = Turns(most=3, each=2, waiting=9)
    assert [turns.ask("a", run_id) for run_id in ("a1", "a2", "a3")] == [True, True, False]
    assert turns.ask("b", "b1")
    assert turns.leave("b1") == []
    assert turns.leave("a1") == ["a3"]


def test_who_waits_may_leave() -> None:
    """A run that is cancelled while it waits is not named later; an unknown one changes nothing."""
    turns = Turns(most=1, each=1, waiting=9)
    for run_id in ("a1", "b1", "b2", "c1"):
        turns.ask(run_id[0], run_id)
    assert turns.leave("b1") == turns.leave("c1") == turns.leave("unknown") == []
    assert turns.positions() == {"b2": 1}
    assert turns.leave("a1") == ["b2"]


def test_the_line_is_bounded() -> None:
    """Past its length nobody else is taken, and is told to come again."""
    turns = Turns(most=1, each=1, waiting=1)
    turns.check()
    turns.ask("a", "a1")
    turns.check()
    turns.ask("b", "b1")
    with pytest.raises(OverloadedError) as caught:
        turns.check()
    assert caught.value.retry_after_ms
    turns.leave("b1")
    turns.check()


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
            new = turns.leave(going.pop(0))
        elif visitor:
            asked += 1
            new = [f"{visitor}{asked}"] if turns.ask(visitor, f"{visitor}{asked}") else []
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
