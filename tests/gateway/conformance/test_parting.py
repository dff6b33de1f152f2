"""How joined connections end and are lost, byte for byte, and that many of them are kept."""

import asyncio
import resource
import socket
import struct
from contextlib import AsyncExitStack
from threading import Thread

import pytest

from tests.gateway.conformance.joining import HELLO, SWITCHING, exactly, joined
from tests.support.gateway_server import OWNER, gateway
from tests.support.gateway_upstream import Upstream, Wire, upstream
from tests.support.waiting import eventually
from tests.support.websocket_wire import (
    TEXT,
    Close,
    Outcome,
    Socket,
    closing,
    frame,
    pieces,
    wire,
)

LOST = Outcome((), 1012, first=True, reason=b"the chat service was lost")


def reset(client: Socket) -> None:
    """End the connection as a crash does."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sock.close()


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
