"""What lives in an event loop, for tests that block: it runs in a thread with a loop of its own."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

_T = TypeVar("_T")
_WAIT_S = 30


class Elsewhere:
    """The loop of the thread in which something runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Call ``function`` in that loop, and return what it returns."""

        async def called() -> _T:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(_WAIT_S)


@contextmanager
def in_thread(make: Callable[[], AbstractAsyncContextManager[_T]]) -> Iterator[tuple[_T, Elsewhere]]:
    """Enter what ``make`` returns in a thread; give it, and the way to call functions there."""
    over = asyncio.Event()
    begun: Future[tuple[_T, Elsewhere]] = Future()

    async def live() -> None:
        async with make() as value:
            begun.set_result((value, Elsewhere(asyncio.get_running_loop())))
            await over.wait()

    with ThreadPoolExecutor(1, thread_name_prefix="in_thread") as threads:
        # Its end cancels what is left in the loop, and waits for it.
        ended = threads.submit(asyncio.run, live())
        either: list[Future[Any]] = [begun, ended]
        wait(either, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
        if not begun.done():
            ended.result(0)
        value, elsewhere = begun.result(0)
        try:
            yield value, elsewhere
        finally:
            elsewhere.call(over.set)
            ended.result(_WAIT_S)
