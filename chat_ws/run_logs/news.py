"""What the replicas call out to each other over Redis: that a run has news, that runs are gone, to hurry.

Only a call: whoever misses one looks by itself a little later. Also the first to notice that Redis is lost.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chat_ws.run_logs.link import CHANNEL, Link
from shared.tasks import is_cancelled

QUIET_S = 2.0
"""After so long without a word Redis is asked whether it is there."""
_HURRY = "!"


class News:
    """Hears what is called out: ``gone`` is told of runs that were deleted, ``lost`` why Redis is.

    ``hurried`` is called when another replica asks for hurry.
    """

    def __init__(self, link: Link, *, gone: Callable[[str], None], lost: Callable[[Exception], None]) -> None:
        self._link, self._gone, self._lost = link, gone, lost
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self.hurried: Callable[[], None] = lambda: None

    @contextmanager
    def of(self, run_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the run has news."""
        event = asyncio.Event()
        self._waiting[run_id].add(event)
        try:
            yield event
        finally:
            self._waiting[run_id].discard(event)
            if not self._waiting[run_id]:
                del self._waiting[run_id]

    async def hurry(self) -> None:
        """Call for hurry."""
        await self._link.redis.publish(CHANNEL, _HURRY)

    async def tell_gone(self, run_ids: Sequence[str]) -> None:
        """Say that these runs were deleted."""
        await self._link.redis.publish(CHANNEL, "-" + " ".join(run_ids))

    async def run(self, *, pause_s: float) -> None:
        """Listen until cancelled; a Redis that is lost is tried again every ``pause_s``."""
        while not is_cancelled():
            try:
                async with self._link.redis.pubsub() as channel:
                    async with asyncio.timeout(self._link.deadline_s):
                        await channel.subscribe(CHANNEL)
                    await self._listen(channel)
            except Exception as error:
                self._lost(error)
            await asyncio.sleep(pause_s)

    async def _listen(self, channel: Any) -> None:
        asked = False
        while not is_cancelled():
            message = await channel.get_message(timeout=self._link.deadline_s if asked else QUIET_S)
            if message is not None:
                asked = False
                if message["type"] == "message":
                    self._hear(message["data"].decode())
            elif asked:
                raise TimeoutError("not a word")
            else:
                asked = True
                await channel.ping()

    def _hear(self, said: str) -> None:
        kind, rest = said[:1], said[1:]
        if kind == _HURRY:
            self.hurried()
        elif kind == "-":
            for run_id in rest.split():
                self._gone(run_id)
        else:
            for event in self._waiting.get(rest, ()):
                event.set()
