"""What was found out lately and need not be found out again: a cache of a few seconds.

Pure: the time is an argument. Two generations: what is asked for is looked up in both, what is new goes into
the younger, and the older one is dropped as a whole. So an entry is good for one to two times ``seconds``,
however often it is asked for, and a flood of new keys costs no more memory than ``most`` allows.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """Remembers for about ``seconds`` at most twice ``most`` values."""

    __slots__ = ("_most", "_old", "_seconds", "_turn", "_young")

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._young: dict[_K, _V] = {}
        self._old: dict[_K, _V] = {}
        self._turn = 0.0

    def get(self, key: _K, *, now: float) -> _V | None:
        """Return what is known under ``key``."""
        if not self._turn - self._seconds <= now < self._turn:
            self._next(now)
        found = self._young.get(key)
        return self._old.get(key) if found is None else found

    def put(self, key: _K, value: _V, *, now: float) -> None:
        """Remember ``value``."""
        if not self._turn - self._seconds <= now < self._turn:
            self._next(now)
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def _next(self, now: float) -> None:
        # After a long silence, or when the clock was set back, nothing is recent.
        recent = 0 <= now - self._turn < self._seconds
        self._old = self._young if recent else {}
        self._young = {}
        self._turn = now + self._seconds
