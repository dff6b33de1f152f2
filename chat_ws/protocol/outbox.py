"""What waits to be sent on one connection, in order, bounded in frames and in bytes.

Whoever has a frame for a full one waits, first come, first served: a client that does not read makes nothing
grow. A frame larger than the bound goes alone.
"""

import asyncio
from collections import deque

from chat_ws.protocol.events import Close

Item = str | Close
"""A frame as it is sent, or the close behind all frames."""


class Outbox:
    """Filled by any number of tasks, emptied by one."""

    def __init__(self, *, max_frames: int, max_bytes: int) -> None:
        self._max_frames, self._max_bytes = max_frames, max_bytes
        self._items: deque[tuple[Item, int]] = deque()
        self._bytes = 0
        self._putting: deque[tuple[asyncio.Future[None], Item, int]] = deque()
        self._taking: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self._items

    @property
    def full(self) -> bool:
        """Whether somebody waits for room, or the next one would."""
        return bool(self._putting) or not self._has_room(1)

    @property
    def bytes(self) -> int:
        """How much waits to be sent."""
        return self._bytes

    async def put(self, item: Item) -> None:
        """Add ``item`` as soon as there is room; in one that is closed it is lost."""
        if self._closed:
            return
        size = _size(item)
        if not self._putting and self._has_room(size):
            self._add(item, size)
            return
        room = asyncio.get_running_loop().create_future()
        self._putting.append((room, item, size))
        await room

    async def take(self) -> Item | None:
        """Return the next item as soon as there is one; None when :meth:`nudge` was called first."""
        if not self._items:
            self._taking = asyncio.get_running_loop().create_future()
            try:
                await self._taking
            finally:
                self._taking = None
            if not self._items:
                return None
        item, size = self._items.popleft()
        self._bytes -= size
        self._let_in()
        return item

    def nudge(self) -> None:
        """Let whoever waits for an item go on without one."""
        if self._taking is not None and not self._taking.done():
            self._taking.set_result(None)

    def close(self) -> None:
        """Drop what waits, and let go of whoever waits for room: nobody takes any more."""
        self._closed = True
        self._items.clear()
        self._bytes = 0
        for room, _, _ in self._putting:
            if not room.done():
                room.set_result(None)
        self._putting.clear()

    def _has_room(self, size: int) -> bool:
        if not self._items:
            return True
        return len(self._items) < self._max_frames and self._bytes + size <= self._max_bytes

    def _add(self, item: Item, size: int) -> None:
        self._items.append((item, size))
        self._bytes += size
        self.nudge()

    def _let_in(self) -> None:
        while self._putting and (self._putting[0][0].done() or self._has_room(self._putting[0][2])):
            room, item, size = self._putting.popleft()
            # Done means cancelled: whoever waited does not want it sent any more.
            if not room.done():
                self._add(item, size)
                room.set_result(None)


def _size(item: Item) -> int:
    if isinstance(item, Close):
        return 0
    return len(item) if item.isascii() else len(item.encode())
