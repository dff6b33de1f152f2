"""A client's connection, as long as it speaks HTTP.

Owns what is taken from uvicorn's inside for it (the version is pinned, the tests go through all of it): when
a request takes the short way and when the long one, how much of a head may come, and what is done when time
has run out. Nothing about a request is decided here.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.access import Entry
from gateway.admission import Client
from gateway.client.doors import Doors, unsent
from gateway.client.patience import Due, Waits
from gateway.client.socket_door import SocketDoor
from gateway.desk import Ready, refusal
from gateway.fast_path import Passing, begin
from gateway.headers import find
from gateway.own.metrics import refusal_of
from gateway.request import MAX_HEADER_BYTES, Heads, RequestHead, check_handshake, origin_form
from shared.errors import CarrelError, MalformedError, OverloadedError, RequestTimeoutError

READY = "carrel.ready"
"""The scope's extension that holds what was decided on the short way."""
BROKEN_OFF = "carrel.broken_off"
"""The scope's extension that holds the status with which the server ended the request itself."""


class HttpDoor(HttpToolsProtocol):
    """One connection. Of its requests one is answered at a time; those behind it wait in ``pipeline``."""

    def __init__(self, *args: Any, doors: Doors, **options: Any) -> None:
        super().__init__(*args, **options)
        self._doors, self._desk = doors, doors.desk
        self._waits = Waits(doors.patience, now=self.loop.time())
        self._heads = Heads(max_url_bytes=self._desk.max_url_bytes)
        self._running: RequestResponseCycle | Passing | None = None
        self._pending: list[bytes] | None = None
        """The body, so far, of a request that may take the short way."""
        self._reading = False
        """Whether a message has begun and is not whole."""
        self._in_head = True
        self._over = False
        """Whether nothing that comes is a request any more."""
        self._wrong: CarrelError | None = None
        """What is wrong with a handshake that is being read."""
        self._version = ""
        self._received = 0
        """Bytes of the body that is being read."""
        self._told = False
        """Whether the parser has told of a message's beginning, body or end in this read."""
        self._between = 0
        """Bytes of the reads since, in which it has told of none."""

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio types it with the base of transports
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
        if self._over:
            return  # read, so that the client can hear why
        self._told = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(self._wrong or MalformedError("This is not an HTTP request"))
            return
        if self._pending is not None:
            self._the_long_way()
        if not self._told:
            # Nothing but a head's lines, a body's trailers and the like: they must come to an end.
            self._between += len(data)
            if self._between > MAX_HEADER_BYTES:
                self._refuse(
                    MalformedError("Headers, or what stands around a body, are too large", status=431)
                )
                return
        if self._in_head and (self._reading or not self._told):
            self._waits.head_begins(self.loop.time())
        if self._wrong is not None:
            self._refuse(self._wrong)

    def pause_writing(self) -> None:
        super().pause_writing()
        if isinstance(self._running, Passing):
            self._running.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._waits.taken()
        if isinstance(self._running, Passing):
            self._running.resume_reading()

    # httptools

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._reading = self._in_head = self._told = True
        self._between = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        # After the head, these are trailers: what decides about a request stands in front of its body.
        if self._in_head:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._received = 0
        self._waits.head_ends(self.loop.time())
        self._version = self.parser.get_http_version()
        busy = self._running is not None and not self._running.response_complete
        if self.parser.should_upgrade() and self._should_upgrade():
            self._handshake(busy=busy)
        elif busy or self._version != "1.1":
            self._start(self._scope(), keep_alive=self._keep_alive())
        else:
            self._pending = []

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        self._told, self._between = True, 0
        if self._pending is not None:
            self._pending.append(body)
        elif isinstance(self.cycle, RequestResponseCycle):
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading, self._in_head = False, True
        self._told, self._between = True, 0
        if self._pending is None:
            if isinstance(self.cycle, RequestResponseCycle):
                super().on_message_complete()
        elif not self._the_short_way():
            self._the_long_way()
            super().on_message_complete()

    # The two ways

    def _the_short_way(self) -> bool:
        try:
            head = self._head()
        except CarrelError:
            return False
        body = b"".join(self._pending) if self._pending else b""
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
        self._waits.body_begins()
        cycle = self.cycle = RequestResponseCycle(
            scope=cast(Any, scope),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=find(scope["headers"], b"expect").lower() == b"100-continue",
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
        self._running = cycle
        self._start_asgi_task(cycle, self.app)

    def _head(self) -> RequestHead:
        path, _, query = self.url.partition(b"?")
        method = self.parser.get_method().decode("ascii")
        return self._heads.read(method, path, query, version=self._version, headers=self.headers)

    def _scope(self, ready: Ready | None = None) -> dict[str, Any]:
        path, _, query = self.url.partition(b"?")
        if ready is not None:
            path, query = ready.head.path, ready.head.query
        elif not path.startswith(b"/"):
            path, query = origin_form(self.url, self.headers)
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1" if ready else self._version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": ready.head.method if ready else self.parser.get_method().decode("ascii"),
            "root_path": "",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": [] if ready else self.headers,
            "state": self.app_state.copy(),
            "extensions": {READY: ready} if ready else {},
        }

    def _keep_alive(self) -> bool:
        return self._version == "1.1" and bool(self.parser.should_keep_alive())

    # What an exchange on the short way tells

    def passed(self) -> None:
        if self.pipeline:
            self._desk.outbox.flush()  # what comes behind it goes out by itself
        if self._running is not None and not self._running.keep_alive:
            self._close()
        self.on_response_complete()

    def cut(self) -> None:
        self._close()

    def hand_over(self, ready: Ready, body: bytes) -> None:
        was, last = self._running, self.cycle
        cycle = self._start(self._scope(ready), keep_alive=was is not None and was.keep_alive)
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
        self._waits.answered(self.loop.time(), more=bool(self.pipeline))
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
        running = self._running
        answering = running is not None and not running.response_complete
        if self.transport.is_closing():
            self._waits.closes(now)
        if answering and isinstance(running, Passing) and not self.flow.write_paused:
            running.check(self._doors.patience, now=now)
        comes = self._reading and not self._in_head and not self.flow.read_paused
        mine = comes and (not answering or running is self.cycle)
        due = self._waits.due(
            now,
            received=self._received if mine else None,
            unsent=unsent(self.transport) if self.flow.write_paused else None,
        )
        if due is Due.ABORT or self._unwanted():
            self.transport.abort()
        elif due is Due.CLOSE:
            self._close()
        elif due is Due.HEAD:
            self._refuse(RequestTimeoutError("The request's head did not come in time"))
        elif due is Due.BODY:
            self._refuse(RequestTimeoutError("The request's body did not come in time"))

    def _unwanted(self) -> bool:
        """Whether far more came of a body than it may have: it was refused long ago."""
        return self._received > 0 and self._received > 2 * self._desk.bodies.most(self.url.partition(b"?")[0])

    def _refuse(self, error: CarrelError) -> None:
        """Answer what is no request, or no whole one, and take no more of this client."""
        self._over = True
        answered = self._pending is None and self._wrong is None
        self._pending = None
        running = self._running
        if running is None or running.response_complete:
            if self._reading and not self._in_head and answered:
                self.transport.abort()  # it was answered before it was whole
                return
            rid = self._desk.new_id()
            size = self._write(error, rid)
            self._desk.traffic.refused(refusal_of(error))
            self._desk.note(Entry("", "", "", error.status, size, 0.0, 0.0, rid, ""))
        elif self._reading and not self._in_head and running is self.cycle:
            self._break_off(running, error)
        else:
            # Its turn would come after the answers that are due: the one under way is the last.
            running.keep_alive = False
            self.pipeline.clear()

    def _break_off(self, running: RequestResponseCycle, error: CarrelError) -> None:
        """End a request whose body does not come, or goes wrong."""
        cast(Any, running.scope)["extensions"][BROKEN_OFF] = error.status
        running.disconnected = True
        running.message_event.set()
        if running.response_started:
            self.transport.abort()
        else:
            self._write(error, self._desk.new_id())

    def _write(self, error: CarrelError, rid: str) -> int:
        """Answer ``error``, say no more, and return the size of what was said."""
        self._desk.outbox.flush()
        said, size = refusal(error, rid, date=self.date())
        self.transport.write(said)
        self._hang_up()
        return size

    def _hang_up(self) -> None:
        """Say no more, and read on until the client has left: else it might not hear what was said."""
        self._over = True
        self._waits.closes(self.loop.time())
        if not self.transport.is_closing():
            self.transport.write_eof()
            self.flow.resume_reading()

    def _close(self) -> None:
        self._desk.outbox.flush()
        self._waits.closes(self.loop.time())
        self.transport.close()

    # WebSockets

    def _handshake(self, *, busy: bool) -> None:
        """Look at a handshake before it is handed to its own protocol, which bears less."""
        self.scope = cast(Any, self._scope())
        try:
            check_handshake(self._head(), self.headers)
            if busy:
                raise MalformedError("An upgrade must wait for the answers before it")
        except CarrelError as error:
            self._wrong = error

    def _upgrade(self, rest: bytes) -> None:
        if self._wrong is not None:
            self._refuse(self._wrong)
        elif self._should_upgrade():
            self._doors.open.discard(self)
            self.handle_websocket_upgrade()
            door = self.transport.get_protocol()
            if isinstance(door, SocketDoor) and rest:
                door.data_received(rest)
        else:
            # An upgrade to something else is not made: what follows is HTTP as before.
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            if rest:
                self.data_received(rest)
