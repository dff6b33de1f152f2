"""Frames of a run, as tests of run logs write and count them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from chat_ws.run_logs.log import Frame, Gap, RunLog
from chat_ws.run_logs.redis import RedisRunLogs


def number_of(entry: Frame | Gap) -> int | None:
    """Return the number of a frame; None for a gap."""
    return None if isinstance(entry, Gap) else int(entry["sequence_number"])


async def numbers(entries: AsyncGenerator[Frame | Gap]) -> list[int | None]:
    """Return the numbers of all that is read, within a time."""
    async with asyncio.timeout(20), aclosing(entries):
        return [number_of(entry) async for entry in entries]


async def first(entries: AsyncGenerator[Frame | Gap]) -> int | None:
    """Return the number of what is read first."""
    async with asyncio.timeout(20), aclosing(entries):
        return number_of(await anext(entries))


def write(log: RunLog, first: int, last: int, *, size: int = 1, end: bool = False) -> None:
    """Append frames from ``first`` to ``last``; with ``end`` the last is ``run-end``."""
    for number in range(first, last + 1):
        kind = "run-end" if end and number == last else "content-delta"
        frame: dict[str, Any] = {"type": kind, "sequence_number": number, "delta": {"text": "é\u2028"}}
        log.append(frame, size=size)
    if end:
        log.end()


@asynccontextmanager
async def sharing(
    *urls: str, deadline_s: float = 20.0, pause_s: float = 0.02, **options: Any
) -> AsyncIterator[list[RedisRunLogs]]:
    """The run logs of several replicas over Redis, each at its address."""
    made = [RedisRunLogs(url, window_s=60, deadline_s=deadline_s, pause_s=pause_s, **options) for url in urls]
    for logs in made:
        logs.start(hurried=lambda: None)
    try:
        yield made
    finally:
        for logs in made:
            await logs.close()
