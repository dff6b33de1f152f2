"""How many of a kind there may be at the same time. Pure."""

from collections.abc import Hashable

from shared.errors import RateLimitedError


class Places:
    """So many places in all, and so many for one visitor; ``None`` is no limit."""

    def __init__(self, *, total: int | None, each: int | None) -> None:
        self._total, self._each = total, each
        self._taken: dict[Hashable, int] = {}
        self.taken = 0

    def take(self, who: Hashable) -> None:
        """Take a place for ``who``, or raise :class:`RateLimitedError`."""
        mine = self._taken.get(who, 0)
        full = self._total is not None and self.taken >= self._total
        if full or (self._each is not None and mine >= self._each):
            raise RateLimitedError("There are too many open connections", retry_after_ms=5_000)
        self._taken[who] = mine + 1
        self.taken += 1

    def leave(self, who: Hashable) -> None:
        """Give a place of ``who`` back."""
        self.taken -= 1
        if (left := self._taken[who] - 1) > 0:
            self._taken[who] = left
        else:
            del self._taken[who]
