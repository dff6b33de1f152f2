"""Requests and answers, passed on as they come: the long way.

Owns the relay of one HTTP exchange: the body up, the answer down, nothing gathered in between, and the rule
when something may be asked twice. It decides neither who may ask nor which service answers.
"""

import asyncio
from dataclasses import dataclass

from gateway.fast_path import IDEMPOTENT, chunk, distrusted
from gateway.headers import Header, response_headers
from gateway.request import RequestHead
from gateway.upstream.connection import StaleConnectionError
from gateway.upstream.exchange import Exchange
from gateway.upstream.pool import Pool
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError
from shared.http import Receive, Send
from shared.tasks import spawn

GRACE_S = 0.02
"""A bodiless request that is answered within this never costs the task that watches for the client."""


class ClientLeftError(Exception):
    """The client closed its connection: there is nobody left to answer."""


class HttpProxy:
    """Passes requests on to the service behind ``pool``."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(
        self, head: RequestHead, asked: bytes, receive: Receive, send: Send, *, fresh: bool
    ) -> None:
        """Relay one exchange; ``asked`` is the head of the request as the service gets it.

        ``fresh`` takes a new connection, and asks only once.

        Raises
        ------
        CarrelError
            When there is no answer to relay. Once the answer has begun, a failure only cuts it: it never
            looks complete.
        ClientLeftError
            When the client left first.
        """
        request = await _Request.read(head, asked, receive)
        try:
            await self._relay(request, send, fresh=fresh)
        except StaleConnectionError:
            if fresh or not request.repeatable:
                raise
            await self._relay(request, send, fresh=True)

    async def _relay(self, request: "_Request", send: Send, *, fresh: bool) -> None:
        try:
            async with self._pool.exchange(fresh=fresh, bodiless=request.method == "HEAD") as exchange:
                with _Upload(request, exchange):
                    await exchange.head()
                    self._pool.breaker.succeeded()
                    if exchange.status == 401:
                        raise distrusted()
                    headers = response_headers(exchange.status, exchange.headers)
                    await _relay_answer(exchange, headers, send)
        except StaleConnectionError:
            raise  # tells of the connection, not of the service
        except (UpstreamUnavailableError, UpstreamTimeoutError):
            self._pool.breaker.failed()
            raise


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
    async def read(cls, head: RequestHead, asked: bytes, receive: Receive) -> "_Request":
        """Take the request, and its body as far as it has come."""
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientLeftError
        body, whole = event.get("body", b""), not event.get("more_body", False)
        first = asked + (chunk(body, last=whole) if head.chunked else body)
        return cls(head.method, first, head.chunked, whole, receive)

    @property
    def repeatable(self) -> bool:
        """Whether asking again changes nothing and nothing of the body is gone (RFC 9110, section 9.2.2)."""
        return self.method in IDEMPOTENT and self.whole


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
        self._exchange.write(chunk(body, last=not more) if self._request.chunked else body)
        await self._exchange.drain()
        return more


async def _relay_answer(exchange: Exchange, headers: list[Header], send: Send) -> None:
    await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
    try:
        while body := await exchange.read():
            # A whole answer goes out in one piece: the server then knows its end.
            if exchange.drained:
                break
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except CarrelError:
        # Cut, and left incomplete: the server in front closes the connection, so that the client sees it.
        return
    await send({"type": "http.response.body", "body": body, "more_body": False})
