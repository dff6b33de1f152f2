"""A client's connection, as long as it speaks HTTP.

Owns what is taken from uvicorn's inside for it (the version is pinned, the tests go through all of it): when
a request takes the short way and when the long one, how much of a head may come, and how long a client may
take. Nothing about a request is decided here.
"""

import asyncio
import fcntl
import re
import struct
import termios
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.access import Entry
from gateway.admission import Client
from gateway.desk import GUARDS, Desk, Ready
from gateway.fast_path import Passing, begin
from gateway.headers import Header, Headers, find, lines, status_line
from gateway.patience import CLOSING_S, LEAST_BODY, LEAST_SENT, Patience, Progress
from gateway.request import MAX_HEADER_BYTES, RequestHead
from gateway.socket_door import SocketDoor
from shared.errors import CarrelError, MalformedError, OverloadedError, RequestTimeoutError
from shared.http import problem_response
from shared.logging import request_id

READY = "carrel.ready"
"""The scope's extension that holds what was decided on the short way."""
_AUTHORITY = re.compile(rb"[^/?#]*")
BROKEN_OFF = "carrel.broken_off"
"""The scope's extension that holds the status with which the server ended the request itself."""


class Doors:
    """The open connections, and how long each may take; looked at every second."""

    def __init__(self, desk: Desk, *, patience: Patience, most: int | None) -> None:
        self.desk, self.patience, self._most = desk, patience, most
        self.open: set[HttpDoor] = set()
        self._dated: Headers = ()
        self._date = b""

    def full(self, connections: int) -> bool:
        """Return whether ``connections``, of all kinds, are too many."""
        return self._most is not None and connections > self._most

    def date(self, headers: Headers) -> bytes:
        """Return the server's own ``headers`` as lines; they are others every second."""
        if headers is not self._dated:
            self._dated, self._date = headers, lines(headers)
        return self._date

    def check(self, *, now: float) -> None:
        """Look at every connection once."""
        for door in tuple(self.open):
            door.check(now)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.check(now=asyncio.get_running_loop().time())


class HttpDoor(HttpToolsProtocol):
    """One connection. Of its requests one is answered at a time; those behind it wait in ``pipeline``."""

    def __init__(self, *args: Any, doors: Doors, **options: Any) -> None:
        super().__init__(*args, **options)
        self._doors, self._desk = doors, doors.desk
        self._running: RequestResponseCycle | Passing | None = None
        self._pending: list[bytes] | None = None
        """The body, so far, of a request that may take the short way."""
        self._reading = False
        """Whether a message has begun and is not whole."""
        self._in_head = True
        self._more_head = 0
        self._head_since = self._since = self.loop.time()
        self._run_since = 0.0
        self._fresh = True
        self._refused = False
        self._closing_since = 0.0
        self._got = 0
        self._body = Progress(least=LEAST_BODY, seconds=doors.patience.body)
        self._sent = Progress(least=LEAST_SENT, seconds=doors.patience.send)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._client = Client(self.client[0] if self.client else "", self.scheme or "http")
        self._doors.open.add(self)
        if self._doors.full(len(self.connections)):
            self._refuse(OverloadedError("There are too many open connections", retry_after_ms=5_000))

    def connection_lost(self, exc: Exception | None) -> None:
        self._doors.open.discard(self)
        running = self._running
        super().connection_lost(exc)
        if isinstance(running, Passing):
            running.left()
        elif running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return  # read, so that the client can hear why
        if self._in_head:
            self._head_since = self._head_since or self.loop.time()
        before = self._more_head
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(MalformedError("This is not an HTTP request"))
            return
        if self._pending is not None:
            self._the_long_way()
        if self._in_head and self._reading:
            self._head_since = self._head_since or self.loop.time()
            # Only what comes after the read in which it began: a body may stand before it there.
            self._more_head = before + len(data)
            if before > MAX_HEADER_BYTES:
                self._refuse(MalformedError("The headers are too large", status=431))

    def pause_writing(self) -> None:
        super().pause_writing()
        if isinstance(self._running, Passing):
            self._running.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._sent.reset()
        if isinstance(self._running, Passing):
            self._running.resume_reading()

    # httptools

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._reading = self._in_head = True
        self._more_head = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_since = 0.0
        self._got = 0
        busy = self._running is not None and not self._running.response_complete
        if self.parser.should_upgrade() and self._should_upgrade():
            self.scope = cast(Any, self._scope())
        elif busy or self.parser.get_http_version() != "1.1":
            self._start(self._scope(), keep_alive=self._keep_alive())
        else:
            self._pending = []

    def on_body(self, body: bytes) -> None:
        self._got += len(body)
        if self._pending is not None:
            self._pending.append(body)
        elif isinstance(self.cycle, RequestResponseCycle):
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading, self._in_head = False, True
        if self._pending is None:
            if isinstance(self.cycle, RequestResponseCycle):
                super().on_message_complete()
        elif not self._the_short_way():
            self._the_long_way()
            super().on_message_complete()

    # The two ways

    def _the_short_way(self) -> bool:
        path, _, query = self.url.partition(b"?")
        body = b"".join(self._pending or ())
        try:
            head = RequestHead(
                self.parser.get_method().decode("ascii"),
                path,
                query,
                version="1.1",
                headers=self.headers,
                max_url_bytes=self._desk.max_url_bytes,
            )
        except CarrelError:
            return False
        passing = begin(
            self._desk,
            self,
            head,
            body,
            client=self._client,
            keep_alive=self.parser.should_keep_alive(),
            now=self.loop.time(),
        )
        if passing is None:
            return False
        self._pending = None
        self._running = passing
        self.cycle = cast(Any, passing)
        return True

    def _the_long_way(self) -> None:
        parts, self._pending = self._pending or (), None
        self._start(self._scope(), keep_alive=self._keep_alive())
        for part in parts:
            super().on_body(part)

    def _start(self, scope: dict[str, Any], *, keep_alive: bool) -> RequestResponseCycle:
        self._body.reset()
        cycle = self.cycle = RequestResponseCycle(
            scope=cast(Any, scope),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=find(self.headers, b"expect").lower() == b"100-continue",
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if self._running is None or self._running.response_complete:
            self._run(cycle)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))
        return cycle

    def _run(self, cycle: RequestResponseCycle) -> None:
        self._running, self._run_since = cycle, self.loop.time()
        self._start_asgi_task(cycle, self.app)

    def _scope(self) -> dict[str, Any]:
        path, _, query = self.url.partition(b"?")
        if not path.startswith(b"/"):
            path, query = _origin_form(self.url, self.headers)
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": self.parser.get_http_version(),
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": self.parser.get_method().decode("ascii"),
            "root_path": "",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": self.headers,
            "state": self.app_state.copy(),
            "extensions": {},
        }

    def _keep_alive(self) -> bool:
        return self.parser.get_http_version() == "1.1" and bool(self.parser.should_keep_alive())

    # What an exchange on the short way tells

    def passed(self) -> None:
        keep_alive = self._running is not None and self._running.keep_alive
        if not keep_alive:
            self._close()
        self.on_response_complete()

    def cut(self) -> None:
        self._close()

    def hand_over(self, ready: Ready, body: bytes) -> None:
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": ready.head.method,
            "root_path": "",
            "path": ready.head.path.decode("latin-1"),
            "raw_path": ready.head.path,
            "query_string": ready.head.query,
            "headers": [],
            "state": self.app_state.copy(),
            "extensions": {READY: ready},
        }
        was = self._running
        last = self.cycle
        cycle = self._start(scope, keep_alive=was is not None and was.keep_alive)
        cycle.body += body
        cycle.more_body = False
        cycle.message_event.set()
        if last is not was:
            self.cycle = last  # behind it others have been read

    def date(self) -> bytes:
        return self._doors.date(self.server_state.default_headers)

    # uvicorn

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._since = self.loop.time()
        self._head_since = self._since if self._head_since else 0.0
        self._fresh = False
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, _ = self.pipeline.pop()
            self._run(cycle)

    def shutdown(self) -> None:
        """The gateway stops: what is under way is the last."""
        running = self._running
        if running is None or running.response_complete:
            self._close()
        else:
            running.keep_alive = False
            self.pipeline.clear()

    # The end

    def check(self, now: float) -> None:
        """Look whether the client takes too long, or a service on its behalf."""
        patience = self._doors.patience
        running = self._running
        if self._closing_since or self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > CLOSING_S:
                self.transport.abort()
        elif running is not None and not running.response_complete:
            self._check_answer(running, patience, now)
        elif self._reading and not self._in_head:
            # The rest of a body that was answered already: it is read, so that the answer is, too.
            if self._got > 2 * self._desk.max_body_bytes or self._body.stalled(self._got, now=now):
                self.transport.abort()
        elif self._head_since and (self._reading or self._fresh):
            if now - self._head_since > patience.head:
                if self._reading:
                    self._refuse(RequestTimeoutError("The request's head did not come in time"))
                else:
                    self._close()
        elif now - self._since > patience.idle:
            self._close()

    def _check_answer(self, running: RequestResponseCycle | Passing, patience: Patience, now: float) -> None:
        if self.flow.write_paused:
            if self._sent.stalled(-self._unsent(), now=now):
                self.transport.abort()
        elif isinstance(running, Passing):
            running.check(patience, now=now)
        elif now - self._run_since > patience.total:
            self.transport.abort()
        elif self._body_of(running) and not self.flow.read_paused:
            if self._body.stalled(self._got, now=now):
                self._break_off(running, RequestTimeoutError("The request's body did not come in time"))
        else:
            self._body.reset()

    def _body_of(self, running: RequestResponseCycle) -> bool:
        """Return whether the body of ``running`` is still coming."""
        return self._reading and not self._in_head and running is self.cycle

    def _break_off(self, running: RequestResponseCycle, error: CarrelError) -> None:
        """End a request whose body does not come, or goes wrong."""
        cast(Any, running.scope)["extensions"][BROKEN_OFF] = error.status
        running.disconnected = True
        running.message_event.set()
        if running.response_started:
            self.transport.abort()
        else:
            self._write(error, request_id.get() or self._desk.new_id())

    def _unsent(self) -> int:
        """Return how many bytes the client has not taken yet, here and in the kernel."""
        left = self.transport.get_write_buffer_size()
        sock = self.transport.get_extra_info("socket")
        (queued,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
        return int(left + queued)

    def _refuse(self, error: CarrelError) -> None:
        """Answer what is no request, and read nothing more of this client."""
        self._refused = True
        self._pending = None
        running = self._running
        if running is None or running.response_complete:
            rid = self._desk.new_id()
            size = self._write(error, rid)
            self._desk.note(Entry("", "", "", error.status, size, 0.0, 0.0, rid, ""))
        elif isinstance(running, RequestResponseCycle) and self._body_of(running):
            self._break_off(running, error)
        else:
            # Its turn would come after the answers that are due: the one under way is the last.
            running.keep_alive = False
            self.pipeline.clear()

    def _write(self, error: CarrelError, rid: str) -> int:
        """Answer ``error``, close, and return the size of what was said."""
        token = request_id.set(rid)
        try:
            response = problem_response(error, headers={"connection": "close", "x-request-id": rid})
        finally:
            request_id.reset(token)
        head = lines([(name, value) for name, value in response.raw_headers])
        self.transport.write(
            b"".join((status_line(error.status), self.date(), head, GUARDS, b"\r\n", bytes(response.body)))
        )
        self._hang_up()
        return len(response.body)

    def _hang_up(self) -> None:
        """Say no more, and read on until the client has left: else it might not hear what was said."""
        self._refused = True
        self._closing_since = self.loop.time()
        if not self.transport.is_closing():
            self.transport.write_eof()
            self.flow.resume_reading()

    def _close(self) -> None:
        self._closing_since = self.loop.time()
        self.transport.close()

    def _upgrade(self, early: bytes) -> None:
        busy = self._running is not None and not self._running.response_complete
        if not self._should_upgrade():
            # An upgrade to something else is not made: the request is answered, and is the last.
            self._refused = True
            if busy and self._running is not None:
                self._running.keep_alive = False
            return
        if busy:
            self._refuse(MalformedError("An upgrade must wait for the answers before it"))
            return
        self._doors.open.discard(self)
        self.handle_websocket_upgrade()
        door = self.transport.get_protocol()
        if isinstance(door, SocketDoor) and early:
            door.data_received(early)


def _origin_form(url: bytes, headers: list[Header]) -> tuple[bytes, bytes]:
    """Return path and query of an absolute ``url``; its host takes Host's place (RFC 9112, section 3.2.2).

    Anything else is returned as it is: no route has it.
    """
    scheme, mark, rest = url.partition(b"://")
    authority = _AUTHORITY.match(rest)
    if scheme.lower() not in (b"http", b"https") or not mark or authority is None:
        return url, b""
    headers[:] = [(name, authority[0] if name == b"host" else value) for name, value in headers]
    path, _, query = rest[authority.end() :].partition(b"?")
    return path or b"/", query
