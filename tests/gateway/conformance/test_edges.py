"""What no conformance suite sees, byte for byte: how the two connections begin, end and are lost."""

import asyncio
import resource
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from threading import Thread

import pytest

from tests.support.gateway_server import OWNER, Gateway, gateway
from tests.support.gateway_upstream import Script, Upstream, Wire, upstream
from tests.support.waiting import eventually
from tests.support.websocket_wire import (
    ACCEPT,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    Close,
    Outcome,
    Socket,
    closing,
    frame,
    handshake,
    pieces,
    wire,
)

SWITCHING = (
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    f"sec-websocket-accept: {ACCEPT}\r\n"
).encode()
HELLO = b"\x81\x05hello"
"""A service's frame: not masked."""
LOST = Outcome((), 1012, first=True, reason=b"the chat service was lost")


@asynccontextmanager
async def joined(script: Script) -> AsyncIterator[tuple[Gateway, Upstream]]:
    """Run the gateway in front of a chat service that does ``script`` with each handshake."""
    async with (
        asyncio.timeout(20),
        upstream(script) as service,
        gateway(chat_url=service.url, limits="off") as door,
    ):
        yield door, service


def saying(after: bytes) -> Script:
    """A service that says ``after`` together with its 101, then only listens."""

    async def script(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n" + after)
        wire.asked.body = await wire.reader.read()

    return script


async def exactly(client: Socket, size: int) -> bytes:
    """Read ``size`` bytes as they are."""
    while len(client.buffer) < size:
        data = await asyncio.get_running_loop().sock_recv(client.sock, 1 << 16)
        assert data, bytes(client.buffer)
        client.buffer += data
    taken = bytes(client.buffer[:size])
    del client.buffer[:size]
    return taken


def reset(client: Socket) -> None:
    """End the connection as a crash does."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sock.close()


# ---- How it begins


async def test_a_frame_that_comes_with_the_101_is_kept() -> None:
    """A service may speak in the same breath; also a part of a frame is a part of the stream."""
    for said in (HELLO, HELLO[:3], HELLO * 1000):
        async with joined(saying(said)) as (door, _), wire(door.port, OWNER) as client:
            assert await exactly(client, len(said)) == said


async def test_frames_that_come_with_the_handshake_are_kept() -> None:
    """A client may speak before its 101; what it said comes first and once."""
    said = frame(TEXT, b"early") * 100
    async with joined(saying(b"")) as (door, service):
        async with wire(door.port, OWNER, early=said) as client:
            await client.send(frame(TEXT, b"later"))
            client.sock.shutdown(socket.SHUT_WR)
            assert (await client.play([])).heard == ()
        assert service.asked[0].body == said + frame(TEXT, b"later")


async def test_bytes_are_not_touched() -> None:
    """Masks, reserved bits, fragments and empty closes pass as they are, both ways: no 1005 is ever sent."""
    down = b"\xf1\x05hello" + b"\x01\x01a\x8a\x00\x80\x01b" + b"\x88\x00"
    up = frame(TEXT, b"x", rsv=5, fin=False) + frame(CONTINUATION) + frame(PING, b"?") + frame(CLOSE)
    async with joined(saying(down)) as (door, service):
        async with wire(door.port, OWNER) as client:
            await client.send(Close(up))
            assert await exactly(client, len(down)) == down
            client.sock.shutdown(socket.SHUT_WR)
            assert await client.frame() is None
        assert service.asked[0].body == up


async def test_of_the_services_101_only_the_yes_goes_on() -> None:
    """Its other headers stay inside: an extension or a cookie was not the gateway's to agree to."""

    async def chatty(wire: Wire) -> None:
        odd = b"sec-websocket-extensions: a\r\nset-cookie: a=b\r\nsec-websocket-protocol: x\r\n"
        await wire.send(SWITCHING + odd + b"\r\n")
        await wire.gone()

    async with joined(chatty) as (door, _):
        offer = "Sec-WebSocket-Protocol: carrel.token.x, carrel.v1\r\nSec-WebSocket-Extensions: a\r\n"
        async with wire(door.port, OWNER + offer) as client:
            assert client.answer["sec-websocket-protocol"] == "carrel.v1"
            assert set(client.answer) == {
                "upgrade",
                "connection",
                "sec-websocket-accept",
                "sec-websocket-protocol",
                "x-request-id",
            }


NO_ANSWERS = {
    "nothing": b"",
    "half a head": SWITCHING,
    "not HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "no accept": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n",
    "200": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "302": b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
    "cut body": b'HTTP/1.1 503 No\r\ncontent-length: 99\r\n\r\n{"code": ',
    "endless head": SWITCHING + b"x-a: " + b"a" * 300_000,
    "endless body": b"HTTP/1.1 503 No\r\ncontent-length: 900000\r\n\r\n" + b"a" * 300_000,
    "frames without a 101": HELLO,
}


@pytest.mark.parametrize("said", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
async def test_what_is_no_101_joins_nothing(said: bytes) -> None:
    """Whatever else a service answers is a 503 problem for the client, and its connection is closed."""
    closed = asyncio.Event()

    async def script(wire: Wire) -> None:
        with suppress(ConnectionError):
            await wire.send(said)
            wire.writer.write_eof()
        await wire.gone()
        closed.set()

    async with joined(script) as (door, _), door.client() as client:
        await client.send(handshake(OWNER) + frame(TEXT, b"hidden"))
        answer = await client.reply()
        assert (answer.status, answer.get("content-type")) == (503, "application/problem+json")
        await closed.wait()


WRONG_HANDSHAKES = {
    "no key": handshake(OWNER).replace(b"Sec-WebSocket-Key", b"Sec-Other"),
    "short key": handshake(OWNER).replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhl"),
    "key not base64": handshake(OWNER).replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"???????????????????????="),
    "two keys": handshake(OWNER + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
    "version 8": handshake(OWNER).replace(b"Version: 13", b"Version: 8"),
    "no version": handshake(OWNER).replace(b"Sec-WebSocket-Version", b"Sec-Other"),
    "POST": handshake(OWNER).replace(b"GET", b"POST"),
    "no Connection": handshake(OWNER).replace(b"Connection: Upgrade\r\n", b""),
    "another upgrade": handshake(OWNER).replace(b"websocket", b"h2c"),
    "chunked": handshake(OWNER + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
    "two hosts": handshake(OWNER + "Host: other.test\r\n"),
    "underscore": handshake(OWNER + "X_A: 1\r\n"),
    "many headers": handshake(OWNER + "".join(f"X-{n}: 1\r\n" for n in range(101))),
    "dots": handshake(OWNER, path="/v1/chat/../chat"),
    "encoded slash": handshake(OWNER, path="/v1%2Fchat"),
    "absolute": handshake(OWNER, path="http://"),
    "nobody": handshake(),
}


@pytest.mark.parametrize("raw", WRONG_HANDSHAKES.values(), ids=WRONG_HANDSHAKES.keys())
async def test_a_wrong_handshake_is_4xx(raw: bytes) -> None:
    """It is refused by the gateway, and neither it nor what hides behind it reaches the service."""
    async with joined(saying(b"")) as (door, service):
        async with door.client() as client:
            await client.send(raw + b"GET /v1/conversations HTTP/1.1\r\nHost: a\r\n\r\n")
            assert 400 <= (await client.head()).status < 500
        assert service.asked == []


# ---- How it ends


async def test_a_client_that_has_said_all_still_hears_the_answer() -> None:
    """Its half close goes on to the service, whose answer comes back."""

    async def late(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n")
        wire.asked.body = await wire.reader.read()
        await wire.send(HELLO + b"\x88\x02\x03\xe8")
        await wire.close()

    async with joined(late) as (door, service), wire(door.port, OWNER) as client:
        await client.send(Close(frame(TEXT, b"last words")))
        client.sock.shutdown(socket.SHUT_WR)
        assert await client.play([]) == Outcome(((TEXT, b"hello"),), 1000, reason=b"")
        assert service.asked[0].body == frame(TEXT, b"last words")


async def test_a_service_that_has_closed_still_hears_the_answer() -> None:
    """After its close frame it may end its side: the client's own close frame reaches it."""

    async def leaving(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n\x88\x02\x03\xf5")
        wire.writer.write_eof()
        heard.set_result(await wire.reader.read())

    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    async with joined(leaving) as (door, _):
        async with wire(door.port, OWNER) as client:
            assert await client.play([]) == Outcome((), 1013, first=True, reason=b"")
        assert await heard == closing(1013)


@pytest.mark.parametrize("how", ["eof", "reset"])
async def test_a_client_that_vanishes_is_no_secret(how: str) -> None:
    """The service hears it at once, also when it never says anything."""
    told = asyncio.Event()

    async def waiting(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n")
        await wire.gone()
        told.set()

    async with joined(waiting) as (door, _), wire(door.port, OWNER) as client:
        if how == "reset":
            reset(client)
        else:
            client.sock.close()
        await told.wait()


@pytest.mark.parametrize("how", ["eof", "reset", "half a close"])
async def test_a_service_that_vanishes_asks_the_client_back(how: str) -> None:
    """Without a whole close frame it was lost; a close frame that was half out is not finished by ours."""

    async def vanish(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n" + (b"\x88\x7d" if how == "half a close" else HELLO))
        await wire.reader.readexactly(1)
        wire.writer.transport.abort() if how == "reset" else wire.writer.close()

    async with joined(vanish) as (door, _), wire(door.port, OWNER) as client:
        if how == "half a close":
            await client.send(b"x")
            assert await exactly(client, 2) == b"\x88\x7d"
            assert await asyncio.get_running_loop().sock_recv(client.sock, 100) == b""
        else:
            outcome = await client.play([1, frame(TEXT, b"go")])
            assert outcome == Outcome(((TEXT, b"hello"),), LOST.code, first=True, reason=LOST.reason)


def refuse(listening: socket.socket, *, taking: int, times: int) -> None:
    """A service in a thread of its own: it takes some of a message, says 1009 and closes, so many times."""
    for _ in range(times):
        accepted, _ = listening.accept()
        with accepted:
            head = b""
            while b"\r\n\r\n" not in head:
                head += accepted.recv(4096)
            accepted.sendall(SWITCHING + b"\r\n")
            accepted.recv(taking)
            accepted.sendall(b"\x88\x02\x03\xf1")


@pytest.mark.parametrize("taking", [10, 100_000])
async def test_why_a_message_was_refused_is_heard_while_it_is_still_sent(taking: int) -> None:
    """A service that closes with some of the message unread resets the connection; its close frame counts."""
    rounds = 30
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = Thread(
            target=refuse, args=(listening,), kwargs={"taking": taking, "times": rounds}, daemon=True
        )
        thread.start()
        message = pieces(frame(TEXT, bytes(2_000_000)), 50_000)
        codes = []
        async with gateway(chat_url=url, limits="off") as door:
            for _ in range(rounds):
                async with wire(door.port, OWNER) as client:
                    codes.append((await client.play(message)).code)
        thread.join(5)
    assert codes == [1009] * rounds


async def flood(wire: Wire) -> None:
    """A service that never stops talking."""
    await wire.send(SWITCHING + b"\r\n")
    while True:
        await wire.send(b"\x82\x7f" + struct.pack("!Q", 1 << 20) + bytes(1 << 20))


async def stalled(service: Upstream) -> None:
    """Wait until the service, that never stops talking, is held back."""
    await eventually(
        lambda: bool(service.wires) and service.wires[0].writer.transport.get_write_buffer_size() > 0
    )


async def test_a_client_that_vanishes_unread_frees_the_service() -> None:
    """A service that was held back by a client's silence hears of its end."""
    async with joined(flood) as (door, service):
        async with wire(door.port, OWNER) as client:
            await stalled(service)
            reset(client)
        await eventually(service.wires[0].writer.transport.is_closing)


async def test_a_stop_does_not_wait_for_a_stalled_client() -> None:
    """A client that takes nothing cannot keep the gateway from stopping."""
    async with upstream(flood) as service, AsyncExitStack() as stack:
        async with asyncio.timeout(8), gateway(chat_url=service.url) as door:
            client = await stack.enter_async_context(wire(door.port, OWNER))
            await stalled(service)
        assert client.code is None


MANY = 2_000
FILES = 4 * MANY + 500
"""Both ends of both connections are in this process."""


@pytest.fixture
def _files() -> None:
    """As many open files as the machine lets a process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    assert hard >= FILES


@pytest.mark.usefixtures("_files")
async def test_many_idle_connections_are_kept_and_told() -> None:
    """Two thousand stay open, the first and the last are as alive as any, and a stop is said to each."""

    async def parrot(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n")
        while data := await wire.reader.read(100):
            await wire.send(HELLO if data == frame(TEXT, b"?") else data)

    async with upstream(parrot) as service, AsyncExitStack() as stack, asyncio.timeout(60):
        async with gateway(chat_url=service.url, limits="off") as door:
            clients = [await stack.enter_async_context(wire(door.port, OWNER)) for _ in range(MANY)]
            assert service.connections == MANY
            for client in (clients[0], clients[-1]):
                await client.send(frame(TEXT, b"?"))
                assert await client.frame() == (TEXT, b"hello")
            ending = [asyncio.ensure_future(client.play([])) for client in clients]
            await asyncio.sleep(0)
        outcomes = await asyncio.gather(*ending)
    assert {(outcome.code, outcome.heard) for outcome in outcomes} == {(1012, ())}
