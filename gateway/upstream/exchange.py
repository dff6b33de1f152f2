"""One request and its answer, awaited: for everything that is not on the fast path.

Owns the queue between a service that answers and a client that takes, and the time-outs between bytes.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from gateway.headers import Header
from gateway.upstream.connection import Connection
from shared.errors import CarrelError, UpstreamTimeoutError

MAX_QUEUED = 64 * 1024
"""Past so many bytes not yet taken by the client, a service is not read from."""


@dataclass(frozen=True)
class Timeouts:
    """In seconds."""

    connect: float
    first_byte: float
    idle: float
    keep_alive: float


class Exchange:
    """One request and its answer. It ends once: complete, or failed with the first error it meets."""

    def __init__(self, connection: "Connection", timeouts: Timeouts, *, bodiless: bool) -> None:
        self.status = 0
        """Zero until the answer's head is there."""
        self.headers: list[Header] = []
        self.complete = False
        self.sent = False
        """Whether the request is out, whole."""
        self.error: Exception | None = None
        self.bodiless = bodiless
        self._connection = connection
        self._timeouts = timeouts
        self._pieces: deque[bytes] = deque()
        self._queued = 0
        self._waiter: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._touched = self._loop.time()

    def write(self, data: bytes) -> None:
        """Send ``data`` of the request."""
        self._touched = self._loop.time()
        self._connection.write(data)

    async def drain(self) -> None:
        """Wait until the service has taken enough of what was written."""
        await self._connection.writable.wait()
        if self.error is not None:
            raise self.error

    async def head(self) -> None:
        """Wait for the answer's status and headers."""
        while not self.status:
            await self._wait(self._timeouts.first_byte)

    async def read(self) -> bytes:
        """Return the next part of the answer's body as it came; nothing at its end."""
        while not self._pieces:
            if self.complete:
                return b""
            await self._wait(self._timeouts.idle)
        body = self._pieces.popleft()
        self._queued -= len(body)
        if self._queued <= MAX_QUEUED:
            self._connection.resume_reading()
        return body

    @property
    def drained(self) -> bool:
        """Whether the answer is whole and all of it was read."""
        return self.complete and not self._pieces

    def fail(self, error: Exception) -> None:
        """End the exchange with ``error``, and its connection with it."""
        if self.complete or self.error is not None:
            return
        self.error = error
        self._connection.abort()
        self._wake()

    # What the connection tells.

    def head_came(self, status: int, headers: list[Header]) -> None:
        self.headers, self.status = headers, status

    def body_came(self, body: bytes) -> None:
        self._pieces.append(body)
        self._queued += len(body)
        if self._queued > MAX_QUEUED:
            self._connection.pause_reading()

    def told(self) -> None:
        self._wake()

    def completed(self) -> None:
        self.complete = True
        self._wake()

    def lost(self, error: CarrelError) -> None:
        self.fail(error)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, seconds: float) -> None:
        if self.error is not None:
            raise self.error
        self._waiter = self._loop.create_future()
        self._timer = self._loop.call_later(seconds, self._silent, seconds)
        try:
            await self._waiter
        finally:
            self._timer.cancel()
            self._waiter = None
        if self.error is not None:
            raise self.error

    def _silent(self, seconds: float) -> None:
        """Give up, unless the request was still going out meanwhile."""
        left = self._touched + seconds - self._loop.time()
        if left > 0 and not self.status:
            self._timer = self._loop.call_later(left, self._silent, seconds)
        else:
            self.fail(UpstreamTimeoutError("A service did not answer in time"))
