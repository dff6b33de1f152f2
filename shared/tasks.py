"""Background tasks that are named, referenced and whose errors are logged.

The event loop keeps only weak references to tasks, and an error in a task nobody awaits is seen at
garbage collection or never; so tasks are started here and nowhere else.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

_T = TypeVar("_T")
_running: set[asyncio.Task[Any]] = set()
_log = logging.getLogger(__name__)


def spawn(coroutine: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
    """Start ``coroutine`` as a task called ``name``; an error that ends it is logged."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


async def cancel(task: asyncio.Task[Any] | None) -> None:
    """Cancel ``task`` and wait until it has ended; errors it ended with were logged by then."""
    if task is None:
        return
    task.cancel()
    await asyncio.wait([task])


def is_cancelled() -> bool:
    """Say whether the running task was cancelled, also where a library made another error of it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def beating(items: AsyncGenerator[_T], *, interval_s: float) -> AsyncGenerator[_T | None]:
    """Yield ``items`` as they come, and None whenever none came for ``interval_s``.

    One task runs ``items`` from their first step to their closing, one or two of them ahead: whoever is cut
    off in the middle of a wait leaves nothing half done.
    """
    came: asyncio.Queue[tuple[_T] | None] = asyncio.Queue(maxsize=1)
    running = spawn(_feed(items, came), name="a stream's items")
    try:
        while True:
            try:
                async with asyncio.timeout(interval_s):
                    item = await came.get()
            except TimeoutError:
                yield None
                continue
            if item is None:
                break
            yield item[0]
        await running  # raises what ended the items
    finally:
        await cancel(running)


async def _feed(items: AsyncGenerator[_T], came: "asyncio.Queue[tuple[_T] | None]") -> None:
    try:
        async with aclosing(items):
            async for item in items:
                await came.put((item,))
    except Exception:
        await came.put(None)
        raise
    await came.put(None)


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task %s failed", task.get_name(), exc_info=error)
