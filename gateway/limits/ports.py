"""What the gateway needs of others, as protocols; the adapters are elsewhere."""

from collections.abc import Sequence
from typing import Protocol

from gateway.limits.rates import Asked, Verdict
from shared.contracts.wire import Check


class RateLimiter(Protocol):
    """Counts requests against their rates. It never raises and never waits longer than 250 ms."""

    async def take(self, asked: Sequence[Asked]) -> Verdict:
        """Take a token from each of one or more different buckets, or from none of them."""

    def check(self) -> Check:
        """Return how it is, for the health report."""

    async def close(self) -> None:
        """End what it has open."""
