"""What lives in an event loop, for tests that block: it runs in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

_T = TypeVar("_T")


class Elsewhere:
    """The loop of the thread in which something runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Call ``function`` in that loop, and return what it returns."""

        async def called() -> _T:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(30)


@contextmanager
def in_thread(make: Callable[[], AbstractAsyncContextManager[_T]]) -> Iterator[tuple[_T, Elsewhere]]:
    """Enter what ``make`` returns in a thread; give it, and the way to call functions there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="in_thread")
    thread.start()
    try:
        context = make()
        value = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(30)
        try:
            yield value, Elsewhere(loop)
        finally:
            asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
