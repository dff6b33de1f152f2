"""What the gateway promises, held against what was measured.

Pure. Each claim is one line: a figure, its bound, met or not. What was not measured makes no claim; what
was measured and came to nothing (every sample discarded) is a claim that is not met.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.figures import Results

CARREL, NGINX, CADDY, HTTPX, WEBSOCKETS = "carrel", "nginx", "caddy", "fastapi+httpx", "fastapi+websockets"
SLOW_KINDS = ("slow headers", "slow body", "slow readers")


@dataclass(frozen=True)
class Claim:
    """One promise; ``figure`` is ``None`` when no sample counted."""

    point: str
    what: str
    figure: float | None
    bound: float
    sense: Literal["at least", "at most", "under"]
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether it holds."""
        if self.figure is None:
            return False
        if self.sense == "at least":
            return self.figure >= self.bound
        return self.figure <= self.bound if self.sense == "at most" else self.figure < self.bound


def claims(results: Results) -> list[Claim]:
    """Return every claim that ``results`` say something about."""
    return [*_http(results), *_sockets(results), *_idle(results), *_events(results), *_slow(results)]


def _http(results: Results) -> Iterator[Claim]:
    for method in ("GET", "POST 4 KB"):
        cell, crowd = f"{method} c=32", f"{method} c=256"
        if results.errors(cell, CARREL) is None:
            continue
        yield Claim(
            "1", f"{cell}: CPU, nginx's / ours", _cheaper(results, cell, than=NGINX), 0.35, "at least", "x"
        )
        rate = _ratio(_median(results, cell, CARREL, "rate"), _median(results, cell, CADDY, "rate"))
        yield Claim("1", f"{cell}: throughput, ours / Caddy's", rate, 1.5, "at least", "x")
        much = _cheaper(results, cell, than=HTTPX)
        yield Claim("1", f"{cell}: CPU, FastAPI + httpx's / ours", much, 30, "at least", "x")
        yield Claim("1", f"{crowd}: errors", _count(results.errors(crowd, CARREL)), 0, "at most")
    if results.errors("GET c=1", CARREL) is not None:
        ours, theirs = (_median(results, "GET c=1", who, "p50_us") for who in (CARREL, NGINX))
        added = None if ours is None or theirs is None else ours - theirs
        yield Claim("2", "GET c=1: p50 added over nginx's", added, 60, "at most", "us")


def _sockets(results: Results) -> Iterator[Claim]:
    for cell in ("WS 50 x 100 B", "WS 20 x 4 KB"):
        if results.errors(cell, CARREL) is not None:
            yield Claim(
                "3",
                f"{cell}: CPU per round trip, nginx's / ours",
                _cheaper(results, cell, than=NGINX),
                0.75,
                "at least",
                "x",
            )
            yield Claim(
                "3",
                f"{cell}: CPU per round trip, FastAPI + websockets' / ours",
                _cheaper(results, cell, than=WEBSOCKETS),
                2.5,
                "at least",
                "x",
            )


def _idle(results: Results) -> Iterator[Claim]:
    cell = "WS idle x 2000"
    if (dropped := results.errors(cell, CARREL)) is not None:
        memory = _median(results, cell, CARREL, "kb")
        yield Claim("3", f"{cell}: memory per connection", memory, 40, "under", "KB")
        yield Claim("3", f"{cell}: dropped", float(dropped), 0, "at most")


def _events(results: Results) -> Iterator[Claim]:
    cell = "SSE 200 x 50/s"
    if (lost := results.errors(cell, CARREL)) is not None:
        broken = lost + results.worst(cell, CARREL, "merged")
        delay = _median(results, cell, CARREL, "p99_us")
        in_ms = None if delay is None else delay / 1000
        yield Claim("4", f"{cell}: p99 delay, the source's own included", in_ms, 20, "under", "ms")
        yield Claim("4", f"{cell}: events merged or lost", broken, 0, "at most")


def _slow(results: Results) -> Iterator[Claim]:
    for kind in SLOW_KINDS:
        cell = f"{kind} x 500"
        if results.errors(cell, CARREL) is not None:
            delay = _median(results, cell, CARREL, "p99_us")
            in_ms = None if delay is None else delay / 1000
            yield Claim("5", f"{cell}: p99 of the other clients", in_ms, 50, "under", "ms")


def _cheaper(results: Results, cell: str, *, than: str) -> float | None:
    theirs = _median(results, cell, than, "cpu_us")
    return _ratio(theirs, _median(results, cell, CARREL, "cpu_us"))


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _median(results: Results, cell: str, candidate: str, figure: str) -> float | None:
    spread = results.spread(cell, candidate, figure)
    return None if spread is None else spread.median


def _count(errors: int | None) -> float | None:
    return None if errors is None else float(errors)
