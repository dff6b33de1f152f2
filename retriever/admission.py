"""How much is done at once, and who waits how long for it: what is too much is refused at once.

More at the same time makes nothing faster once the cores are at work; it only makes everybody late.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.crowding import Crowding
from shared.errors import OverloadedError

RETRY_AFTER_MS = 500


@dataclass
class Asker:
    """Who asks for a turn."""

    patient: bool = False
    """Waits however long it takes: something was promised to somebody."""
    crowded: bool = False
    """Whether anybody else would have been refused."""


class Admission:
    """Lets ``most`` in at once, the others in the order in which they came.

    A burst is waited out; when a line goes on, whoever would wait for longer than ``wait_s`` is refused (see
    :mod:`shared.crowding`). ``clock`` counts seconds.
    """

    def __init__(self, most: int, *, wait_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._crowding = most, clock, Crowding(wait_s)
        self._inside = 0
        self._line: deque[asyncio.Future[None]] = deque()
        self.refused = 0
        """How often nobody else could be taken."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    @asynccontextmanager
    async def turn(self, asker: Asker | None = None) -> AsyncIterator[None]:
        """Wait for a turn, and hold it.

        Raises
        ------
        OverloadedError
            At once, when it would be waited for too long by who is not patient.
        """
        await self._enter(asker or Asker())
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, asker: Asker) -> None:
        if self._inside < self._most:
            self._inside += 1
            return
        asker.crowded = self._crowding.is_too_much(self.waiting, self._clock())
        if asker.crowded and not asker.patient:
            self.refused += 1
            raise OverloadedError("Too much is asked at once", retry_after_ms=RETRY_AFTER_MS)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        self._crowding.waits(self.waiting, self._clock())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._line.remove(turn)
                self._crowding.waits(self.waiting, self._clock())
            else:
                self._leave()
            raise

    def _leave(self) -> None:
        """Give the turn to the next in line."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                self._crowding.went(self._clock())
                break
        else:
            self._inside -= 1
        self._crowding.waits(self.waiting, self._clock())
