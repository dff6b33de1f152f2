"""An httpx transport for answers that come word by word: one connection for each answer, and one timer.

Owns the socket, the reading of answers (llhttp, through httptools) and flow control. httpx's own transport
spends more on a word than all else that happens to it. Nothing is kept for the next request: beside an
answer, connecting costs nothing, and no answer begins on a connection that has died meanwhile.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

import httptools
import httpx

MAX_HEAD = 64 * 1024
BUFFERED = 256 * 1024
"""While so much waits to be taken, no more is read."""


class StreamTransport(httpx.AsyncBaseTransport):
    """Serves any number of requests at once; knows no proxies, no redirects and no HTTP/2.

    Of the request's timeouts ``connect`` and ``read`` are kept; requests are small. ``tls`` says whom to
    trust, in the place of whom httpx trusts.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer once its head is there. Raises the errors of httpx."""
        timeouts = request.extensions.get("timeout", {})
        body = await request.aread()
        reply = await self._connect(request.url, timeouts.get("connect"), _Reply(timeouts.get("read")))
        try:
            reply.write(_head(request) + body)
            await reply.head()
        except BaseException:
            await reply.aclose()
            raise
        return httpx.Response(reply.status, headers=reply.headers, stream=reply)

    async def _connect(self, url: httpx.URL, connect_s: float | None, reply: "_Reply") -> "_Reply":
        secure = url.scheme == "https"
        if secure and self._tls is None:
            self._tls = httpx.create_ssl_context()
        port = url.port or (443 if secure else 80)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(connect_s):
                await loop.create_connection(lambda: reply, url.host, port, ssl=self._tls if secure else None)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        return reply


class _Reply(asyncio.Protocol, httpx.AsyncByteStream):
    """One connection with the one answer on it, whose body it is. Read by one."""

    def __init__(self, read_s: float | None) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._read_s = read_s
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._head_bytes = 0
        self._parts: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._paused = self._whole = self._until_eof = False
        self._error: httpx.TransportError | None = None
        self._news: asyncio.Future[None] | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def head(self) -> None:
        """Wait for status and headers."""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._wait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if self._parts:
                yield self._take()
            elif self._error is not None:
                raise self._error
            elif self._whole:
                return
            else:
                await self._wait()

    async def aclose(self) -> None:
        """Close at once: that is how a service learns that nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _take(self) -> bytes:
        body = b"".join(self._parts)
        self._parts.clear()
        self._waiting_bytes = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return body

    async def _wait(self) -> None:
        """Wait until something came. One timer looks after all waits: most are short."""
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        if self._timer is None and self._read_s is not None:
            self._timer = loop.call_later(self._read_s, self._look)
        self._news = loop.create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _look(self) -> None:
        self._timer = None
        if self._news is None or self._read_s is None:
            return
        loop = asyncio.get_running_loop()
        if (left := self._since + self._read_s - loop.time()) > 0:
            self._timer = loop.call_later(left, self._look)
        else:
            self._fail(httpx.ReadTimeout("nothing came in time"))

    def _fail(self, error: httpx.TransportError) -> None:
        self._error = self._error or error
        if self._transport is not None:
            self._transport.abort()
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by behaviour, not by class.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._until_eof and exc is None:
            self._whole = True
        elif not self._whole:
            self._error = self._error or httpx.RemoteProtocolError("closed in the middle of an answer")
        self._tell()

    def data_received(self, data: bytes) -> None:
        if not self.status:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(httpx.RemoteProtocolError("not an answer in HTTP"))
            return
        if not self.status and self._head_bytes > MAX_HEAD:
            self._fail(httpx.RemoteProtocolError("a head that is too large"))
        elif self._waiting_bytes > BUFFERED and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._tell()

    # httptools

    def on_message_begin(self) -> None:
        if not self.status:
            self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        # After the head, these are trailers.
        if not self.status:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self.status:
            self.status = status
            names = {name for name, _ in self.headers}
            self._until_eof = not names & {b"transfer-encoding", b"content-length"}

    def on_body(self, body: bytes) -> None:
        if not self._whole:
            self._parts.append(body)
            self._waiting_bytes += len(body)

    def on_message_complete(self) -> None:
        self._whole = self._whole or self.status != 0


def _head(request: httpx.Request) -> bytes:
    sent = [(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
    lines = b"".join(b"%s: %s\r\n" % header for header in sent)
    method = request.method.encode("ascii")
    return b"%s %s HTTP/1.1\r\n%sConnection: close\r\n\r\n" % (method, request.url.raw_path, lines)
