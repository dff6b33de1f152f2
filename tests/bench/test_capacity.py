import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from bench.capacity import HEAD, Asked, Step, back_after, capacity, next_rate, picture, row, step
from bench.growth import Point

NOTHING = Step(0, 0, 0, 0, 0, 0, 0, 0, 0)


def at_rate(offered: float, *, share: float = 1.0, first_ms: float = 100.0) -> Step:
    return replace(NOTHING, offered=offered, share=share, first_p95_ms=first_ms)


def test_a_step_is_what_came_of_the_questions_of_its_window() -> None:
    """Times are of those who were answered, from when they asked; others before and after do not count."""
    asked = [
        Asked(9.9, acknowledged=9.9, first=15.0, ended=19.0, outcome="answered"),
        Asked(10.0, acknowledged=10.1, first=10.2, ended=10.5, outcome="answered"),
        Asked(11.0, acknowledged=11.1, first=11.4, ended=11.4, outcome="left"),
        Asked(12.0, ended=12.0, outcome="overloaded"),
        Asked(13.0, acknowledged=13.1, ended=14.0, outcome="failed"),
        Asked(14.0, acknowledged=14.1),
        Asked(20.0, acknowledged=20.1, first=20.2, ended=20.4, outcome="answered"),
    ]
    found = step(asked, [9.0, 12.0, 15.0, 20.0], offered=3.0, window=(10.0, 20.0), busy=0.5)
    assert (found.offered, found.answered, found.refused, found.share) == (3.0, 0.2, 0.2, 0.4)
    assert (round(found.first_p50_ms), round(found.first_p95_ms), round(found.whole_p95_ms)) == (
        400,
        400,
        500,
    )
    assert (found.failed, found.busy) == (1, 0.5)
    assert not found.kept
    assert step([], [], offered=1.0, window=(0.0, 1.0)).share == 0


@pytest.mark.parametrize(
    ("one", "kept"),
    [
        (at_rate(9), True),
        (at_rate(9, share=0.95, first_ms=1000), True),
        (at_rate(9, share=0.94), False),
        (at_rate(9, first_ms=1001), False),
        (at_rate(9, first_ms=0), False),
    ],
)
def test_a_rate_is_kept_when_nearly_all_are_answered_in_time(one: Step, *, kept: bool) -> None:
    """A rate of which nothing came is not."""
    assert one.kept is kept


def test_the_capacity_is_looked_for_by_growing_and_halving() -> None:
    """Half as much again until it is too much, then between the highest kept and the lowest not kept."""
    steps: list[Step] = []
    tried: list[float] = []
    while (rate := next_rate(steps, first=10.0)) is not None:
        tried.append(rate)
        steps.append(at_rate(rate, share=1.0 if rate <= 17 else 0.5))
    assert tried == [10.0, 15.0, 22.5, 18.75, 16.875, 17.8125]
    most = capacity(steps)
    assert most is not None
    assert most.offered == 16.875


def test_a_machine_that_keeps_nothing_is_not_asked_for_ever() -> None:
    """Below a question a second there is no capacity."""
    steps: list[Step] = []
    while (rate := next_rate(steps, first=10.0)) is not None:
        steps.append(at_rate(rate, share=0.0))
    assert len(steps) < 6
    assert capacity(steps) is None


def test_back_to_normal_is_after_the_last_trouble() -> None:
    """A refusal, a late first word, an answer that never came; not what was asked before, nor who left."""
    asked = [
        Asked(5.0, outcome="failed"),
        Asked(11.0, first=11.2, outcome="answered"),
        Asked(12.0, first=12.5, outcome="answered"),
        Asked(14.0, outcome="left"),
    ]
    assert back_after(asked, [9.0], over=10.0, normal_ms=300) == 2.0
    assert back_after(asked, [13.0], over=10.0, normal_ms=300) == 3.0
    assert back_after(asked, [9.0], over=10.0, normal_ms=600) == 0.0


def test_it_is_told_and_drawn() -> None:
    """A line a step, and a line in the picture for each figure."""
    steps = [at_rate(20.0, first_ms=300), at_rate(10.0)]
    lines = [HEAD, *map(row, steps)]
    assert len(lines) == 3
    assert lines[1].split()[:4] == ["20.0", "0.0", "0.0", "100.0"]
    over_time = {"answered": [Point(0, 1), Point(1, 2)], "p95 ms": [Point(0, 5), Point(1, 6)]}
    drawn = ElementTree.fromstring(picture(steps, over_time, marks=[0.5]))  # noqa: S314 - of our own making
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"p95", "p50", "answered", "refused", "p95 ms", "20.0 questions/s", "1.0 s"} <= set(texts)
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 6
