"""The rate limiter in this process's memory: what there is without Redis, and when Redis is lost."""

import time
from collections.abc import Callable, Sequence

from gateway.limits.buckets import Buckets
from gateway.limits.rates import Asked, Verdict
from shared.contracts.wire import Check


class MemoryLimiter:
    """The port over :class:`Buckets`; ``clock`` gives seconds and must not step back."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, buckets: Buckets | None = None
    ) -> None:
        self._clock = clock
        self._buckets = Buckets() if buckets is None else buckets

    async def take(self, asked: Sequence[Asked]) -> Verdict:
        """Take a token from each bucket, or from none, as the port does."""
        return self._buckets.take(asked, now=self._clock())

    def take_now(self, asked: Sequence[Asked]) -> Verdict:
        """:meth:`take` without a coroutine, for callers who need nobody else's count."""
        return self._buckets.take(asked, now=self._clock())

    def give_back(self, asked: Sequence[Asked]) -> None:
        """Put back what :meth:`take_now` has just taken: somebody else refused."""
        self._buckets.give_back(asked)

    def check(self) -> Check:
        """Return how it is: always well."""
        return Check(status="ok", detail="not configured: limits in this process")

    async def close(self) -> None:
        """End nothing: nothing is open."""
