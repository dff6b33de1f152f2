"""The frames of one run, kept in memory for those who follow it, live or later.

Bounded in bytes: past the bound the oldest frames go, and a reader that wants them is told of the gap.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

Frame = dict[str, Any]
MAX_BYTES = 16 * 1024 * 1024


class Gap:
    """Read in the place of frames that are no longer kept."""


class RunLog:
    """Frames numbered from 1 without a gap. Written by one, read by any number."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._frames: deque[tuple[Frame, int]] = deque()
        self._first = 1
        self._bytes = 0
        self._max_bytes = max_bytes
        self._ended = False
        self._changed = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest frame, 0 before the first."""
        return self._first + len(self._frames) - 1

    @property
    def bytes(self) -> int:
        """About how much the frames take."""
        return self._bytes

    def append(self, frame: Frame, *, size: int) -> None:
        """Add ``frame``, of about ``size`` bytes."""
        self._frames.append((frame, size))
        self._bytes += size
        while self._bytes > self._max_bytes and len(self._frames) > 1:
            self._bytes -= self._frames.popleft()[1]
            self._first += 1
        self._wake()

    def end(self) -> None:
        """Say that no frame comes after the newest."""
        self._ended = True
        self._wake()

    async def read(self, *, after: int) -> AsyncGenerator[Frame | Gap]:
        """Yield the frames after number ``after``, then those to come, until the run's end."""
        position = after
        while True:
            if position + 1 < self._first:
                yield Gap()
                position = self._first - 1
            while position < self.last and position + 1 >= self._first:
                frame, _ = self._frames[position + 1 - self._first]
                position += 1
                yield frame
            if position >= self.last:
                if self._ended:
                    return
                await self._changed.wait()

    def _wake(self) -> None:
        # Each wait has its own event, so that a slow reader never misses that something came.
        self._changed.set()
        self._changed = asyncio.Event()
