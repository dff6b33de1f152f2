"""Lets many write to the index, or one switch it.

A change of a document is several writes; a switch between two of them would lose it. Whoever writes goes
through ``open``, also in the middle of another ``open`` of the same task; whoever switches, through
``closed``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar


class Gate:
    """Open to many or closed by one; while somebody waits to close it, nobody new enters."""

    def __init__(self) -> None:
        self._inside = 0
        self._closing = asyncio.Lock()
        self._empty = asyncio.Event()
        self._empty.set()
        self._entered: ContextVar[bool] = ContextVar("entered", default=False)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold it open: it is not closed meanwhile."""
        if self._entered.get():
            yield
            return
        async with self._closing:
            self._inside += 1
            self._empty.clear()
        token = self._entered.set(True)
        try:
            yield
        finally:
            self._entered.reset(token)
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Hold it closed, when everybody inside has left; what is written inside goes through."""
        async with self._closing:
            await self._empty.wait()
            token = self._entered.set(True)
            try:
                yield
            finally:
                self._entered.reset(token)
