"""Whose run is next, when more are asked for than are answered at once. Pure.

Visitors take turns, however much each of them asks: in each round everybody who waits gets one run.
"""

import math
from collections import OrderedDict, deque

from chat_ws.runs.window import Window
from shared.crowding import Crowding
from shared.errors import OverloadedError

RETRY_AFTER_MS = 2_000


class Turns:
    """At most ``most`` runs at once, ``each`` of them one visitor's; at most ``waiting`` wait.

    Of those that go, at most ``window`` have not begun to be answered: so many can be begun at once. A burst
    waits for that; when such a line goes on, what would wait for longer than ``wait_s`` is refused (see
    :mod:`shared.crowding`). Times are in seconds, by any clock.
    """

    def __init__(self, *, most: int, each: int, waiting: int, wait_s: float = math.inf) -> None:
        self._most, self._each, self._waiting_most = most, each, waiting
        self.window = Window(most)
        self._going: dict[str, str] = {}
        self._beginning: set[str] = set()
        self._by_visitor: dict[str, int] = {}
        self._lines: OrderedDict[str, deque[str]] = OrderedDict()
        """Who waits, in the order of their turns, each with their runs in order."""
        self._crowding = Crowding(wait_s)
        self.coming = 0
        """Those that were taken, and have not asked for their turn yet."""
        self.refused = 0
        """How often nobody else could be taken."""

    @property
    def waiting(self) -> int:
        """How many runs wait."""
        return sum(len(line) for line in self._lines.values())

    @property
    def beginning(self) -> int:
        """How many runs go, and have no word of their answer yet."""
        return len(self._beginning)

    def check(self, now: float) -> None:
        """Raise :class:`OverloadedError` when nobody else may wait."""
        crowded = self._crowding.is_too_much(self._held_up + self.coming, now)
        if self.waiting >= self._waiting_most or crowded:
            self.refused += 1
            raise OverloadedError("Too many questions wait to be answered", retry_after_ms=RETRY_AFTER_MS)

    def ask(self, visitor_id: str, run_id: str, now: float) -> bool:
        """Take a run in; return whether it goes at once. Else it waits until it is named later."""
        if self._has_room and self._may(visitor_id):
            self._go(visitor_id, run_id)
            return True
        self._lines.setdefault(visitor_id, deque()).append(run_id)
        self._crowding.waits(self._held_up, now)
        return False

    def begun(self, run_id: str, now: float) -> list[str]:
        """Take notice of the first word of an answer; return the runs that go now."""
        if run_id not in self._beginning:
            return []
        if len(self._beginning) == self.window.size:
            self.window.began()
        self._beginning.discard(run_id)
        return self._next(now)

    def leave(self, run_id: str, now: float) -> list[str]:
        """Let go of a run, waiting or going; return those that go now in its place."""
        if (visitor_id := self._going.pop(run_id, None)) is not None:
            self._beginning.discard(run_id)
            self._by_visitor[visitor_id] -= 1
            if not self._by_visitor[visitor_id]:
                del self._by_visitor[visitor_id]
        else:
            self._forget(run_id)
        return self._next(now)

    def positions(self) -> dict[str, int]:
        """Return the place of each waiting run in the order in which they would go; the next one's is 1."""
        order: list[str] = []
        lines = [deque(line) for line in self._lines.values()]
        while lines:
            order += [line.popleft() for line in lines]
            lines = [line for line in lines if line]
        return {run_id: place for place, run_id in enumerate(order, 1)}

    @property
    def _has_room(self) -> bool:
        return len(self._going) < self._most and len(self._beginning) < self.window.size

    @property
    def _held_up(self) -> int:
        """How many wait for others to begin, and for nothing else."""
        if len(self._going) >= self._most:
            return 0
        return sum(
            min(len(line), self._each - self._by_visitor.get(visitor_id, 0))
            for visitor_id, line in self._lines.items()
        )

    def _next(self, now: float) -> list[str]:
        started: list[str] = []
        while self._has_room and (following := self._following()) is not None:
            started.append(following)
            self._crowding.went(now)
        self._crowding.waits(self._held_up, now)
        return started

    def _may(self, visitor_id: str) -> bool:
        return self._by_visitor.get(visitor_id, 0) < self._each

    def _go(self, visitor_id: str, run_id: str) -> None:
        self._going[run_id] = visitor_id
        self._beginning.add(run_id)
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
