"""The frames of one run, kept in memory for those who follow it, live or later.

Bounded in bytes: past the bound the oldest frames go, and a reader that wants them is told of the gap.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

Frame = dict[str, Any]
MAX_BYTES = 16 * 1024 * 1024


class Gap:
    """Read in the place of frames that are no longer kept."""


class RunLog:
    """Frames numbered from 1 without a gap. Written by one, read by any number.

    ``changed`` is called after each change.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES, changed: Callable[[], None] = lambda: None) -> None:
        self._frames: deque[tuple[Frame, int]] = deque()
        self.first = 1
        """The number of the oldest frame that is kept."""
        self.ended = False
        self.gone = False
        """Whether it is to be found no more: it was deleted, or made room for others."""
        self._bytes = 0
        self._max_bytes = max_bytes
        self._tell = changed
        self._changed = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest frame, 0 before the first."""
        return self.first + len(self._frames) - 1

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
            self.first += 1
        self._wake()

    def end(self) -> None:
        """Say that no frame comes after the newest."""
        self.ended = True
        self._wake()

    def drop(self) -> None:
        """Keep no frame any more, to make room: whoever reads on is told of the gap."""
        self.first = self.last + 1
        self._frames.clear()
        self._bytes = 0

    def since(self, after: int, *, max_bytes: int) -> list[Frame]:
        """Return the kept frames after number ``after``: as many as fit, one at least where there is one."""
        frames: list[Frame] = []
        total = 0
        # By position, not in passing: what is asked for lies near the end of what may be long.
        for position in range(max(0, after + 1 - self.first), len(self._frames)):
            frame, size = self._frames[position]
            total += size
            if frames and total > max_bytes:
                break
            frames.append(frame)
        return frames

    async def read(self, *, after: int, live: bool = True) -> AsyncGenerator[Frame | Gap]:
        """Yield the frames after number ``after``, then with ``live`` those to come, until the run's end."""
        position = after
        while True:
            if position + 1 < self.first:
                yield Gap()
                position = self.first - 1
            while position < self.last and position + 1 >= self.first:
                frame, _ = self._frames[position + 1 - self.first]
                position += 1
                yield frame
            if position >= self.last:
                if self.ended or not live:
                    return
                await self._changed.wait()

    def _wake(self) -> None:
        # Each wait has its own event, so that a slow reader never misses that something came.
        self._changed.set()
        self._changed = asyncio.Event()
        self._tell()
