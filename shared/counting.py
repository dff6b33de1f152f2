"""Counting what was answered: requests by route, method and status, and how long they took.

Pure: plain numbers that cost next to nothing to grow; they become families only when Prometheus asks. Label
values come from small closed sets, never from what a client sent.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Methods that are told apart; the rest is ``other``."""
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of durations, in seconds."""
_BOUND_LABELS = (*(str(bound) for bound in BOUNDS), "+Inf")


class Durations:
    """How long something took, as counts in buckets."""

    __slots__ = ("_counts", "_sum")

    def __init__(self) -> None:
        self._counts, self._sum = [0] * len(_BOUND_LABELS), 0.0

    def add(self, seconds: float) -> None:
        """Count one that took ``seconds``."""
        self._sum += seconds
        self._counts[bisect_left(BOUNDS, seconds)] += 1

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str] = ()) -> None:
        """Add what was counted to ``family``."""
        buckets = list(zip(_BOUND_LABELS, accumulate(self._counts), strict=True))
        family.add_metric(labels, buckets, self._sum)


class _Cell:
    __slots__ = ("bytes", "count", "durations")

    def __init__(self, durations: Durations) -> None:
        self.count = self.bytes = 0
        self.durations = durations


class Requests(Collector):
    """Requests that ``service`` has answered; ``add`` is for hot paths."""

    def __init__(self, service: str) -> None:
        self.in_progress = 0
        self._prefix = f"carrel_{service}"
        self._cells: dict[tuple[str, str, int], _Cell] = {}
        self._durations: dict[str, Durations] = {}

    def add(self, route: str, method: str, status: int, seconds: float, bytes_sent: int) -> None:
        """Count one answer; ``route`` is a template, such as ``/v1/runs/{run_id}``."""
        cell = self._cells.get((route, method, status)) or self._cell(route, method, status)
        cell.count += 1
        cell.bytes += bytes_sent
        cell.durations.add(seconds)

    def _cell(self, route: str, method: str, status: int) -> _Cell:
        key = (route, method if method in METHODS else "other", status)
        if key not in self._cells:
            self._cells[key] = _Cell(self._durations.setdefault(route, Durations()))
        return self._cells[key]

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        of = ("route", "method", "status")
        count = CounterMetricFamily(f"{self._prefix}_requests", "Requests answered.", labels=of)
        sent = CounterMetricFamily(f"{self._prefix}_sent_bytes", "Bytes of answers' bodies.", labels=of)
        took = HistogramMetricFamily(
            f"{self._prefix}_request_duration_seconds",
            "From a request's head to its answer's end.",
            labels=("route",),
        )
        for (route, method, status), cell in self._cells.items():
            labels = (route, method, str(status))
            count.add_metric(labels, cell.count)
            sent.add_metric(labels, cell.bytes)
        for route, durations in self._durations.items():
            durations.add_to(took, (route,))
        return count, took, sent
