"""A small pool of keep-alive connections to one service.

Owns how many there are, which is used next and how long an idle one is kept. It never decides to ask twice:
it tells whether that would be safe.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Protocol
from urllib.parse import urlsplit

from gateway.upstream.breaker import Breaker
from gateway.upstream.connection import Connection, broken
from gateway.upstream.exchange import Exchange, Timeouts
from shared.errors import OverloadedError, UpstreamTimeoutError, UpstreamUnavailableError

_USES = count(1)


class Service(Protocol):
    """One service: a pool, or several of its replicas."""

    @property
    def pools(self) -> Sequence["Pool"]:
        """All of them."""
        ...

    def pick(self) -> "Pool":
        """Return the one that is asked next."""
        ...


class Pool:
    """Connections to the service at ``url``, opened when needed, the hottest used first."""

    def __init__(
        self, url: str, *, timeouts: Timeouts, max_connections: int, breaker: Breaker | None = None
    ) -> None:
        parts = urlsplit(url)
        self.breaker = breaker or Breaker(parts.netloc, clock=time.monotonic)
        """Says whether the service is asked at all; told of what comes of it by whoever asks."""
        self.authority = parts.netloc.encode("ascii")
        self.timeouts = timeouts
        self.busy = 0
        """How many connections are in use."""
        self.used = 0
        """When it was asked last: the later, the larger."""
        self.sockets = 0
        """How many WebSockets are joined with this service; they take no connections of this pool."""
        self.tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.tls else 80)
        self._most = max_connections
        self._idle: deque[Connection] = deque()
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def pools(self) -> "tuple[Pool]":
        """This one: see :class:`Service`."""
        return (self,)

    def pick(self) -> "Pool":
        """Return this one: see :class:`Service`."""
        return self

    def join(self) -> None:
        """Count one more WebSocket with this service."""
        self.sockets += 1
        self.used = next(_USES)

    @property
    def idle(self) -> int:
        """How many connections wait for use."""
        return len(self._idle)

    def take_idle(self, *, now: float) -> Connection | None:
        """Return a kept connection, now in use, when one is there and nobody waits for one.

        ``now`` is of the event loop's clock. Whoever took it gives it back with :meth:`give_back`.
        """
        if self.busy >= self._most or self._queue:
            return None
        if (connection := self._reuse(now)) is not None:
            self.busy += 1
            self.used = next(_USES)
        return connection

    def give_back(self, connection: Connection, *, now: float) -> None:
        """Take a connection back: it is kept when its answer was whole, else closed at once."""
        self._leave()
        if not connection.reusable:
            connection.abort()
            return
        connection.idle_since = now
        self._idle.append(connection)
        # LIFO keeps the hottest; the coldest age out here.
        while self._idle[0].idle_since <= now - self.timeouts.keep_alive:
            self._idle.popleft().abort()

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
        await self._enter()
        clock = asyncio.get_running_loop().time
        self.used = next(_USES)
        try:
            connection = (None if fresh else self._reuse(clock())) or await self._connect()
        except BaseException:
            self._leave()
            raise
        exchange = Exchange(connection, self.timeouts, bodiless=bodiless)
        connection.begin(exchange)
        try:
            yield exchange
        finally:
            self.give_back(connection, now=clock())

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().abort()

    async def _enter(self) -> None:
        """Take one of the places for connections in use; first come, first served."""
        if self.busy < self._most:
            self.busy += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            async with asyncio.timeout(self.timeouts.connect):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled():
                self._leave()  # it was given in the same moment
            elif place in self._queue:
                self._queue.remove(place)
            if isinstance(error, TimeoutError):
                raise OverloadedError("A service has no free connection", retry_after_ms=1_000) from None
            raise

    def _leave(self) -> None:
        """Give a place to who waits longest, or back."""
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.busy -= 1

    def _reuse(self, now: float) -> Connection | None:
        oldest = now - self.timeouts.keep_alive
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
            async with asyncio.timeout(self.timeouts.connect):
                await loop.create_connection(lambda: connection, self.host, self.port, ssl=self.tls or None)
        except TimeoutError:
            raise UpstreamTimeoutError("A service does not take connections", retry_after_ms=1_000) from None
        except OSError:
            raise UpstreamUnavailableError("A service cannot be reached", retry_after_ms=1_000) from None
        except asyncio.CancelledError:
            connection.abort()
            raise
        return connection


async def get(
    pool: Pool,
    target: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    max_bytes: int = 4 * 1024 * 1024,
    heard: Callable[[], None] = lambda: None,
) -> tuple[int, bytes]:
    """Ask the service of ``pool`` for ``target`` and return the status and the whole body.

    ``heard`` is called once the answer has begun.

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
        heard()
        body = b""
        while part := await exchange.read():
            body += part
            if len(body) > max_bytes:
                raise broken("sent an answer that is too large")
        return exchange.status, body
