from shared.crowding import Crowding


def test_a_burst_may_wait() -> None:
    """However many come at once: for its first time a line takes them, and a new one begins anew."""
    line = Crowding(0.5)
    assert not line.is_too_much(0, 9.0)
    line.waits(1, 10.0)
    line.waits(99, 10.0)
    assert not line.is_too_much(99, 10.5)
    assert line.is_too_much(99, 10.6)
    line.waits(0, 11.0)
    assert not line.is_too_much(0, 12.0)
    line.waits(99, 20.0)
    assert not line.is_too_much(99, 20.4)
    line.waits(0, 20.4)
    line.waits(0, 22.0)
    line.waits(99, 23.0)
    assert not line.is_too_much(99, 23.4)


def test_a_line_that_was_empty_for_a_moment_is_no_new_burst() -> None:
    """Else each moment without a line would let in all who came in the time of a burst."""
    line = Crowding(0.5)
    line.waits(9, 10.0)
    line.went(10.1)
    line.waits(0, 10.8)
    line.waits(9, 11.0)
    assert line.is_too_much(9, 11.1)
    assert not line.is_too_much(5, 11.1)


def test_a_line_that_goes_on_takes_as_many_as_go_in_time() -> None:
    """So many times as there are before, what one of them takes."""
    line = Crowding(0.5)
    line.waits(50, 0.0)
    for step in range(1, 21):
        line.went(step / 10)
        line.waits(50, step / 10)
    assert not line.is_too_much(5, 2.0)
    assert line.is_too_much(6, 2.0)


def test_it_is_told_by_the_newest_how_fast_a_line_moves() -> None:
    """One that has become slow is found out, at once where nobody goes any more."""
    line = Crowding(0.5)
    line.waits(9, 0.0)
    for step in range(1, 101):
        line.went(step / 100)
    assert not line.is_too_much(9, 1.0)
    assert line.is_too_much(9, 1.1)
    for step in range(1, 11):
        line.went(1.0 + step / 5)
    assert line.is_too_much(3, 3.0)
    assert not line.is_too_much(2, 3.0)
