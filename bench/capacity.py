"""What visitors' questions came to at each rate, how many a second Carrel can take, and the picture of it.

Pure. A rate is *kept* when nearly all questions are answered and the first words come in time: ``SHARE``,
``FIRST_MS``. The capacity is the highest rate that is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.figures import percentile
from bench.growth import Point
from bench.plot import RATE, SECONDS, Panel, svg

FIRST_MS = 1000.0
"""The 95th percentile of the time to an answer's first word, at most, for a rate to be kept."""
SHARE = 0.95
"""Of the questions, answered, at least, for a rate to be kept; who was refused may have come again."""
OVERLOAD = 3.0
LATER = 1.5
"""How much later than at capacity the first words may come under overload (95th percentiles)."""
NORMAL_S = 10.0
"""How soon after an overload everything is as before."""
_GROWS, _CLOSE = 1.5, 1.06


@dataclass
class Asked:
    """One question; times in seconds by one clock, 0 for what did not happen."""

    at: float
    """When it was asked, the last time where it was refused and asked again."""
    acknowledged: float = 0.0
    first: float = 0.0
    """When the first word of its answer came."""
    ended: float = 0.0
    words: int = 0
    outcome: str = ""
    """``answered``, ``left`` (by a visitor who did not wait), or what went wrong."""

    @property
    def good(self) -> bool:
        """Whether it was answered, as far as anybody waited for it."""
        return self.outcome in ("answered", "left")

    @property
    def lost(self) -> bool:
        """Whether it was acknowledged, and ended without an answer."""
        return bool(self.acknowledged and self.outcome) and not self.good


@dataclass(frozen=True)
class Step:
    """What came of a rate of questions, in its measured seconds."""

    offered: float
    """Questions a second that were to be asked, were nobody to leave early."""
    answered: float
    """Answers a second."""
    refused: float
    """Refusals a second."""
    share: float
    """Of the questions that were asked then, how many (of 1) were answered in the end."""
    first_p50_ms: float
    first_p95_ms: float
    first_p99_ms: float
    whole_p95_ms: float
    failed: int
    """Questions that were acknowledged, and not answered."""
    busy: float = 0.0
    """How much of the machine was at work, of 1."""

    @property
    def kept(self) -> bool:
        """Whether this rate is no more than Carrel can take."""
        return self.share >= SHARE and 0 < self.first_p95_ms <= FIRST_MS


def step(
    asked: Sequence[Asked],
    refusals: Sequence[float],
    *,
    offered: float,
    window: tuple[float, float],
    busy: float = 0.0,
) -> Step:
    """Return what came of the questions that were asked within ``window``; ``refusals`` are times."""
    begin, end = window
    mine = [one for one in asked if begin <= one.at < end]
    firsts = [(one.first - one.at) * 1000 for one in mine if one.first]
    wholes = [(one.ended - one.at) * 1000 for one in mine if one.outcome == "answered"]
    good = sum(one.good for one in mine)
    return Step(
        offered=offered,
        answered=sum(one.outcome == "answered" and begin <= one.ended < end for one in asked) / (end - begin),
        refused=sum(begin <= at < end for at in refusals) / (end - begin),
        share=good / len(mine) if mine else 0.0,
        first_p50_ms=percentile(firsts, 0.5),
        first_p95_ms=percentile(firsts, 0.95),
        first_p99_ms=percentile(firsts, 0.99),
        whole_p95_ms=percentile(wholes, 0.95),
        failed=sum(one.lost for one in mine),
        busy=busy,
    )


def next_rate(steps: Sequence[Step], *, first: float) -> float | None:
    """Return the rate to try next, or None when the capacity is known closely enough."""
    if not steps:
        return first
    kept = max((one.offered for one in steps if one.kept), default=0.0)
    broken = min((one.offered for one in steps if not one.kept and one.offered > kept), default=0.0)
    if not broken:
        return kept * _GROWS
    return None if broken < max(kept, 1.0) * _CLOSE else (kept + broken) / 2


def capacity(steps: Sequence[Step]) -> Step | None:
    """Return the highest rate that was kept."""
    return max((one for one in steps if one.kept), key=lambda one: one.offered, default=None)


def back_after(asked: Sequence[Asked], refusals: Sequence[float], *, over: float, normal_ms: float) -> float:
    """Return how long after ``over`` something was refused, or asked and answered late, the last time."""
    late = [
        one.at
        for one in asked
        if one.at >= over
        and one.outcome != "left"
        and not (one.first and (one.first - one.at) * 1000 <= normal_ms)
    ]
    troubles = [at for at in (*late, *refusals) if at >= over]
    return max(troubles, default=over) - over


HEAD = "offered/s  answered/s  refused/s  answered %   first p50    p95    p99  whole p95 ms  busy %  failed"


def row(one: Step) -> str:
    """Return a step as a line under ``HEAD``."""
    return (
        f"{one.offered:9.1f} {one.answered:11.1f} {one.refused:10.1f} {one.share * 100:11.1f}"
        f" {one.first_p50_ms:11.0f} {one.first_p95_ms:6.0f} {one.first_p99_ms:6.0f}"
        f" {one.whole_p95_ms:13.0f} {one.busy * 100:7.0f} {one.failed:7}"
    )


def picture(
    steps: Sequence[Step], over_time: Mapping[str, Sequence[Point]], *, marks: Sequence[float]
) -> str:
    """Return the plot: times to the first word at each rate, and the overload second by second."""
    ordered = sorted(steps, key=lambda one: one.offered)

    def line(figure: str) -> list[list[Point]]:
        return [[Point(one.offered, asdict(one)[figure]) for one in ordered]]

    rates = {name: [line] for name, line in over_time.items() if not name.endswith("ms")}
    times = {name: [line] for name, line in over_time.items() if name.endswith("ms")}
    return svg(
        [
            Panel(
                "to the first word, ms",
                {"p95": line("first_p95_ms"), "p50": line("first_p50_ms")},
                across=RATE,
            ),
            Panel("a second", {"answered": line("answered"), "refused": line("refused")}, across=RATE),
            Panel("three times the capacity, and after: a second", rates, marks, across=SECONDS),
            Panel("to the first word, ms", times, marks, across=SECONDS),
        ]
    )
