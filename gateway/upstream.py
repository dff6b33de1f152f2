"""A small pool of keep-alive connections to one service.

Owns how many there are, which is used next and how long an idle one is kept. It never decides to ask twice:
it tells whether that would be safe.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from gateway.connection import Connection, Exchange, Timeouts, broken
from shared.errors import OverloadedError, UpstreamTimeoutError, UpstreamUnavailableError


class Pool:
    """Connections to the service at ``url``, opened when needed, the hottest used first."""

    def __init__(self, url: str, *, timeouts: Timeouts, max_connections: int) -> None:
        parts = urlsplit(url)
        self.authority = parts.netloc.encode("ascii")
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._timeouts = timeouts
        self._idle: deque[Connection] = deque()
        self._slots = asyncio.Semaphore(max_connections)

    @asynccontextmanager
    async def exchange(self, *, fresh: bool, bodiless: bool) -> AsyncIterator[Exchange]:
        """Give a connection for one request; ``fresh`` means a new one.

        Left with the answer incomplete, for whatever reason, the connection is closed at once: that is how
        a service learns that nobody waits any more.

        Raises
        ------
        OverloadedError
            If every connection stayed busy.
        UpstreamUnavailableError, UpstreamTimeoutError
            If the service cannot be reached.
        """
        await self._take_slot()
        try:
            connection = (None if fresh else self._reuse()) or await self._connect()
            exchange = Exchange(connection, self._timeouts, bodiless=bodiless)
            connection.begin(exchange)
            try:
                yield exchange
            finally:
                self._put_back(connection)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().abort()

    async def _take_slot(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await self._slots.acquire()
        except TimeoutError:
            raise OverloadedError("A service has no free connection", retry_after_ms=1_000) from None

    def _reuse(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - self._timeouts.keep_alive
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and connection.idle_since > oldest:
                connection.reused = True
                return connection
            connection.abort()
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection()
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await loop.create_connection(
                    lambda: connection, self._host, self._port, ssl=self._tls or None
                )
        except TimeoutError:
            raise UpstreamTimeoutError("A service does not take connections", retry_after_ms=1_000) from None
        except OSError:
            raise UpstreamUnavailableError("A service cannot be reached", retry_after_ms=1_000) from None
        except asyncio.CancelledError:
            connection.abort()
            raise
        return connection

    def _put_back(self, connection: Connection) -> None:
        if not connection.reusable:
            connection.abort()
            return
        now = connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)
        # LIFO keeps the hottest; the coldest age out here.
        while self._idle and self._idle[0].idle_since <= now - self._timeouts.keep_alive:
            self._idle.popleft().abort()


async def get(
    pool: Pool, target: str, *, headers: Iterable[tuple[str, str]] = (), max_bytes: int = 4 * 1024 * 1024
) -> tuple[int, bytes]:
    """Ask the service of ``pool`` for ``target`` and return the status and the whole body.

    Raises
    ------
    CarrelError
        If there was no whole answer.
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"GET {target} HTTP/1.1\r\nhost: {pool.authority.decode()}\r\n{lines}\r\n"
    async with pool.exchange(fresh=True, bodiless=False) as exchange:
        exchange.write(head.encode("latin-1"))
        exchange.sent = True
        await exchange.head()
        body = b""
        while part := await exchange.read():
            body += part
            if len(body) > max_bytes:
                raise broken("sent an answer that is too large")
        return exchange.status, body
