"""The chat's WebSocket through the gateway, with a chat service that does what a test wants."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gateway.identity import Tokens
from shared.auth import verify
from shared.contracts.chat_ws import MAX_FRAME_BYTES
from tests.support.gateway_server import (
    ADMIN_KEY,
    INTERNAL_TOKEN,
    SESSION_SECRET,
    Gateway,
    gateway,
)
from tests.support.gateway_upstream import Wire, upstream

Closing = tuple[int, str]
Script = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Chat:
    """The chat service: what it was asked, and its sockets."""

    port: int = 0
    asked: list[Request] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)
    closed: asyncio.Queue[tuple[int | None, str | None]] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


async def echo(socket: ServerConnection) -> None:
    """Send everything back."""
    async for message in socket:
        await socket.send(message)


@asynccontextmanager
async def chat(script: Script = echo, **options: Any) -> AsyncIterator[Chat]:
    """Run a chat service that does ``script`` on each socket."""
    service = Chat()

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        service.asked.append(socket.request)
        service.sockets.append(socket)
        try:
            await script(socket)
        finally:
            await socket.wait_closed()
            service.closed.put_nowait((socket.close_code, socket.close_reason))

    options = {"subprotocols": [Subprotocol("carrel.v1")], "compression": None, "max_size": None} | options
    async with serve(handle, "127.0.0.1", 0, **options) as server:
        service.port = next(iter(server.sockets)).getsockname()[1]
        yield service


def dial(door: Gateway, token: str, **options: Any) -> connect:
    """A browser's connection: the token among the subprotocols."""
    subprotocols = [Subprotocol("carrel.v1"), Subprotocol(f"carrel.token.{token}")]
    options = {"subprotocols": subprotocols, "proxy": None} | options
    return connect(f"ws://127.0.0.1:{door.port}/v1/chat", **options)


async def closing(socket: ClientConnection) -> tuple[int | None, str]:
    """How the gateway closes ``socket``, and why."""
    async with asyncio.timeout(5):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason or ""


async def refusal(door: Gateway, token: str, **options: Any) -> tuple[int, dict[str, Any], Headers]:
    """What a handshake is answered with instead of the upgrade."""
    with pytest.raises(InvalidStatus) as caught:
        async with dial(door, token, **options):
            pass
    response = caught.value.response
    body = json.loads(response.body or b"{}")
    assert response.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body, response.headers


# ---- What goes through


async def test_messages_go_through_both_ways() -> None:
    """Text stays text, binary binary, in order, whatever their size up to the limit."""
    async with (
        chat() as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        for message in ("hello", "", "é" * 1000, b"\0\xff", "x" * MAX_FRAME_BYTES):
            await socket.send(message)
            assert await socket.recv() == message


async def test_fragments_are_one_message() -> None:
    """A message in parts arrives whole."""
    async with (
        chat() as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        await socket.send(["a", "b", "c"])
        assert await socket.recv() == "abc"


async def test_the_service_hears_who_it_is_and_no_token() -> None:
    """The inner handshake is signed for the visitor; the token is in none of its headers."""
    async with chat() as service, gateway(chat_url=service.url) as door:
        session = (await door.ask("POST", "/v1/sessions", "")).json
        forged = {"X-Carrel-Role": "owner", "X-Request-ID": "r-1"}
        async with dial(door, session["token"], additional_headers=forged) as socket:
            assert socket.subprotocol == "carrel.v1"
    (asked,) = service.asked
    said = {name.lower(): value for name, value in asked.headers.raw_items()}
    assert verify(said, token=INTERNAL_TOKEN, now=time.time()).id == session["visitor_id"]
    assert said["x-request-id"] == "r-1"
    assert said["x-forwarded-for"] == "127.0.0.1"
    assert said["sec-websocket-protocol"] == "carrel.v1"
    assert "sec-websocket-extensions" not in said
    assert session["token"] not in str(asked.headers)


@pytest.mark.parametrize("headers", [{"X-API-Key": ADMIN_KEY}, {"Authorization": f"Bearer {ADMIN_KEY}"}])
async def test_other_clients_may_use_headers(headers: dict[str, str]) -> None:
    """A client that can set headers needs no subprotocol; none is selected for it."""
    async with (
        chat() as service,
        gateway(chat_url=service.url) as door,
        dial(door, "", subprotocols=None, additional_headers=headers) as socket,
    ):
        assert socket.subprotocol is None
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def test_a_slow_client_holds_the_service_back() -> None:
    """What a client does not take does not pile up in the gateway."""
    sent = 0
    stalled = asyncio.Event()

    async def flood(socket: ServerConnection) -> None:
        nonlocal sent
        try:
            async with asyncio.timeout(1.5):
                while sent < 100:
                    await socket.send("x" * 1_000_000)
                    sent += 1
        except TimeoutError:
            stalled.set()

    async with (
        chat(flood, close_timeout=0.1) as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session(), max_size=None, max_queue=1, close_timeout=0.1),
    ):
        await stalled.wait()
    assert sent < 40


async def test_a_slow_service_holds_the_client_back() -> None:
    """What the service does not take does not pile up in the gateway."""
    over = asyncio.Event()

    async def deaf(socket: ServerConnection) -> None:
        await over.wait()
        socket.transport.abort()

    sent = 0
    async with (
        chat(deaf, max_queue=1, close_timeout=0.1) as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session(), close_timeout=0.1) as socket,
    ):
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while sent < 1000:
                    await socket.send("x" * 100_000)
                    sent += 1
        over.set()
    assert sent < 300


# ---- How it ends


@pytest.mark.parametrize(
    ("code", "reason", "heard"),
    [
        (1000, "", (1000, "")),
        (1008, "too many wrong frames", (1008, "too many wrong frames")),
        (1012, "restarting", (1012, "restarting")),
        (1013, "too slow", (1013, "too slow")),
        (4408, "idle", (4408, "idle")),
    ],
)
async def test_the_client_hears_how_the_service_closes(
    code: int, reason: str, heard: tuple[int, str]
) -> None:
    """Code and reason come through."""

    async def close(socket: ServerConnection) -> None:
        await socket.send("last words")
        await socket.close(code, reason)

    async with (
        chat(close) as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        assert await socket.recv() == "last words"
        assert await closing(socket) == heard


@pytest.mark.parametrize(
    ("code", "reason", "heard"),
    [(1000, "", (1000, "")), (1001, "", (1001, "")), (4000, "bye", (4000, "bye"))],
)
async def test_the_service_hears_how_the_client_closes(
    code: int, reason: str, heard: tuple[int, str]
) -> None:
    """Code and reason come through."""
    async with chat() as service, gateway(chat_url=service.url) as door:
        async with dial(door, await door.session()) as socket:
            await socket.close(code, reason)
        assert await asyncio.wait_for(service.closed.get(), 5) == heard


async def test_a_client_that_is_lost_lets_the_service_know() -> None:
    """A reset connection ends the inner one at once."""
    async with (
        chat() as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        socket.transport.abort()
        code, _ = await asyncio.wait_for(service.closed.get(), 5)
    assert code == 1006


async def test_a_service_that_is_lost_asks_the_client_back() -> None:
    """A reset inner connection is 1012: come back, and resume."""

    async def die(socket: ServerConnection) -> None:
        socket.transport.abort()

    async with (
        chat(die) as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        assert await closing(socket) == (1012, "the chat service was lost")


async def test_what_is_said_to_a_closed_service_is_dropped() -> None:
    """A client that goes on talking while it is being closed breaks nothing."""

    async def close(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.close(1013, "enough")

    async with (
        chat(close) as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        with suppress(ConnectionClosed):
            while True:
                await socket.send("more")
                await asyncio.sleep(0)  # send() alone would not let the close in
        assert (await closing(socket))[0] == 1013


async def test_messages_over_the_limit_are_1009() -> None:
    """The service's limit is the client's: it refuses, and the client hears why."""
    async with chat(max_size=MAX_FRAME_BYTES) as service, gateway(chat_url=service.url) as door:
        async with dial(door, await door.session()) as socket:
            await socket.send("x" * (MAX_FRAME_BYTES + 1))
            assert (await closing(socket))[0] == 1009
        await asyncio.wait_for(service.closed.get(), 5)


async def test_a_silent_connection_is_closed() -> None:
    """Where nobody says anything for the idle time-out, the client is asked back."""
    async with (
        chat() as service,
        gateway(chat_url=service.url, socket_idle_timeout_s=0.2) as door,
        dial(door, await door.session(), ping_interval=None) as socket,
    ):
        for _ in range(3):
            await asyncio.sleep(0.1)
            await socket.send("still here")
            assert await socket.recv() == "still here"
        assert (await closing(socket))[0] == 1012
        assert (await asyncio.wait_for(service.closed.get(), 5))[0] == 1012


async def test_a_frame_that_is_half_out_is_not_broken_into() -> None:
    """A service lost in the middle of a frame ends the connection; no close frame is put inside it."""

    async def half(socket: ServerConnection) -> None:
        socket.transport.write(b"\x82\x7e\x10\x00half")
        socket.transport.close()

    async with (
        chat(half, close_timeout=0.1) as service,
        gateway(chat_url=service.url) as door,
        dial(door, await door.session()) as socket,
    ):
        assert (await closing(socket))[0] == 1006


async def test_what_comes_with_the_handshake_is_kept() -> None:
    """A client that does not wait for the 101 loses nothing."""
    async with chat() as service, gateway(chat_url=service.url) as door, door.client() as client:
        head = (
            "GET /v1/chat HTTP/1.1\r\nHost: carrel.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"X-API-Key: {ADMIN_KEY}\r\n\r\n"
        )
        await client.send(head.encode() + b"\x81\x82\0\0\0\0hi")
        answer = await client.head()
        assert (answer.status, answer.get("upgrade")) == (101, "websocket")
        assert answer.get("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert await client.reader.readexactly(4) == b"\x81\x02hi"


async def test_no_tunnel_without_a_101() -> None:
    """What a client says behind a refused handshake reaches no service."""
    async with (
        chat(process_request=answering(426, b"{}")) as service,
        gateway(chat_url=service.url) as door,
        door.client() as client,
    ):
        head = (
            "GET /v1/chat HTTP/1.1\r\nHost: carrel.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"X-API-Key: {ADMIN_KEY}\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        await client.send(head)
        assert (await client.head()).status == 503
    assert service.asked == []


async def test_a_101_for_another_key_is_refused() -> None:
    """A service that did not answer this handshake is not joined."""

    async def wrong(wire: Wire) -> None:
        await wire.send(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        await wire.gone()

    async with upstream(wrong) as service, gateway(chat_url=service.url) as door:
        assert (await refusal(door, await door.session()))[0] == 503


async def test_an_expired_token_closes_4401() -> None:
    """A connection does not outlive the token it was opened with."""
    token = Tokens([SESSION_SECRET]).make("v_1", origin="", now=int(time.time()) - 59, lifetime_s=60)
    async with chat() as service, gateway(chat_url=service.url) as door:
        async with dial(door, token) as socket:
            assert (await closing(socket))[0] == 4401
        assert (await asyncio.wait_for(service.closed.get(), 5))[0] == 4401


async def test_a_gateway_that_stops_closes_1012() -> None:
    """On a restart, clients are told to come back; the service hears what they answer."""
    async with chat() as service:
        async with gateway(chat_url=service.url) as door:
            socket = await dial(door, await door.session())
            await socket.send("hello")
            assert await socket.recv() == "hello"
        assert (await closing(socket))[0] == 1012
        assert (await asyncio.wait_for(service.closed.get(), 5))[0] == 1012


# ---- Refusals, as HTTP


async def test_nobody_is_401() -> None:
    """No token, or one that is none: no upgrade."""
    async with chat() as service, gateway(chat_url=service.url) as door:
        assert (await refusal(door, "nonsense"))[:1] == (401,)
        status, body, headers = await refusal(door, "", subprotocols=[Subprotocol("carrel.v1")])
    assert (status, body["code"], headers["www-authenticate"]) == (401, "unauthorized", "Bearer")
    assert service.asked == []


async def test_other_pages_are_403() -> None:
    """A page that may not call gets no upgrade, with a token or without."""
    async with chat() as service, gateway(chat_url=service.url, allowed_origins="https://docs.test") as door:
        token = await door.session()
        for origin in ("https://evil.test", "null", "https://docs.test.evil.test"):
            assert (await refusal(door, token, origin=origin))[0] == 403
        for origin in ("https://docs.test", f"http://127.0.0.1:{door.port}"):
            async with dial(door, token, origin=origin):
                pass
    assert len(service.asked) == 2


async def test_a_token_of_another_page_is_401() -> None:
    """A stolen token is no good on another allowed page."""
    async with chat() as service, gateway(chat_url=service.url, allowed_origins="*") as door:
        token = await door.session("Origin: https://a.test\r\n")
        assert (await refusal(door, token, origin="https://b.test"))[0] == 401


async def test_another_subprotocol_is_400() -> None:
    """Who offers subprotocols offers ours."""
    async with chat() as service, gateway(chat_url=service.url) as door:
        offered = [Subprotocol(f"carrel.token.{await door.session()}")]
        assert (await refusal(door, "", subprotocols=offered))[0] == 400


async def test_a_service_that_is_down_is_503() -> None:
    """No service: no upgrade, and when to come back."""
    async with gateway() as door:
        status, body, headers = await refusal(door, await door.session())
    assert (status, body["code"], headers["retry-after"]) == (503, "upstream_unavailable", "1")


async def test_a_service_that_does_not_answer_is_503() -> None:
    """A handshake has the time of a connection, no more."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    async with (
        upstream(never) as service,
        gateway(chat_url=service.url, upstream_connect_timeout_s=0.1) as door,
    ):
        assert (await refusal(door, await door.session()))[0] == 503


def answering(status: int, body: bytes) -> Callable[[ServerConnection, Request], Response]:
    """A service that refuses every handshake."""

    def refuse(_socket: ServerConnection, _request: Request) -> Response:
        return Response(
            status, "No", Headers({"content-length": str(len(body)), "connection": "close"}), body
        )

    return refuse


async def test_a_refusal_of_the_service_comes_through() -> None:
    """The service's own problem is the client's answer."""
    body = b'{"code": "draining", "detail": "Restarting", "retryable": true, "retry_after_ms": 3000}'
    async with (
        chat(process_request=answering(503, body)) as service,
        gateway(chat_url=service.url) as door,
    ):
        status, problem, headers = await refusal(door, await door.session())
    assert (status, problem["code"], headers["retry-after"]) == (503, "draining", "3")


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, b'{"code": "unauthorized"}'), (500, b"oops"), (400, b"[1]"), (200, b'{"code": "x"}'), (404, b"")],
)
async def test_a_refusal_that_is_our_fault_is_503(status: int, body: bytes) -> None:
    """What the service says of the gateway itself is not the client's doing."""
    async with (
        chat(process_request=answering(status, body)) as service,
        gateway(chat_url=service.url) as door,
    ):
        assert (await refusal(door, await door.session()))[0] == 503


async def test_connections_are_limited() -> None:
    """One visitor, and all together, have so many connections; a closed one frees its place."""
    limits: dict[str, Any] = {"max_sockets": 3, "max_sockets_per_visitor": 2}
    async with chat() as service, gateway(chat_url=service.url, **limits) as door:
        first, second = await door.session(), await door.session()
        async with dial(door, first), dial(door, second):
            async with dial(door, first):
                assert (await refusal(door, second))[1]["code"] == "rate_limited"
                assert (await refusal(door, first))[0] == 429
            await asyncio.wait_for(service.closed.get(), 5)
            async with dial(door, second):
                pass


async def test_only_the_chat_is_a_websocket() -> None:
    """Every other path refuses the upgrade."""
    async with gateway() as door:
        token = await door.session()
        for path in ("/v1/conversations", "/", "/nothing"):
            with pytest.raises(InvalidStatus) as caught:
                async with connect(
                    f"ws://127.0.0.1:{door.port}{path}",
                    subprotocols=[Subprotocol("carrel.v1"), Subprotocol(f"carrel.token.{token}")],
                    proxy=None,
                ):
                    pass
            assert caught.value.response.status_code == 404
