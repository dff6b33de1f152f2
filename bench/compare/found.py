"""What was found of one system, and how it is told: a table in Markdown, and an object for a file.

Pure. Owns what "held at once" means.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from bench.figures import percentile

LATE_MS = 250.0
"""So late the 95th percentile of the words may be, from the model to the page."""


@dataclass(frozen=True)
class Step:
    """So many streams asked for."""

    clients: int
    whole: int
    """Answers that came whole, without a break."""
    at_once: int
    """The most that the model was telling at the same time."""
    late_p95_ms: float
    failed: int = 0
    lacking: int = 0
    """Answers that came without a part of the system, such as reranking."""

    @property
    def held(self) -> bool:
        """Whether all of them were told at the same time, whole and in time."""
        return self.whole == self.at_once == self.clients and self.late_p95_ms <= LATE_MS


@dataclass(frozen=True)
class Cut:
    """One answer whose connection was cut in its middle; in words."""

    holes: int
    """Missing on the page when the answer's last word was shown."""
    lost: int
    """Missing on the page at the end."""
    doubled: int
    stored: bool
    """Whether a page that is loaded anew shows it whole."""


@dataclass
class Found:
    """Everything about one system."""

    name: str
    version: str
    first_start_s: float = 0.0
    """The very first start: databases are made in it."""
    ready_s: list[float] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    """From the start of the process to the first word of the first answer."""
    idle_mb: list[float] = field(default_factory=list)
    first_ms: list[list[float]] = field(default_factory=list)
    """Of each repetition, from each question to the first word."""
    lacking: int = 0
    """Of these answers, how many came without a part of the system."""
    steps: list[Step] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)

    @property
    def held(self) -> int:
        """The most streams that were held at once."""
        return max((step.clients for step in self.steps if step.held), default=0)

    def as_json(self) -> dict[str, object]:
        """Return everything, for a file."""
        return {**asdict(self), "held": self.held}


def table(found: Sequence[Found]) -> str:
    """Return a row a measure, a column a system."""
    rows = [
        ["", *(f"{one.name} {one.version}" for one in found)],
        ["---"] * (len(found) + 1),
        ["very first start, s", *(f"{one.first_start_s:.1f}" for one in found)],
        ["start until it answers, s", *(_spread(one.ready_s, 1) for one in found)],
        ["start until the first word of an answer, s", *(_spread(one.answered_s, 1) for one in found)],
        ["idle memory, MB", *(_spread(one.idle_mb, 0) for one in found)],
        ["first word, p50, ms", *(_spread(_percentiles(one, 0.5), 1) for one in found)],
        ["first word, p95, ms", *(_spread(_percentiles(one, 0.95), 1) for one in found)],
        ["of these without a part, such as reranking", *(str(one.lacking) for one in found)],
        ["streams held at once", *(_held(one) for one in found)],
        ["answers cut", *(str(len(one.cuts)) for one in found)],
        [
            "words missing as the last one came, a cut",
            *(_spread([c.holes for c in o.cuts], 0) for o in found),
        ],
        ["words missing at the end, all cuts", *(str(sum(c.lost for c in o.cuts)) for o in found)],
        ["words doubled, all cuts", *(str(sum(c.doubled for c in o.cuts)) for o in found)],
        [
            "whole on a page loaded anew",
            *(f"{sum(c.stored for c in o.cuts)} of {len(o.cuts)}" for o in found),
        ],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def steps(found: Sequence[Found]) -> str:
    """Return a line for each step of each system."""
    return "\n".join(
        f"{one.name}, {step.clients} streams: {step.whole} whole, {step.at_once} at once at most, "
        f"words late p95 {step.late_p95_ms:.0f} ms, {step.failed} failed, "
        f"{step.lacking} without reranking or the like: "
        f"{'held' if step.held else 'not held'}"
        for one in found
        for step in one.steps
    )


def _spread(values: Sequence[float], digits: int) -> str:
    if not values:
        return "-"
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{middle} ({low} to {high})"


def _percentiles(one: Found, share: float) -> list[float]:
    return [percentile(values, share) for values in one.first_ms if values]


def _held(one: Found) -> str:
    failed = {step.clients for step in one.steps} - {step.clients for step in one.steps if step.held}
    return f"{one.held} ({min(failed)} not)" if failed else f"{one.held}, all that were tried"
