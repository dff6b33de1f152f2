"""Asks something that is paid, and may fail, only while that is sensible, and counts what became of it."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from retriever.guard.breaker import Breaker
from retriever.guard.budget import Budget, Kind
from shared.contracts.wire import Check
from shared.errors import CarrelError, QuotaExceededError, UpstreamUnavailableError

ENDPOINTS: Mapping[Kind, str] = {
    "chat": "chat",
    "condense": "chat",
    "rerank": "rerank",
    "embed_query": "embed",
    "embed_passages": "embed",
}
"""What each kind asks: what answers one of them can answer the others."""


class Watch:
    """A breaker for each of the kinds that ``without`` has, which says what is done without them."""

    def __init__(
        self, budget: Budget, without: Mapping[Kind, str], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._budget, self._without, self._now = budget, without, now
        self._breakers = {kind: Breaker() for kind in without}
        self._answered: dict[str, float] = {}
        """When each endpoint answered last."""
        self.calls: Counter[tuple[str, str]] = Counter()
        """By kind and outcome: ``answered``, ``failed``, ``abandoned`` by the caller, ``skipped`` unasked."""

    @property
    def open_breakers(self) -> dict[tuple[str], bool]:
        """By kind, whether it is believed not to be well."""
        return {(kind,): self._ill(kind) for kind in self._breakers}

    def allows(self, kind: Kind) -> bool:
        """Return whether the month's calls are enough for ``kind``."""
        return self._budget.allows(kind)

    def check(self, detail: str) -> Check:
        """Return how it is, by how it answered; ``detail`` is what to say when all is well."""
        for kind, without in self._without.items():
            if not self._budget.allows(kind):
                return Check(status="degraded", detail=f"the month's calls are used up: {without}")
            if self._ill(kind):
                return Check(status="degraded", detail=f"{self._breakers[kind].reason}: {without}")
        return Check(status="ok", detail=detail)

    @contextmanager
    def over(self, kind: Kind, *, calls: int = 1) -> Iterator[None]:
        """Do what takes ``calls`` paid calls of ``kind``; every refusal to do it is a CarrelError."""
        if not self._budget.allows(kind, calls=calls):
            self.calls[kind, "skipped"] += 1
            raise QuotaExceededError(f"The month's paid calls are used up: {self._without[kind]}")
        breaker = self._breakers[kind]
        if not breaker.allows(self._now()):
            self.calls[kind, "skipped"] += 1
            raise UpstreamUnavailableError(f"Left alone for a while: {breaker.reason}")
        outcome = "abandoned"
        try:
            yield
            outcome = "answered"
        except CarrelError as error:
            outcome = "failed"
            pause = None if error.retry_after_ms is None else error.retry_after_ms / 1000
            breaker.failed(self._now(), error.detail, pause_s=pause)
            raise
        finally:
            self.calls[kind, outcome] += 1
        breaker.succeeded()
        self._answered[ENDPOINTS[kind]] = self._now()

    def _ill(self, kind: Kind) -> bool:
        answered = self._answered.get(ENDPOINTS[kind], -math.inf)
        return self._breakers[kind].ill(self._now(), answered=answered)
