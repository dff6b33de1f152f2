"""One exchange, awaited; its connection is fed by hand."""

import asyncio
from typing import Any, cast

import pytest

from gateway.upstream.connection import Connection
from gateway.upstream.exchange import MAX_QUEUED, Exchange, Timeouts
from shared.errors import UpstreamTimeoutError, UpstreamUnavailableError
from tests.support.transport import Transport

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
TIMEOUTS = Timeouts(connect=1, first_byte=5, idle=5, keep_alive=5)


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
    assert not connection.reusable


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


async def test_parts_of_an_answer_are_not_joined() -> None:
    """What a service sent as several chunks comes out as several, so that no event waits for another."""
    connection, exchange, _ = opened()
    connection.data_received(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    connection.data_received(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    assert [await exchange.read(), exchange.drained] == [b"a", False]
    assert [await exchange.read(), exchange.drained] == [b"bc", True]
    assert await exchange.read() == b""
