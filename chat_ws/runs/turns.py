"""Whose run is next, when more are asked for than are answered at once. Pure.

Visitors take turns, however much each of them asks: in each round everybody who waits gets one run.
"""

from collections import OrderedDict, deque

from shared.errors import OverloadedError


class Turns:
    """At most ``most`` runs at once, ``each`` of them one visitor's; at most ``waiting`` wait."""

    def __init__(self, *, most: int, each: int, waiting: int) -> None:
        self._most, self._each, self._waiting_most = most, each, waiting
        self._going: dict[str, str] = {}
        self._by_visitor: dict[str, int] = {}
        self._lines: OrderedDict[str, deque[str]] = OrderedDict()
        """Who waits, in the order of their turns, each with their runs in order."""

    @property
    def waiting(self) -> int:
        """How many runs wait."""
        return sum(len(line) for line in self._lines.values())

    def check(self) -> None:
        """Raise :class:`OverloadedError` when nobody else may wait."""
        if self.waiting >= self._waiting_most:
            raise OverloadedError("Too many questions wait to be answered", retry_after_ms=5_000)

    def ask(self, visitor_id: str, run_id: str) -> bool:
        """Take a run in; return whether it goes at once. Else it waits until :meth:`leave` names it."""
        if len(self._going) < self._most and self._may(visitor_id):
            self._go(visitor_id, run_id)
            return True
        self._lines.setdefault(visitor_id, deque()).append(run_id)
        return False

    def leave(self, run_id: str) -> list[str]:
        """Let go of a run, waiting or going; return those that go now in its place."""
        if (visitor_id := self._going.pop(run_id, None)) is not None:
            self._by_visitor[visitor_id] -= 1
            if not self._by_visitor[visitor_id]:
                del self._by_visitor[visitor_id]
        else:
            self._forget(run_id)
        started: list[str] = []
        while len(self._going) < self._most and (following := self._following()) is not None:
            started.append(following)
        return started

    def positions(self) -> dict[str, int]:
        """Return the place of each waiting run in the order in which they would go; the next one's is 1."""
        order: list[str] = []
        lines = [deque(line) for line in self._lines.values()]
        while lines:
            order += [line.popleft() for line in lines]
            lines = [line for line in lines if line]
        return {run_id: place for place, run_id in enumerate(order, 1)}

    def _may(self, visitor_id: str) -> bool:
        return self._by_visitor.get(visitor_id, 0) < self._each

    def _go(self, visitor_id: str, run_id: str) -> None:
        self._going[run_id] = visitor_id
        self._by_visitor[visitor_id] = self._by_visitor.get(visitor_id, 0) + 1

    def _following(self) -> str | None:
        visitor_id = next((one for one in self._lines if self._may(one)), None)
        if visitor_id is None:
            return None
        line = self._lines[visitor_id]
        run_id = line.popleft()
        self._lines.move_to_end(visitor_id)
        if not line:
            del self._lines[visitor_id]
        self._go(visitor_id, run_id)
        return run_id

    def _forget(self, run_id: str) -> None:
        for visitor_id, line in list(self._lines.items()):
            if run_id in line:
                line.remove(run_id)
                if not line:
                    del self._lines[visitor_id]
