"""What ``/health`` said, all the while, and whether that was the truth."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

TRUTH_S = 5.0
"""Within it ``/health`` tells of what is broken."""
EVERY_S = 0.1


@dataclass(frozen=True)
class Sample:
    """One answer of ``/health``, or that there was none."""

    at: float
    """By the monotonic clock."""
    status: str
    """``ok``, ``degraded``, ``down``; ``away`` when nobody answered."""
    parts: dict[str, str] = field(default_factory=dict)
    """The status of each service, and of each of its checks as ``service.check``."""

    def ill(self, part: str) -> bool:
        """Whether ``part`` is said not to be well; that nobody answers says so of the gateway alone."""
        return (part == "gateway" and self.status == "away") or self.parts.get(part, "ok") != "ok"


class HealthWatch:
    """Asks ``/health`` again and again, each time over a connection of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.samples: list[Sample] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until ``stop`` is set."""
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=3, trust_env=False, limits=limits) as http:
            while not stop.is_set():
                self.samples.append(await self._ask(http))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), EVERY_S)

    async def says(self, what: Callable[[Sample], bool], *, since: float, within: float = TRUTH_S) -> Sample:
        """Return the first answer from ``since`` on for which ``what`` is true."""
        at = 0
        while True:
            for sample in self.samples[at:]:
                if sample.at >= since and what(sample):
                    return sample
            at = len(self.samples)
            heard = sorted(
                {str(sample.parts or sample.status) for sample in self.samples if sample.at >= since}
            )
            assert time.monotonic() < since + within, f"/health did not say so within {within} s: {heard}"
            await asyncio.sleep(EVERY_S)

    async def _ask(self, http: httpx.AsyncClient) -> Sample:
        at = time.monotonic()
        try:
            body = (await http.get(f"{self._address}/health")).json()
        except (httpx.TransportError, ValueError):
            return Sample(at, "away")
        if "services" not in body:
            return Sample(at, "away")
        return Sample(at, body["status"], _parts(body))


def _parts(body: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, service in body["services"].items():
        found[name] = service["status"]
        found |= {f"{name}.{check}": said["status"] for check, said in service["checks"].items()}
    return found


def lies(samples: Sequence[Sample], answered: Sequence[float]) -> list[str]:
    """Return when ``/health`` had said for :data:`TRUTH_S` that all is well, and nobody was answered.

    ``answered`` are the times, in any order, at which somebody was answered whole.
    """
    found = []
    times = sorted(answered)
    for before, after in itertools.pairwise(times):
        since = before
        for sample in samples:
            if not before < sample.at < after:
                continue
            if sample.status != "ok":
                since = sample.at
            elif sample.at - since > TRUTH_S:
                found.append(f"said to be well for {sample.at - since:.1f} s while nobody was answered")
                break
    return found
