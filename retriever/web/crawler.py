"""Fetching pages as a good guest: robots.txt, a pace for each host, patience, redirects looked at anew.

Owns what is remembered of hosts while pages are fetched. Which documents are wanted is not its business.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from retriever.web.manners import Pace, again, is_temporary, retry_after
from retriever.web.replies import FetchError, Reply, Sink
from retriever.web.robots import Robots
from retriever.web.urls import Url, UrlError, follow, parse

AT_ONCE_A_HOST = 2
MAX_REDIRECTS = 5
ROBOTS_GOOD_FOR_S = 3600.0
ROBOTS_BAD_FOR_S = 60.0
"""One that cannot be read is not asked for again with every page."""
MAX_ROBOTS_BYTES = 10 * 1024 * 1024
"""Of which only the beginning is read."""
LONGEST_PAGE_S = 900.0
"""What one page may take with its turns, pauses, retries and redirects."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Connects(Protocol):
    """Sends one request; :class:`retriever.web.connection.Connection` is one."""

    async def get(
        self, url: Url, *, headers: Mapping[str, str], limit: int, into: Sink | None = None
    ) -> Reply:
        """Return the answer, or raise :class:`FetchError`."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


@dataclass(frozen=True)
class _Asked:
    """What is sent and taken with every request for one page or file."""

    headers: Mapping[str, str]
    limit: int
    into: Sink | None = None


@dataclass
class _Host:
    """What is known of one origin."""

    pace: Pace
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE_A_HOST))
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: Robots | FetchError | None = None
    asked: float = 0.0


class Crawler:
    """Fetches pages. ``sleep`` and ``clock`` are those of the event loop unless a test brings others."""

    def __init__(
        self,
        connection: Connects,
        *,
        delay_s: float = 0.25,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        longest_s: float = LONGEST_PAGE_S,
    ) -> None:
        self._connection, self._delay_s, self._longest_s = connection, delay_s, longest_s
        self._sleep, self._clock = sleep, clock
        self._hosts: dict[str, _Host] = {}

    async def fetch(self, address: str, *, headers: Mapping[str, str], limit: int) -> Reply:
        """Return the page at ``address`` (200) or that it is as it was (304), wherever redirects lead.

        Raises
        ------
        FetchError
            If it is not to be had, with the reason; ``status`` is that of the answer, where there was one.
        """
        return await self._within(address, _Asked(headers, limit))

    async def download(self, address: str, *, headers: Mapping[str, str], limit: int, into: Sink) -> Reply:
        """Put the file at ``address`` ``into`` a sink; the answer's body stays empty. Else as :meth:`fetch`.

        robots.txt is not asked: it is for who finds addresses by himself, and the owner named this one.

        Raises
        ------
        FetchError
            If it is not to be had.
        """
        # A file is kept as it is; what packs it once more for the way would only hide its size.
        return await self._within(address, _Asked({"accept-encoding": "identity", **headers}, limit, into))

    async def _within(self, address: str, asked: _Asked) -> Reply:
        try:
            async with asyncio.timeout(self._longest_s):
                return await self._fetch(parse(address), asked)
        except UrlError as error:
            raise FetchError(str(error)) from None
        except TimeoutError:
            raise FetchError("it took too long with all its pauses", temporary=True) from None

    async def _fetch(self, url: Url, asked: _Asked) -> Reply:
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._page(url, asked)
            if reply.status not in _REDIRECTS:
                return self._answered(reply)
            location = reply.headers.get("location", "").strip()
            if not location:
                raise FetchError("it redirects without saying where")
            try:
                url = follow(url, location)
            except UrlError as error:
                raise FetchError(f"it redirects to what is not fetched: {error}") from None
        raise FetchError(f"it redirects more than {MAX_REDIRECTS} times")

    async def close(self) -> None:
        """Close connections and forget hosts."""
        self._hosts.clear()
        await self._connection.close()

    @staticmethod
    def _answered(reply: Reply) -> Reply:
        if reply.status in (200, 304):
            return reply
        temporary = is_temporary(reply.status)
        raise FetchError(f"the server answered {reply.status}", temporary=temporary, status=reply.status)

    async def _page(self, url: Url, asked: _Asked) -> Reply:
        host = self._hosts.setdefault(url.origin, _Host(Pace(self._delay_s)))
        if asked.into is None and not (await self._robots(host, url)).allows(str(url)):
            raise FetchError("robots.txt does not allow it")
        return await self._patiently(host, url, asked)

    async def _robots(self, host: _Host, url: Url) -> Robots:
        async with host.asking:
            good_for = ROBOTS_BAD_FOR_S if isinstance(host.robots, FetchError) else ROBOTS_GOOD_FOR_S
            if host.robots is None or self._clock() - host.asked > good_for:
                try:
                    host.robots = await self._read_robots(host, url)
                    host.pace.delay_s = max(self._delay_s, host.robots.delay_s)
                except FetchError as error:
                    host.robots = error
                host.asked = self._clock()
            if isinstance(host.robots, FetchError):
                raise FetchError(str(host.robots), temporary=host.robots.temporary)
            return host.robots

    async def _read_robots(self, host: _Host, url: Url) -> Robots:
        """What cannot be read forbids all, what is not there forbids nothing (RFC 9309, section 2.3.1)."""
        at = Url(url.scheme, url.host, url.port, "/robots.txt")
        for _ in range(MAX_REDIRECTS + 1):
            try:
                reply = await self._patiently(host, at, _Asked({}, MAX_ROBOTS_BYTES))
            except FetchError as error:
                raise FetchError(
                    f"robots.txt of {url.host} cannot be read: {error}", temporary=error.temporary
                ) from None
            if reply.status >= 500 or reply.status == 429:
                reason = f"robots.txt of {url.host} cannot be read: the server answered {reply.status}"
                raise FetchError(reason, temporary=True)
            if reply.status not in _REDIRECTS:
                return Robots(reply.body)
            try:
                at = follow(at, reply.headers.get("location", ""))
            except UrlError:
                break
        return Robots()

    async def _patiently(self, host: _Host, url: Url, asked: _Asked) -> Reply:
        """One answer; what may pass is asked for again, after a pause that the server may set."""
        attempt = 1
        while True:
            came = await self._once(host, url, asked)
            if isinstance(came, FetchError):
                wait = again(attempt) if came.temporary else None
                if wait is None:
                    raise came
            else:
                asked_for = retry_after(came.headers.get("retry-after", ""), now=datetime.now(UTC))
                wait = again(attempt, retry_after=asked_for)
                if wait is None or not is_temporary(came.status):
                    return came
            if wait.whole_host:
                host.pace.pause(self._clock(), wait.seconds)
            else:
                await self._sleep(wait.seconds)
            attempt += 1

    async def _once(self, host: _Host, url: Url, asked: _Asked) -> Reply | FetchError:
        async with host.turns:
            await self._sleep(host.pace.take(self._clock()))
            try:
                return await self._connection.get(
                    url, headers=asked.headers, limit=asked.limit, into=asked.into
                )
            except FetchError as error:
                return error
