"""One connection to a service, and one exchange on it at a time.

Owns the socket, the reading of answers (llhttp, through httptools), flow control and the time-outs between
bytes. What could be the end of an answer and is not sure to be is a failure, never an end.
"""

import asyncio
from dataclasses import dataclass
from typing import cast

import httptools

from gateway.headers import Header
from shared.errors import UpstreamTimeoutError, UpstreamUnavailableError

MAX_QUEUED = 256 * 1024
"""Past so many bytes not yet taken by the client, a service is not read from."""
MAX_HEAD = 64 * 1024


class StaleConnectionError(UpstreamUnavailableError):
    """A kept connection was dead, nothing of an answer came: what was asked may be asked once more."""


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
        self.answered = False
        """Whether any byte of an answer came."""
        self.error: Exception | None = None
        self.bodiless = bodiless
        self._connection = connection
        self._timeouts = timeouts
        self._pieces: list[bytes] = []
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
        """Return the next part of the answer's body, all that has come; nothing at its end."""
        while not self._pieces:
            if self.complete:
                return b""
            await self._wait(self._timeouts.idle)
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._queued = 0
        self._connection.resume_reading()
        return body

    def fail(self, error: Exception) -> None:
        """End the exchange with ``error``, and its connection with it."""
        if self.complete or self.error is not None:
            return
        self.error = error
        self._connection.abort()
        self._wake()

    # What the connection tells.

    def head_came(self, status: int, headers: list[Header]) -> None:
        self.headers = headers
        self.status = status
        self._wake()

    def body_came(self, body: bytes) -> None:
        self._pieces.append(body)
        self._queued += len(body)
        if self._queued > MAX_QUEUED:
            self._connection.pause_reading()
        self._wake()

    def completed(self) -> None:
        self.complete = True
        self._wake()

    def lost(self) -> None:
        stale = self._connection.reused and not self.answered
        kind = StaleConnectionError if stale else UpstreamUnavailableError
        self.fail(kind("A service closed the connection without an answer", retry_after_ms=1_000))

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


class Connection(asyncio.Protocol):
    """One connection: its transport, its parser, and the exchange it is busy with."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.reused = False
        self.writable = asyncio.Event()
        self.writable.set()
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[Header] = []
        self._head_bytes = 0
        self._status = 0
        self._until_eof = False
        self._paused = False
        self._keep = True

    # Used by the pool and by exchanges.

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def reusable(self) -> bool:
        return self._keep and self.alive and not self._paused and self._exchange is None

    def begin(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._status = self._head_bytes = 0

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def abort(self) -> None:
        self._keep = False
        self._exchange = None
        if self._transport is not None:
            self._transport.abort()

    def pause_reading(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by behaviour, not by class.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        exchange, self._exchange = self._exchange, None
        self._transport = None
        self._keep = False
        self.writable.set()
        if exchange is None:
            return
        if self._until_eof and self._status and exc is None:
            exchange.completed()
        else:
            exchange.lost()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            # Nothing was asked: whatever this is, it is not the answer to the next question.
            self.abort()
            return
        exchange.answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            exchange.fail(broken("switched protocols unasked"))
        except httptools.HttpParserError:
            self._keep = False
            exchange.fail(broken("sent something that is not HTTP"))
        if not self._status:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                exchange.fail(broken("sent a head that is too large"))

    # httptools

    def on_message_begin(self) -> None:
        if self._exchange is None:
            self._keep = False
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        # After the head, these are trailers: they were not announced to the client, and are dropped.
        if not self._status:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._exchange is None or 100 <= status < 200:
            return
        self._status = status
        codings = [value.lower() for name, value in self._headers if name == b"transfer-encoding"]
        sized = any(name == b"content-length" for name, _ in self._headers)
        if not 200 <= status <= 599 or (codings and codings != [b"chunked"]):
            self._exchange.fail(broken("sent a head that makes no sense"))
            return
        self._until_eof = not codings and not sized
        self._exchange.head_came(status, self._headers)
        if self._exchange.bodiless:
            # The answer to HEAD: its length is that of a body that does not come.
            keep = self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._finish(keep=keep)

    def on_body(self, body: bytes) -> None:
        if self._exchange is not None:
            self._exchange.body_came(body)
        else:
            self._keep = False

    def on_message_complete(self) -> None:
        if self._status and self._exchange is not None:
            self._finish(keep=self._parser.should_keep_alive())

    def _finish(self, *, keep: bool) -> None:
        exchange, self._exchange = self._exchange, None
        assert exchange is not None  # noqa: S101 - both callers have looked
        self._keep = self._keep and keep and exchange.sent
        exchange.completed()


def broken(what: str) -> UpstreamUnavailableError:
    """Return the error for a service that did ``what`` HTTP does not allow."""
    return UpstreamUnavailableError(f"A service {what}", status=502)
