"""How two connections are joined, byte for byte: the handshake, and what comes with it."""

import asyncio
import socket
from contextlib import suppress

import pytest

from tests.gateway.conformance.joining import HELLO, SWITCHING, exactly, joined, saying
from tests.support.gateway_server import OWNER
from tests.support.gateway_upstream import Wire
from tests.support.websocket_wire import (
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    Close,
    frame,
    handshake,
    wire,
)


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
