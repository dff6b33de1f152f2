"""How much is done at once, and who waits how long for it: what is too much is refused at once.

More at the same time makes nothing faster once the cores are at work; it only makes everybody late.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from shared.errors import OverloadedError

RETRY_AFTER_MS = 500


class Admission:
    """Lets ``most`` in at once, the others in the order in which they came.

    While the first in line has waited for longer than ``wait_s``, nobody else may wait: a burst is waited
    out, and what goes on being too much is refused. ``clock`` counts seconds.
    """

    def __init__(self, most: int, *, wait_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._wait_s, self._clock = most, wait_s, clock
        self._inside = 0
        self._line: deque[tuple[float, asyncio.Future[None]]] = deque()
        self.refused = 0
        """How often nobody else could be taken."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not turn.done() for _, turn in self._line)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it.

        Raises
        ------
        OverloadedError
            At once, when those who wait have waited too long already.
        """
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        if self._inside < self._most:
            self._inside += 1
            return
        if self._line and self._clock() - self._line[0][0] > self._wait_s:
            self.refused += 1
            raise OverloadedError("Too much is asked at once", retry_after_ms=RETRY_AFTER_MS)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waits = (self._clock(), turn)
        self._line.append(waits)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._line.remove(waits)
            else:
                self._leave()
            raise

    def _leave(self) -> None:
        """Give the turn to the next in line."""
        while self._line:
            _, turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._inside -= 1
