"""A bounded memory: what was unused for longest goes first. Pure."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Lru(Generic[_K, _V]):
    """Keeps at most ``entries`` values, together no heavier than ``weight``, in whatever unit."""

    def __init__(self, *, entries: int, weight: int | None = None) -> None:
        self._entries, self._most = entries, weight
        self._kept: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: _K) -> _V | None:
        """Return what is kept under ``key``."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def drop(self, key: _K) -> None:
        """Keep nothing under ``key``."""
        self.weight -= self._kept.pop(key, (None, 0))[1]

    def put(self, key: _K, value: _V, *, weight: int = 0) -> None:
        """Keep ``value`` in place of what stood there; what is too heavy by itself is not kept at all."""
        self.weight -= self._kept.pop(key, (value, 0))[1]
        if self._most is not None and weight > self._most:
            return
        self._kept[key] = value, weight
        self.weight += weight
        while len(self._kept) > self._entries or (self._most is not None and self.weight > self._most):
            _, (_, gone) = self._kept.popitem(last=False)
            self.weight -= gone
