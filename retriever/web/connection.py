"""One request to a stranger's server: resolved once, checked, connected to that very address, bounded.

Owns the connection. What the environment says of proxies is not read, there are no cookies, nothing is
followed. Adapters decide nothing: which address may be used is :mod:`retriever.web.addresses`.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import httpcore

from retriever.web.addresses import refusal
from retriever.web.inflating import BrokenError, Inflater, TooMuchError
from retriever.web.replies import FetchError, Reply, Sink
from retriever.web.urls import Url
from shared import __version__

USER_AGENT = f"Carrel/{__version__} (documents for question answering; honours robots.txt)"
CONNECT_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 16
KEEP_ALIVE_S = 5.0
FILE_TIMES = 10
"""A file that is put into a sink may take so many times as long as a page."""
_PIECE = 1024 * 1024

Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host``, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address that was checked, and to nothing the name may mean a moment later."""

    def __init__(self, *, allow_loopback: bool, resolve: Resolve = resolve) -> None:
        self._allow_loopback, self._resolve = allow_loopback, resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve ``host``, refuse it if any of its addresses is not public, connect to one of them."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("its name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("its name does not resolve") from None
        for address in addresses:
            if why := refusal(address, allow_loopback=self._allow_loopback):
                raise FetchError(f"{host} is not a public address ({why})")
        failure: Exception = httpcore.ConnectError("its name has no address")
        for address in addresses[:4]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, None, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: nothing of the web is behind a socket of this machine."""
        raise FetchError("sockets of this machine are not fetched from")

    async def sleep(self, seconds: float) -> None:
        """Wait, for the driver's own retries, of which there are none."""
        await asyncio.sleep(seconds)


class Connection:
    """Sends requests one by one; ``timeout_s`` bounds each from its first byte to its last."""

    def __init__(
        self,
        *,
        timeout_s: float = 30.0,
        allow_loopback: bool = False,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=PinnedBackend(allow_loopback=allow_loopback, resolve=resolve),
        )

    async def get(
        self, url: Url, *, headers: Mapping[str, str], limit: int, into: Sink | None = None
    ) -> Reply:
        """Return the answer to a GET of ``url``, its body unpacked and of at most ``limit`` bytes.

        With ``into`` the body goes there, not into the answer.

        Raises
        ------
        FetchError
            If the address may not be connected to, or there is no whole answer within the bounds.
        """
        sent = {"accept": "*/*", "accept-encoding": "gzip", "user-agent": USER_AGENT} | dict(headers)
        try:
            async with asyncio.timeout(self._timeout_s * (FILE_TIMES if into else 1)):
                return await self._get(url, sent, limit, into)
        except (TimeoutError, httpcore.TimeoutException):
            raise FetchError("it did not answer in time", temporary=True) from None
        except httpcore.ConnectError as error:
            if "CERTIFICATE" in str(error):
                raise FetchError("its certificate is not valid for its name") from None
            raise FetchError(f"it cannot be reached: {_why(error)}", temporary=True) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise FetchError(f"the connection broke: {_why(error)}", temporary=True) from None
        except TooMuchError as error:
            raise FetchError(str(error)) from None
        except BrokenError as error:
            raise FetchError(str(error), temporary=True) from None

    async def _get(self, url: Url, headers: Mapping[str, str], limit: int, into: Sink | None) -> Reply:
        timeouts = dict.fromkeys(("read", "write", "pool"), self._timeout_s)
        where = httpcore.URL(
            scheme=url.scheme.encode(), host=url.host.encode(), port=url.port, target=url.target.encode()
        )
        async with self._pool.stream(
            "GET",
            where,
            headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            extensions={"timeout": {"connect": CONNECT_TIMEOUT_S, **timeouts}},
        ) as response:
            said = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in response.headers}
            if response.status != 200:
                return Reply(url, response.status, said)  # nothing of it is read
            declared = said.get("content-length", "")
            if declared.isdecimal() and int(declared[:20]) > limit:
                raise TooMuchError(f"it has more than {limit} bytes")
            inflater = Inflater(said.get("content-encoding", ""), limit=limit)
            if into is not None:
                await into.begin()
            async for piece in response.aiter_stream():
                inflater.feed(piece)
                if into is not None and inflater.ready >= _PIECE:
                    await into.write(inflater.take())
            body = inflater.finish()
            if into is None:
                return Reply(url, response.status, said, body)
            await into.write(body)
            return Reply(url, response.status, said)

    async def close(self) -> None:
        """Close what is open."""
        await self._pool.aclose()


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or "no reason was given"
