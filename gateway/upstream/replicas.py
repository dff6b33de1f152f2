"""Several replicas of one service: which one is asked."""

from collections.abc import Sequence

from gateway.upstream.pool import Pool, Service


class Replicas:
    """The replicas behind ``pools``, each with a breaker of its own."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self.pools = tuple(pools)

    def pick(self) -> Pool:
        """Return the one with the least to do, of several the one that was not used for longest.

        One that is away is picked only when all are.
        """
        return min(self.pools, key=_effort)


def one_of(pools: Sequence[Pool]) -> Service:
    """Return the service behind ``pools``: a single pool is one by itself."""
    return pools[0] if len(pools) == 1 else Replicas(pools)


def _effort(pool: Pool) -> tuple[bool, int, int]:
    return pool.breaker.open, pool.busy + pool.sockets, pool.used
