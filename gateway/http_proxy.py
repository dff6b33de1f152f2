"""Requests and answers, passed on as they come.

Owns the relay of one HTTP exchange: the body up, the answer down, nothing gathered in between, and the rule
when something may be asked twice. It decides neither who may ask nor which service answers.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.connection import Exchange, StaleConnectionError
from gateway.headers import Header, body_framing, request_head, response_headers
from gateway.upstream import Pool
from shared.errors import CarrelError, UpstreamUnavailableError
from shared.http import Receive, Scope, Send
from shared.tasks import spawn

_log = logging.getLogger(__name__)
GRACE_S = 0.02
"""A bodiless request that is answered within this never costs the task that watches for the client."""
_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))


class ClientLeftError(Exception):
    """The client closed its connection: there is nobody left to answer."""


class HttpProxy:
    """Passes requests on to the service behind ``pool``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send, *, told: Iterable[Header]) -> None:
        """Relay one exchange; ``told`` is what the gateway itself tells the service.

        Raises
        ------
        CarrelError
            When there is no answer to relay. Once the answer has begun, a failure only cuts it: it never
            looks complete.
        ClientLeftError
            When the client left first.
        """
        request = await _Request.read(scope, receive, authority=self._pool.authority, told=told)
        try:
            await self._relay(request, send, fresh=False)
        except StaleConnectionError:
            if not request.repeatable:
                raise
            await self._relay(request, send, fresh=True)

    async def _relay(self, request: "_Request", send: Send, *, fresh: bool) -> None:
        async with self._pool.exchange(fresh=fresh, bodiless=request.method == "HEAD") as exchange:
            with _Upload(request, exchange):
                await exchange.head()
                if exchange.status == 401:
                    # Who is asking was decided here: a service that does not believe it is ours to mend.
                    _log.error("a service does not accept the gateway's signature: INTERNAL_TOKEN differs")
                    raise UpstreamUnavailableError("A service refuses to answer", retry_after_ms=5_000)
                headers = response_headers(exchange.status, exchange.headers)
                await _relay_answer(exchange, headers, send)


@dataclass
class _Request:
    """A request with its head written anew, and as much of its body as came with it."""

    method: str
    first: bytes
    """The head, and the body's first part framed as the rest will be."""
    chunked: bool
    whole: bool
    """Whether ``first`` holds the whole body: then it can be sent again."""
    receive: Receive

    @classmethod
    async def read(
        cls, scope: Scope, receive: Receive, *, authority: bytes, told: Iterable[Header]
    ) -> "_Request":
        """Take the request, and its body as far as it has come."""
        target: bytes = scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        framing = body_framing(scope["headers"])
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientLeftError
        head = request_head(
            scope["method"],
            target,
            scope["headers"],
            authority=authority,
            told=told,
            framing=framing,
        )
        body, whole = event.get("body", b""), not event.get("more_body", False)
        chunked = framing.startswith(b"transfer")
        first = head + (_chunk(body, last=whole) if chunked else body)
        return cls(scope["method"], first, chunked, whole, receive)

    @property
    def repeatable(self) -> bool:
        """Whether asking again changes nothing and nothing of the body is gone (RFC 9110, section 9.2.2)."""
        return self.method in _IDEMPOTENT and self.whole


class _Upload:
    """What goes up while the answer comes down: the rest of the body, then the watch for the client.

    Something must always wait for the client: the server in front drops what is sent to one that left, and
    a service would go on answering nobody.
    """

    def __init__(self, request: _Request, exchange: Exchange) -> None:
        self._request, self._exchange = request, exchange
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._exchange.write(self._request.first)
        if self._request.whole:
            self._exchange.sent = True
            self._timer = asyncio.get_running_loop().call_later(GRACE_S, self._start)
        else:
            self._start()

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        self._task = spawn(self._run(), name="gateway upload")

    async def _run(self) -> None:
        try:
            more = not self._request.whole
            while more:
                more = await self._next()
            self._exchange.sent = True
            while (await self._request.receive())["type"] != "http.disconnect":
                pass
            self._exchange.fail(ClientLeftError())
        except (CarrelError, ClientLeftError) as error:
            self._exchange.fail(error)

    async def _next(self) -> bool:
        """Pass the next part of the body on and return whether more will come."""
        event = await self._request.receive()
        if event["type"] == "http.disconnect":
            raise ClientLeftError
        body, more = event.get("body", b""), bool(event.get("more_body", False))
        self._exchange.write(_chunk(body, last=not more) if self._request.chunked else body)
        await self._exchange.drain()
        return more


async def _relay_answer(exchange: Exchange, headers: list[Header], send: Send) -> None:
    await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
    try:
        while body := await exchange.read():
            # A whole answer goes out in one piece: the server then knows its end.
            if exchange.complete:
                break
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except CarrelError:
        # Cut, and left incomplete: the server in front closes the connection, so that the client sees it.
        return
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _chunk(body: bytes, *, last: bool) -> bytes:
    framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return framed + b"0\r\n\r\n" if last else framed
