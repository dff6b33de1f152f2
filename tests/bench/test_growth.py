"""bench.growth"""

import pytest

from bench.growth import WARM_UP_S, Point, grown, judge, report


def life(*values: float, every_s: float = WARM_UP_S / 3) -> list[Point]:
    """A life with ``values``, one after another."""
    return [Point(1000 + at * every_s, value) for at, value in enumerate(values)]


def test_a_flat_life_does_not_grow() -> None:
    """What rises while it warms up, and swings a little after, is flat."""
    verdict = judge(life(10, 60, 90, 100, 103, 99, 101, 102, 104), slack=5)

    assert verdict is not None
    assert (verdict.began, verdict.ended, verdict.grew) == (101.5, 103, False)


@pytest.mark.parametrize(("slack", "grew"), [(5, True), (30, False)])
def test_what_rises_after_the_warm_up_grows(slack: float, grew: bool) -> None:
    """Beyond a tenth and the slack it is growth."""
    verdict = judge(life(10, 60, 90, 100, 110, 120, 130, 140, 150), slack=slack)

    assert verdict is not None
    assert verdict.grew is grew


def test_a_short_life_is_not_judged() -> None:
    """A process that was killed before it was warm says nothing; nor does one never seen."""
    assert judge(life(10, 20, 30), slack=0) is None
    assert judge([], slack=0) is None


def test_the_report_names_the_worst_life() -> None:
    """One line a program; who has no long life is said not to be judged."""
    flat, rising = life(*[100] * 9), life(0, 0, 0, 100, 110, 120, 130, 140, 150)
    lives = {"gateway": [flat, rising], "retriever": [flat], "chat_ws": [life(1)]}

    assert report(lives, unit="MB", slack=5) == [
        "gateway: 2 lives, 2 judged, worst 105 -> 145 MB GREW",
        "retriever: 1 lives, 1 judged, worst 100 -> 100 MB",
        "chat_ws: 1 lives, 0 judged, none long enough to be judged",
    ]
    assert grown(lives, slack=5) == ["gateway"]
