"""The frames of all replicas' runs: each in its replica's memory, and in a stream of one Redis beside it.

Whoever follows a run where it runs reads from memory: nothing that Redis does delays a frame. Whoever follows
it elsewhere reads the stream. Imported only when REDIS_URL is set: the client takes a tenth of a second.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from chat_ws.run_logs.link import COMMAND_S, Link, key_of
from chat_ws.run_logs.log import MAX_BYTES, Frame, Gap, RunLog
from chat_ws.run_logs.memory import TOTAL_BYTES, MemoryRunLogs, elsewhere
from chat_ws.run_logs.news import News
from chat_ws.run_logs.shipping import PAUSE_S, Shipping
from shared.contracts.wire import Check
from shared.tasks import cancel, spawn

POLL_S = 1.0
"""Whoever heard no news looks for itself so often."""
READ_FRAMES = 64


class RedisRunLogs:
    """The :class:`chat_ws.ports.RunLogs` of several replicas over Redis 6.2 or later at ``url``.

    A stream is kept for ``window_s`` after its run's end. ``deadline_s`` is how long an answer of Redis may
    take; a lost one is tried again every ``pause_s``.
    """

    shared: bool = True

    def __init__(
        self,
        url: str,
        *,
        window_s: float,
        max_bytes: int = MAX_BYTES,
        total_bytes: int = TOTAL_BYTES,
        deadline_s: float = COMMAND_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._memory = MemoryRunLogs(
            max_bytes=max_bytes, total_bytes=total_bytes, changed=lambda run_id: self._shipping.ship(run_id)
        )
        self._link = Link(url, deadline_s=deadline_s)
        self._shipping = Shipping(self._link, self._memory, window_s=window_s, pause_s=pause_s)
        self._news = News(self._link, gone=self.forget, lost=self._shipping.lose)
        self._pause_s = pause_s
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, hurried: Callable[[], None]) -> None:
        """Begin to write and to listen; ``hurried`` is called when another replica asks for hurry."""
        self._news.hurried = hurried
        self._tasks = [
            spawn(self._shipping.run(), name="ship run logs"),
            spawn(self._news.run(pause_s=self._pause_s), name="hear of run logs"),
        ]

    @property
    def bytes(self) -> int:
        return self._memory.bytes

    def open(self, run_id: str) -> RunLog:
        return self._memory.open(run_id)

    def forget(self, run_id: str) -> None:
        self._memory.forget(run_id)
        self._shipping.forget(run_id)

    async def discard(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self.forget(run_id)
        if run_ids:
            # Where Redis is lost the streams go by themselves, unread: a deleted run is nobody's.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(self._link.deadline_s):
                    await self._link.redis.unlink(*map(key_of, run_ids))
                    await self._news.tell_gone(run_ids)

    async def read(self, run_id: str, *, after: int, live: bool = True) -> AsyncGenerator[Frame | Gap]:
        ours = self._memory.find(run_id) is not None
        entries = (
            self._memory.read(run_id, after=after, live=live)
            if ours
            else self._elsewhere(run_id, after, live=live)
        )
        async with aclosing(entries):
            async for entry in entries:
                yield entry

    async def hurry(self) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._link.deadline_s):
                await self._news.hurry()

    def check(self) -> Check:
        return self._link.check()

    async def close(self) -> None:
        await self._shipping.flush()
        for task in self._tasks:
            await cancel(task)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._link.deadline_s):
                await self._link.redis.aclose(close_connection_pool=True)

    async def _elsewhere(self, run_id: str, after: int, *, live: bool) -> AsyncGenerator[Frame | Gap]:
        position = after
        with self._news.of(run_id) as news:
            begun = False
            while True:
                news.clear()
                frames = await self._look(run_id, position, first=not begun)
                begun = True
                for frame in frames:
                    if frame["sequence_number"] > position + 1:
                        yield Gap()
                    position = frame["sequence_number"]
                    yield frame
                    if frame["type"] == "run-end":
                        return
                if not frames and not live:
                    return
                if not frames:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await news.wait()

    async def _look(self, run_id: str, position: int, *, first: bool) -> list[Frame]:
        """Return the next frames of a stream; while Redis is lost none, but the first time an error."""
        error: Exception | None = None
        if not self._link.lost:
            try:
                return await self._range(run_id, position)
            except Exception as failure:
                self._shipping.lose(failure)
                error = failure
        if first:
            raise elsewhere() from error
        return []

    async def _range(self, run_id: str, position: int) -> list[Frame]:
        async with asyncio.timeout(self._link.deadline_s):
            found: Any = await self._link.redis.xrange(
                key_of(run_id), min=f"({position}-0", count=READ_FRAMES
            )
        return [json.loads(fields[b"f"]) for _, fields in found]
