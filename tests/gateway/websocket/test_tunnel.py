"""Two connections joined, byte for byte: over transports that note what is done to them."""

import asyncio
import socket
import time
from typing import Any, cast

import pytest

from gateway.websocket.framing import close_frame
from gateway.websocket.tunnel import Terms, Tunnel
from tests.support.waiting import eventually


class Transport:
    """One end: what was written to it, and what was done."""

    def __init__(self) -> None:
        self.written = b""
        self.done: list[str] = []
        self.protocol: Any = None
        self.extra: dict[str, Any] = {}

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return bool({"close", "abort"} & set(self.done))

    def get_extra_info(self, name: str) -> Any:
        return self.extra.get(name)

    def __getattr__(self, name: str) -> Any:
        return lambda: self.done.append(name)


class Joined:
    """A tunnel, its two ends, and what it said at its end."""

    def __init__(self, *, idle_s: float = 60.0, expires: int | None = None) -> None:
        self.client, self.service = Transport(), Transport()
        self.connections: set[Any] = set()
        self.sent: list[int] = []
        self.tunnel = Tunnel(
            cast(asyncio.Transport, self.client),
            cast(asyncio.Transport, self.service),
            terms=Terms(idle_s=idle_s, expires=expires),
            connections=self.connections,
            ended=lambda *, sent: self.sent.append(sent),
        )
        self.tunnel.begin(from_client=b"", from_service=b"")

    def lose_both(self) -> None:
        self.service.protocol.connection_lost(None)
        self.client.protocol.connection_lost(None)


TEXT = b"\x81\x02hi"
LOST = close_frame(1012, "the chat service was lost")


async def test_bytes_go_through_and_are_counted() -> None:
    """Both ways, as they are; the end is told once, with what the client got."""
    joined = Joined()
    joined.client.protocol.data_received(b"up")
    joined.service.protocol.data_received(TEXT)
    assert (joined.service.written, joined.client.written) == (b"up", TEXT)
    assert joined.connections == {joined.tunnel}
    joined.lose_both()
    assert joined.sent == [len(TEXT)]
    assert joined.connections == set()


async def test_each_side_is_held_back_by_the_other() -> None:
    """A full buffer on one side stops the reading of the other, until it has drained."""
    joined = Joined()
    joined.client.protocol.pause_writing()
    joined.client.protocol.resume_writing()
    assert joined.service.done[-2:] == ["pause_reading", "resume_reading"]
    joined.lose_both()


async def test_a_half_close_goes_on_and_the_answer_comes_back() -> None:
    """A client that has said all still hears the rest; the second end closes both."""
    joined = Joined()
    assert joined.client.protocol.eof_received()
    assert joined.service.done[-1] == "write_eof"
    joined.service.protocol.data_received(TEXT)
    assert joined.client.written == TEXT
    assert not joined.service.protocol.eof_received()
    assert joined.client.done[-1] == "close"
    joined.lose_both()


@pytest.mark.parametrize("how", ["eof", "lost", "reset"])
async def test_a_lost_service_asks_the_client_back(how: str) -> None:
    """Without a close frame it was lost, however that looks."""
    joined = Joined()
    if how == "eof":
        joined.service.protocol.eof_received()
    else:
        joined.service.protocol.connection_lost(ConnectionResetError() if how == "reset" else None)
    assert joined.client.written == LOST
    joined.client.protocol.connection_lost(None)
    if how == "eof":
        joined.service.protocol.connection_lost(None)
    assert joined.sent == [0]


@pytest.mark.parametrize("how", ["eof", "lost"])
async def test_a_client_that_was_asked_back_is_waited_for(how: str) -> None:
    """The gateway hangs up first, and reads on: closed at once, the client might not hear why."""
    joined = Joined()
    joined.client.protocol.data_received(b"up")
    if how == "eof":
        joined.service.protocol.eof_received()
    else:
        joined.service.protocol.connection_lost(None)
    assert joined.client.done[-1] == "write_eof"
    assert not joined.client.is_closing()
    assert not joined.client.protocol.eof_received()
    assert joined.service.done[-1] == "close"
    joined.client.protocol.connection_lost(None)
    if how == "eof":
        joined.service.protocol.connection_lost(None)
    assert joined.sent == [0]


@pytest.mark.parametrize("tls", [None, "context"])
async def test_a_reset_service_is_heard_out(tls: str | None) -> None:
    """What it said before is read, its close frame too; what is enciphered cannot be."""
    said = close_frame(1009, "too large")
    joined = Joined()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        joined.service.extra = {"socket": ours, "sslcontext": tls}
        theirs.sendall(said)
        joined.service.protocol.connection_lost(ConnectionResetError())
    assert joined.client.written == (LOST if tls else said)
    joined.client.protocol.connection_lost(None)


async def test_a_service_that_said_why_is_not_talked_over() -> None:
    """After its close frame nothing more is sent, whatever happens."""
    joined = Joined()
    joined.service.protocol.data_received(close_frame(4000, "bye"))
    joined.service.protocol.eof_received()
    joined.tunnel.shutdown()
    joined.service.protocol.connection_lost(None)
    assert joined.client.written == close_frame(4000, "bye")
    joined.client.protocol.connection_lost(None)


async def test_a_client_that_is_reset_takes_the_service_along() -> None:
    """Nobody is left to answer."""
    joined = Joined()
    joined.client.protocol.connection_lost(ConnectionResetError())
    assert joined.service.done[-1] == "abort"
    joined.service.protocol.connection_lost(None)


async def test_a_stop_closes_between_frames_only() -> None:
    """1012 where a frame may stand; inside one, only the end; the service is not heard any more."""
    joined = Joined()
    joined.tunnel.shutdown()
    joined.service.protocol.data_received(TEXT)
    assert joined.client.written == close_frame(1012, "")
    joined.tunnel.shutdown()
    joined.lose_both()

    joined = Joined()
    joined.service.protocol.data_received(TEXT[:3])
    joined.tunnel.shutdown()
    assert joined.client.written == TEXT[:3]
    assert joined.client.done[-1] == "close"
    joined.lose_both()


async def test_silence_ends_it() -> None:
    """Said once is enough for another period; silent for a whole one is the end."""
    joined = Joined(idle_s=0.05)
    for _ in range(3):
        await asyncio.sleep(0.03)
        joined.client.protocol.data_received(b"x")
        assert joined.client.written == b""
    await eventually(lambda: joined.client.written != b"")
    assert joined.client.written == LOST
    joined.lose_both()


async def test_it_ends_with_its_token() -> None:
    """An expired token is 4401, also where much is said."""
    joined = Joined(expires=int(time.time()))
    await eventually(lambda: joined.client.written != b"")
    assert joined.client.written[2:4] == (4401).to_bytes(2, "big")
    joined.lose_both()
