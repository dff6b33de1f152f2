"""The chat's WebSocket: the handshake with the chat service, then the two connections are joined.

Who may open one was decided before; a refusal of the service is answered as HTTP, before the upgrade. Nothing
is joined before the service has said 101. The token goes no further.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
from websockets.utils import accept_key

from gateway.headers import Header, find, lines
from gateway.identity import Caller
from gateway.upstream.pool import Pool, Service
from gateway.websocket.tunnel import Ended, Terms, Tunnel
from shared.contracts.chat_ws import SUBPROTOCOL
from shared.errors import CarrelError, MalformedError, UpstreamUnavailableError, from_problem
from shared.http import Receive, Scope
from shared.logging import request_id
from shared.places import Places

_log = logging.getLogger(__name__)
TAKE_OVER = "carrel.take_over"
"""The scope's extension that gives the client's connection away."""
_MAX_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Client:
    """A client's connection that was given away, reading paused."""

    transport: asyncio.Transport
    early: bytes
    """What came behind the handshake."""
    connections: set[Any]
    """The server's list of what it waits for when it stops."""


class SocketProxy:
    """Joins clients with the chat ``service``."""

    def __init__(
        self, service: Service, *, places: Places, connect_timeout_s: float, idle_timeout_s: float
    ) -> None:
        self._service, self._places = service, places
        self._connect_timeout_s, self._idle_timeout_s = connect_timeout_s, idle_timeout_s

    @property
    def open(self) -> int:
        """How many there are."""
        return self._places.taken

    async def __call__(
        self, scope: Scope, receive: Receive, *, caller: Caller, headers: bytes, ended: Ended
    ) -> bool:
        """Join one client with the service; ``headers`` are the lines that the service is told.

        Returns at once, whether the client was still there; ``ended`` is called when all is over.

        Raises
        ------
        CarrelError
            Too many connections, no service, or the service's own refusal.
        """
        offered = scope["subprotocols"]
        if offered and SUBPROTOCOL not in offered:
            raise MalformedError(f"The subprotocol is {SUBPROTOCOL}: offer it")
        await receive()  # websocket.connect
        who = caller.principal.id
        self._places.take(who)
        pool = self._service.pick()
        pool.join()

        def leave() -> None:
            pool.sockets -= 1
            self._places.leave(who)

        def over(*, sent: int) -> None:
            leave()
            ended(sent=sent)

        try:
            key = find(scope["headers"], b"sec-websocket-key")
            service = await self._shake(pool, scope["raw_path"], key, headers)
            client: Client | None = scope["extensions"][TAKE_OVER]()
        except BaseException:
            leave()
            raise
        if client is None:
            service.abort()
            leave()
            return False
        client.transport.write(_accepting(key, chosen=SUBPROTOCOL if offered else ""))
        terms = Terms(idle_s=self._idle_timeout_s, expires=caller.expires)
        tunnel = Tunnel(
            client.transport, service.transport, terms=terms, connections=client.connections, ended=over
        )
        tunnel.begin(from_client=client.early, from_service=service.rest)
        return True

    async def _shake(self, pool: Pool, raw_path: bytes, key: bytes, headers: bytes) -> "_Handshake":
        """Return the service's connection once it has said 101."""
        loop = asyncio.get_running_loop()
        service = _Handshake()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await loop.create_connection(lambda: service, pool.host, pool.port, ssl=pool.tls or None)
                service.transport.write(_asking(raw_path, pool.authority, key, headers))
                await service.answered
        except (OSError, httptools.HttpParserError):
            service.abort()
            raise _unavailable("The chat service cannot be reached") from None
        except BaseException:
            service.abort()
            raise
        if service.status == 101 and service.said(b"sec-websocket-accept") == accept_key(key.decode()):
            return service
        service.abort()
        raise _refusal(service.status, bytes(service.body))


@dataclass(eq=False)
class _Handshake(asyncio.Protocol):
    """The service's side until it has answered the handshake, whatever it answers."""

    answered: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    status: int = 0
    headers: list[Header] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    rest: bytes = b""
    """What came behind a 101."""
    transport: asyncio.Transport = field(init=False)

    def __post_init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)

    def said(self, name: bytes) -> str:
        return find(self.headers, name).decode("latin-1")

    def abort(self) -> None:
        if hasattr(self, "transport"):
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are asyncio's by behaviour, not by class.
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        # The end of an answer without a length, or of one without any end.
        self._over(None if self.status else ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.rest += data[upgrade.args[0] :]
            self.transport.pause_reading()
            self._over(None)
        except httptools.HttpParserError as error:
            self._over(error)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.body += body
        if len(self.body) > _MAX_ANSWER:
            self._over(ConnectionResetError())

    def on_message_complete(self) -> None:
        if self.status != 101:
            self._over(None)

    def _over(self, error: Exception | None) -> None:
        if self.answered.done():
            return
        if error is None:
            self.answered.set_result(None)
        else:
            self.answered.set_exception(error)
            self.answered.exception()  # seen, also when nobody waits any more


def _asking(raw_path: bytes, authority: bytes, key: bytes, headers: bytes) -> bytes:
    ours = (
        (b"host", authority),
        (b"connection", b"Upgrade"),
        (b"upgrade", b"websocket"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", key),
        (b"sec-websocket-protocol", SUBPROTOCOL.encode("ascii")),
    )
    return b"GET %b HTTP/1.1\r\n%b%b\r\n" % (raw_path, lines(ours), headers)


def _accepting(key: bytes, *, chosen: str) -> bytes:
    """Return the gateway's own 101: of the service's, only that it said so goes on."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "upgrade: websocket",
        "connection: Upgrade",
        f"sec-websocket-accept: {accept_key(key.decode())}",
        f"x-request-id: {request_id.get()}",
    ]
    if chosen:
        lines.append(f"sec-websocket-protocol: {chosen}")
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _unavailable(detail: str) -> CarrelError:
    return UpstreamUnavailableError(detail, retry_after_ms=1_000)


def _refusal(status: int, raw: bytes) -> CarrelError:
    """Return what the service answered instead of the upgrade; one that was not for the client is ours."""
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    if not isinstance(body, dict) or "code" not in body or status < 400 or status == 401:
        _log.error("the chat service answered HTTP %d to a handshake", status)
        return _unavailable("The chat service refused the connection")
    return from_problem(body, status=status)
