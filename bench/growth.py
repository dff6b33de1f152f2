"""Whether something grows: the figures of one process over its life, judged after its warm-up.

Pure. A life is judged when it went on after the warm-up for as long again: the median of its last third may
exceed that of its first third by a tenth and a little: so far caches, pools and the allocator swing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

WARM_UP_S = 90.0
SHARE = 0.10


@dataclass(frozen=True)
class Point:
    """A figure at a time, in seconds."""

    at_s: float
    value: float


@dataclass(frozen=True)
class Verdict:
    """What is said of one life."""

    began: float
    """The median of the first third after the warm-up."""
    ended: float
    """The median of the last third."""
    grew: bool


def judge(life: Sequence[Point], *, slack: float, warm_up_s: float = WARM_UP_S) -> Verdict | None:
    """Return the verdict on ``life``, which may grow by ``slack`` and a tenth; None for one too short."""
    if not life or life[-1].at_s - life[0].at_s < 2 * warm_up_s:
        return None
    warm = [point.value for point in life if point.at_s - life[0].at_s >= warm_up_s]
    third = max(len(warm) // 3, 1)
    began, ended = median(warm[:third]), median(warm[-third:])
    return Verdict(began, ended, ended > began * (1 + SHARE) + slack)


def report(lives: Mapping[str, Sequence[Sequence[Point]]], *, unit: str, slack: float) -> list[str]:
    """Return a line for each program: how many of its ``lives`` were judged, and the worst of them."""
    lines = []
    for name, all_of_it in lives.items():
        verdicts = [verdict for life in all_of_it if (verdict := judge(life, slack=slack)) is not None]
        worst = max(verdicts, key=lambda verdict: verdict.ended - verdict.began, default=None)
        said = "none long enough to be judged"
        if worst is not None:
            said = f"worst {worst.began:.0f} -> {worst.ended:.0f} {unit}" + (" GREW" if worst.grew else "")
        lines.append(f"{name}: {len(all_of_it)} lives, {len(verdicts)} judged, {said}")
    return lines


def grown(lives: Mapping[str, Sequence[Sequence[Point]]], *, slack: float) -> list[str]:
    """Return the programs of which a life grew."""
    return [
        name
        for name, all_of_it in lives.items()
        if any((verdict := judge(life, slack=slack)) is not None and verdict.grew for life in all_of_it)
    ]
