"""One connection and one exchange on it, fed by hand."""

import asyncio
from typing import Any, cast

import pytest

from gateway.connection import MAX_QUEUED, Connection, Exchange, StaleConnectionError, Timeouts
from shared.errors import UpstreamTimeoutError, UpstreamUnavailableError

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
TIMEOUTS = Timeouts(connect=1, first_byte=5, idle=5, keep_alive=5)


class Transport:
    """A socket that goes nowhere and notes what is done to it."""

    def __init__(self) -> None:
        self.sent = b""
        self.reading = True
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


Opened = tuple[Connection, Exchange, Transport]


def opened(
    *, bodiless: bool = False, timeouts: Timeouts = TIMEOUTS
) -> tuple[Connection, Exchange, Transport]:
    """A connection with a request under way."""
    connection, transport = Connection(), Transport()
    connection.connection_made(cast(Any, transport))
    exchange = Exchange(connection, timeouts, bodiless=bodiless)
    connection.begin(exchange)
    exchange.write(b"GET / HTTP/1.1\r\n\r\n")
    exchange.sent = True
    return connection, exchange, transport


async def test_an_answer_may_come_byte_by_byte() -> None:
    """Wherever the network cuts it, the answer is the same, and the connection can be used again."""
    connection, exchange, _ = opened()
    for byte in OK:
        connection.data_received(bytes([byte]))
    await exchange.head()
    assert (exchange.status, exchange.headers) == (200, [(b"content-length", b"2")])
    assert await exchange.read() == b"ok"
    assert await exchange.read() == b""
    assert connection.reusable


async def test_an_answer_without_the_request_ends_the_connection() -> None:
    """A connection on which half a request is still to come is not used again."""
    connection, exchange, _ = opened()
    exchange.sent = False
    connection.data_received(OK)
    assert exchange.complete
    assert not connection.reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + OK,
        OK + b"garbage",
    ],
)
async def test_some_connections_are_not_kept(raw: bytes) -> None:
    """What the service closes, and what says more than was asked, ends with its answer."""
    connection, exchange, _ = opened()
    connection.data_received(raw)
    assert await exchange.read() == b"ok"
    assert not connection.reusable


async def test_a_body_that_is_not_taken_is_not_read() -> None:
    """Past so much, the service is made to wait until somebody takes it."""
    connection, exchange, transport = opened()
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
    connection.data_received(b"x" * (MAX_QUEUED + 1))
    assert not transport.reading
    assert len(await exchange.read()) == MAX_QUEUED + 1
    assert transport.reading


async def test_a_request_waits_for_a_service_that_does_not_read() -> None:
    """Draining ends when the service has taken enough, or is lost."""
    connection, exchange, _ = opened()
    await exchange.drain()
    connection.pause_writing()
    waiting = asyncio.get_running_loop().create_task(exchange.drain())
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.resume_writing()
    await waiting
    connection.pause_writing()
    connection.connection_lost(None)
    with pytest.raises(UpstreamUnavailableError):
        await exchange.drain()


async def test_a_kept_connection_that_was_dead_says_so() -> None:
    """Only where no byte of an answer came is it safe to ask again."""
    connection, exchange, _ = opened()
    connection.reused = True
    connection.connection_lost(None)
    with pytest.raises(StaleConnectionError):
        await exchange.head()
    connection, exchange, _ = opened()
    connection.reused = True
    connection.data_received(b"HTTP")
    connection.connection_lost(None)
    with pytest.raises(UpstreamUnavailableError) as caught:
        await exchange.head()
    assert not isinstance(caught.value, StaleConnectionError)


async def test_the_end_of_a_connection_ends_only_a_body_without_a_length() -> None:
    """An orderly end completes such a body; a broken one does not."""
    connection, exchange, _ = opened()
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nok")
    connection.connection_lost(None)
    assert (await exchange.read(), await exchange.read()) == (b"ok", b"")
    connection, exchange, _ = opened()
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nok")
    connection.connection_lost(ConnectionResetError())
    assert await exchange.read() == b"ok"
    with pytest.raises(UpstreamUnavailableError):
        await exchange.read()


async def test_the_first_error_counts() -> None:
    """An exchange that failed stays failed with what failed it, one that is complete stays complete."""
    connection, exchange, transport = opened()
    exchange.fail(ValueError("first"))
    exchange.fail(ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        await exchange.head()
    assert transport.aborted
    connection, exchange, transport = opened()
    connection.data_received(OK)
    exchange.fail(ValueError("late"))
    assert await exchange.read() == b"ok"
    assert not transport.aborted


async def test_bytes_on_an_idle_connection_end_it() -> None:
    """What nobody asked for is no answer."""
    connection, _, transport = opened()
    connection.data_received(OK)
    assert connection.reusable
    connection.data_received(b"H")
    assert transport.aborted


async def test_head_is_answered_without_its_body() -> None:
    """The length is that of the body that does not come; the connection goes on."""
    connection, exchange, _ = opened(bodiless=True)
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
    assert exchange.complete
    assert await exchange.read() == b""
    assert connection.reusable
    exchange = Exchange(connection, TIMEOUTS, bodiless=False)
    connection.begin(exchange)
    connection.data_received(OK)
    assert await exchange.read() == b"ok"


async def test_silence_while_the_request_goes_out_is_not_silence() -> None:
    """The time to the first byte counts from the last byte sent."""
    _, exchange, _ = opened(timeouts=Timeouts(connect=1, first_byte=0.2, idle=1, keep_alive=1))
    began = asyncio.get_running_loop().time()
    asyncio.get_running_loop().call_later(0.15, exchange.write, b"more")
    with pytest.raises(UpstreamTimeoutError):
        await exchange.head()
    assert asyncio.get_running_loop().time() - began >= 0.34


async def test_a_connection_that_is_gone_takes_nothing() -> None:
    """Writing to a lost connection, or aborting it again, does no harm."""
    connection, exchange, transport = opened()
    connection.connection_lost(None)
    exchange.write(b"more")
    connection.abort()
    assert transport.sent == b"GET / HTTP/1.1\r\n\r\n"
    assert not connection.alive
