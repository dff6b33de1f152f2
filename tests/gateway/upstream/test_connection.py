"""One connection to a service, fed by hand."""

from typing import Any, cast

import pytest

from gateway.headers import Header
from gateway.upstream.connection import MAX_HEAD, Connection, StaleConnectionError
from shared.errors import CarrelError
from tests.support.transport import Transport

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Waiter:
    """Notes what it is told."""

    def __init__(self, *, bodiless: bool = False) -> None:
        self.bodiless, self.sent = bodiless, True
        self.status = 0
        self.headers: list[Header] = []
        self.parts: list[bytes] = []
        self.reads = 0
        self.end: CarrelError | bool | None = None

    def head_came(self, status: int, headers: list[Header]) -> None:
        assert (self.status, self.end) == (0, None)
        self.status, self.headers = status, headers

    def body_came(self, body: bytes) -> None:
        assert self.end is None
        self.parts.append(body)

    def told(self) -> None:
        self.reads += 1

    def completed(self) -> None:
        assert self.end is None
        self.end = True

    def lost(self, error: CarrelError) -> None:
        assert self.end is None
        self.end = error

    @property
    def error(self) -> CarrelError:
        """What was lost."""
        assert isinstance(self.end, CarrelError)
        return self.end


def opened(*, bodiless: bool = False, reused: bool = False) -> tuple[Connection, Waiter, Transport]:
    """A connection with a request under way."""
    connection, transport, waiter = Connection(), Transport(), Waiter(bodiless=bodiless)
    connection.connection_made(cast(Any, transport))
    connection.reused = reused
    connection.begin(waiter)
    return connection, waiter, transport


def test_an_answer_may_come_byte_by_byte() -> None:
    """Wherever the network cuts it, the answer is the same, and the connection can be used again."""
    connection, waiter, _ = opened()
    for byte in OK:
        connection.data_received(bytes([byte]))
    assert (waiter.status, waiter.headers) == (200, [(b"content-length", b"2")])
    assert (b"".join(waiter.parts), waiter.end) == (b"ok", True)
    assert connection.reusable


def test_the_end_is_told_after_all_of_a_read() -> None:
    """Before it is told, the connection is free: whoever is told may use it at once."""
    connection, waiter, _ = opened()
    free: list[bool] = []
    waiter.completed = lambda: free.append(connection.reusable)  # type: ignore[method-assign]  # to hear of it
    connection.data_received(OK)
    assert free == [True]


def test_what_follows_an_answer_in_the_same_read_is_nobodys_answer() -> None:
    """The answer counts; the connection does not, and nothing of the rest is told to whoever is next."""
    connection, waiter, _ = opened()
    after: list[bool] = []
    waiter.completed = lambda: after.append(connection.reusable)  # type: ignore[method-assign]  # to hear of it
    connection.data_received(OK + OK)
    assert after == [False]


def test_interim_answers_are_left_out() -> None:
    """100 and 103 are not the answer."""
    connection, waiter, _ = opened()
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"
    connection.data_received(hints)
    assert (waiter.status, waiter.reads) == (0, 1)
    connection.data_received(hints + OK)
    assert (waiter.status, waiter.headers, waiter.end) == (200, [(b"content-length", b"2")], True)


def test_trailers_are_dropped() -> None:
    """They were not announced to the client."""
    connection, waiter, _ = opened()
    connection.data_received(CHUNKED + b"2\r\nok\r\n0\r\nx-trailer: 1\r\n\r\n")
    assert (waiter.headers, waiter.parts, waiter.end) == (
        [(b"transfer-encoding", b"chunked")],
        [b"ok"],
        True,
    )
    assert connection.reusable


def test_an_answer_without_the_request_ends_the_connection() -> None:
    """A connection on which half a request is still to come is not used again."""
    connection, waiter, _ = opened()
    waiter.sent = False
    connection.data_received(OK)
    assert waiter.end is True
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
def test_some_connections_are_not_kept(raw: bytes) -> None:
    """What the service closes, and what says more than was asked, ends with its answer."""
    connection, waiter, _ = opened()
    connection.data_received(raw)
    assert (waiter.parts, waiter.end) == ([b"ok"], True)
    assert not connection.reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhi",
        b"HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * (MAX_HEAD + 1),
        CHUNKED + b"2\r\nhi\r\nnot a size\r\n",
    ],
)
def test_an_answer_with_two_readings_is_lost(raw: bytes) -> None:
    """It is no answer, its connection is closed, and it is the service's fault."""
    connection, waiter, transport = opened(reused=True)
    connection.data_received(raw)
    assert waiter.error.status == 502
    assert not isinstance(waiter.error, StaleConnectionError)
    assert transport.aborted


def test_a_kept_connection_that_was_dead_says_so() -> None:
    """Only where no byte of an answer came is it safe to ask again."""
    connection, waiter, _ = opened(reused=True)
    connection.connection_lost(None)
    assert isinstance(waiter.error, StaleConnectionError)
    connection, waiter, _ = opened(reused=True)
    connection.data_received(b"HTTP")
    connection.connection_lost(None)
    assert not isinstance(waiter.error, StaleConnectionError)
    connection, waiter, _ = opened()
    connection.connection_lost(None)
    assert not isinstance(waiter.error, StaleConnectionError)
    assert waiter.error.status == 503


@pytest.mark.parametrize("error", [None, ConnectionResetError()])
def test_the_end_of_a_connection_ends_only_a_body_without_a_length(error: Exception | None) -> None:
    """An orderly end completes such a body; a broken one does not, nor any end one with a length."""
    connection, waiter, _ = opened()
    connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nok")
    connection.connection_lost(error)
    assert waiter.parts == [b"ok"]
    assert (waiter.end is True) == (error is None)
    connection, waiter, _ = opened()
    connection.data_received(OK[:-1])
    connection.connection_lost(error)
    assert waiter.error.status == 503


def test_bytes_on_an_idle_connection_end_it() -> None:
    """What nobody asked for is no answer."""
    connection, _, transport = opened()
    connection.data_received(OK)
    assert connection.reusable
    connection.data_received(b"H")
    assert transport.aborted


def test_head_is_answered_without_its_body() -> None:
    """The length is that of the body that does not come; the connection goes on."""
    connection, waiter, _ = opened(bodiless=True)
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
    assert (waiter.end, waiter.parts) == (True, [])
    assert connection.reusable
    waiter = Waiter()
    connection.begin(waiter)
    connection.data_received(OK)
    assert (waiter.parts, waiter.end) == ([b"ok"], True)


def test_a_connection_that_nobody_waits_for_tells_nobody() -> None:
    """After it was closed from our side, whatever still comes is told to no one."""
    connection, waiter, transport = opened()
    connection.abort()
    connection.data_received(OK)
    connection.connection_lost(None)
    connection.write(b"more")
    connection.abort()
    assert (waiter.end, transport.sent) == (None, b"")
    assert not connection.reusable


def test_reading_stops_and_goes_on() -> None:
    """A connection that is not read from is not kept for others."""
    connection, _, transport = opened()
    connection.pause_reading()
    connection.pause_reading()
    connection.data_received(OK)
    assert (transport.reading, connection.reusable) == (False, False)
    connection.resume_reading()
    assert (transport.reading, connection.reusable) == (True, True)
    connection.pause_reading()
    connection.abort()
    connection.resume_reading()
    assert not transport.reading
