"""Where runs wait until it is their turn, and hear how far they are from it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from chat_ws.runs.turns import Turns

TELL_S = 1.0


class Turn:
    """A run's turn while it goes."""

    def __init__(self, line: "Line", run_id: str) -> None:
        self._line, self._run_id = line, run_id
        self._round = line.turns.window.round

    def begun(self) -> None:
        """The first word of the answer has come: another run may begin."""
        self._line.let_go(self._line.turns.begun(self._run_id, _now()))

    def crowded(self) -> None:
        """The retriever has too much to do: it is asked for less at once."""
        self._line.turns.window.crowded(self._round)


class Line:
    """Lets runs go as ``turns`` says. A run that waits hears of its place as it changes, each ``tell_s``."""

    def __init__(self, turns: Turns, *, tell_s: float = TELL_S) -> None:
        self.turns, self._tell_s = turns, tell_s
        self._gates: dict[str, asyncio.Event] = {}
        self._places: dict[str, int] = {}
        self._counted = 0.0

    @asynccontextmanager
    async def turn(self, visitor_id: str, run_id: str, *, tell: Callable[[int], None]) -> AsyncIterator[Turn]:
        """Wait for a run's turn, and hold it; ``tell`` meanwhile is told its place in the line, 1 is next."""
        try:
            if not self.turns.ask(visitor_id, run_id, _now()):
                await self._wait(run_id, tell)
            yield Turn(self, run_id)
        finally:
            self.let_go(self.turns.leave(run_id, _now()))

    @contextmanager
    def room(self) -> Iterator[None]:
        """Hold a place for one who will ask for a turn; raise ``overloaded`` when nobody else may wait."""
        self.turns.check(_now())
        self.turns.coming += 1
        try:
            yield
        finally:
            self.turns.coming -= 1

    def let_go(self, started: Sequence[str]) -> None:
        """Let runs that wait go."""
        for run_id in started:
            self._gates[run_id].set()

    async def _wait(self, run_id: str, tell: Callable[[int], None]) -> None:
        gate = self._gates[run_id] = asyncio.Event()
        told, self._counted = 0, 0.0
        try:
            while not gate.is_set():
                place = self._place(run_id)
                if place not in (0, told):
                    tell(place)
                    told = place
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._tell_s):
                        await gate.wait()
        finally:
            del self._gates[run_id]

    def _place(self, run_id: str) -> int:
        # All are counted at once, for all who wait: not each for itself.
        if _now() - self._counted >= self._tell_s / 2:
            self._places, self._counted = self.turns.positions(), _now()
        return self._places.get(run_id, 0)


def _now() -> float:
    """Return the loop's time, in seconds."""
    return asyncio.get_running_loop().time()
