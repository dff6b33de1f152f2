"""One connection to a service, and one answer on it at a time.

Owns the socket, the reading of answers (llhttp, through httptools) and flow control. What could be the end
of an answer and is not sure to be is a failure, never an end. Whoever waits for the answer is told of all
that came in one read, then that it was all: only then may the connection be used again.
"""

import asyncio
from typing import Protocol, cast

import httptools

from gateway.headers import Header
from gateway.outbox import Outbox
from shared.errors import CarrelError, UpstreamUnavailableError

MAX_HEAD = 64 * 1024


class StaleConnectionError(UpstreamUnavailableError):
    """A kept connection was dead, nothing of an answer came: what was asked may be asked once more."""


class Waiting(Protocol):
    """Who waits for an answer. It is told ``completed``, ``lost`` or neither, and of one answer only."""

    bodiless: bool
    """Whether the answer has no body, whatever its head says (it was asked with HEAD)."""
    sent: bool
    """Whether the request is out, whole."""

    def head_came(self, status: int, headers: list[Header]) -> None:
        """The answer's status and headers, names in lower case."""

    def body_came(self, body: bytes) -> None:
        """A part of the body; of a chunked one, never parts of two chunks."""

    def told(self) -> None:
        """All that came with one read was told."""

    def completed(self) -> None:
        """The answer is whole; the connection is free."""

    def lost(self, error: CarrelError) -> None:
        """There will be no more of the answer; the connection is gone."""


class Connection(asyncio.Protocol):
    """One connection: its transport, its parser, and who waits for its answer."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.reused = False
        self.writable = asyncio.Event()
        self.writable.set()
        self._transport: asyncio.Transport | None = None
        self._waiting: Waiting | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[Header] = []
        self._head_bytes = 0
        self._status = 0
        self._answered = False
        self._until_eof = False
        self._whole = False
        self._paused = False
        self._keep = True
        self._wrong = ""

    # Used by the pool and by who waits.

    @property
    def reusable(self) -> bool:
        return (
            self._keep
            and self._waiting is None
            and not self._paused
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def begin(self, waiting: Waiting) -> None:
        """Let ``waiting`` be told of the next answer."""
        self._waiting = waiting
        self._status = self._head_bytes = 0
        self._whole = self._answered = False

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def write_soon(self, data: bytes, outbox: Outbox, *, under_way: int) -> None:
        """Send ``data`` with what else is sent at the end of the event loop's turn."""
        if self._transport is not None:
            outbox.write(self._transport, data, under_way=under_way)

    def abort(self) -> None:
        """Close at once: that is how a service learns that nobody waits any more."""
        self._keep = False
        self._waiting = None
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
        self._transport = None
        self._keep = False
        self.writable.set()
        if self._waiting is None:
            return
        if self._until_eof and self._status and exc is None:
            self._end()
        else:
            self._lose(_closed(stale=self.reused and not self._answered))

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        waiting = self._waiting
        if waiting is None:
            # Nothing was asked: whatever this is, it is not the answer to the next question.
            self.abort()
            return
        self._answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._wrong = self._wrong or "switched protocols unasked"
        except httptools.HttpParserError:
            self._wrong = self._wrong or "sent something that is not HTTP"
        if not self._status:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._wrong = self._wrong or "sent a head that is too large"
        if self._wrong:
            self._keep = False
        if self._whole:
            # What came behind it was wrong, if anything: the answer itself is not.
            self._end()
        elif self._wrong:
            self._lose(broken(self._wrong))
        else:
            waiting.told()

    # httptools

    def on_message_begin(self) -> None:
        if self._whole:
            self._wrong = "sent more than one answer"
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        # After the head, these are trailers: they were not announced to the client, and are dropped.
        if not self._status:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200 or self._whole or self._waiting is None:
            return
        self._status = status
        names = [name for name, _ in self._headers]
        chunked = b"transfer-encoding" in names
        if not 200 <= status <= 599 or (chunked and not _is_chunked(self._headers)):
            self._wrong = "sent a head that makes no sense"
            return
        self._until_eof = not chunked and b"content-length" not in names
        self._waiting.head_came(status, self._headers)
        if self._waiting.bodiless:
            # The answer to HEAD: its length is that of a body that does not come.
            self._keep = self._keep and self._parser.should_keep_alive()
            self._whole = True
            self._parser = httptools.HttpResponseParser(self)

    def on_body(self, body: bytes) -> None:
        if self._waiting is not None and not self._whole and not self._wrong:
            self._waiting.body_came(body)
        else:
            self._keep = False

    def on_message_complete(self) -> None:
        if self._status and not self._whole and not self._wrong:
            self._keep = self._keep and self._parser.should_keep_alive()
            self._whole = True

    def _end(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._keep = self._keep and waiting.sent
            waiting.completed()

    def _lose(self, error: UpstreamUnavailableError) -> None:
        waiting = self._waiting
        self.abort()
        if waiting is not None:
            waiting.lost(error)


def _is_chunked(headers: list[Header]) -> bool:
    return [value.lower() for name, value in headers if name == b"transfer-encoding"] == [b"chunked"]


def _closed(*, stale: bool) -> UpstreamUnavailableError:
    kind = StaleConnectionError if stale else UpstreamUnavailableError
    return kind("A service closed the connection without an answer", retry_after_ms=1_000)


def broken(what: str) -> UpstreamUnavailableError:
    """Return the error for a service that did ``what`` HTTP does not allow."""
    return UpstreamUnavailableError(f"A service {what}", status=502)
