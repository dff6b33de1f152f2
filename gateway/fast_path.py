"""The short way through: a whole request in one read, a kept connection to its service, no task, no future.

Owns one exchange on it. Bytes go from transport to transport in the callbacks of the two connections, with
flow control both ways. Whatever is out of the ordinary before the answer has begun is handed to the way that
everything else takes (:mod:`gateway.front`); after that, a failure cuts the client's connection, so that an
answer never looks complete when it is not.
"""

import asyncio
import logging
import time
from typing import Protocol

from gateway.access import Entry
from gateway.admission import Admitted, Client
from gateway.client.patience import Patience
from gateway.desk import GUARDS, Desk, Ready, since
from gateway.headers import Header, lines, response_headers, status_line
from gateway.limits.rates import Verdict, rate_lines
from gateway.request import RequestHead
from gateway.upstream.connection import Connection, StaleConnectionError
from gateway.upstream.pool import Pool
from shared.errors import CarrelError, RateLimitedError, UpstreamTimeoutError, UpstreamUnavailableError
from shared.metrics import CLIENT_LEFT

_log = logging.getLogger(__name__)
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
"""What may be asked twice when no answer came (RFC 9110, section 9.2.2)."""


class Opening(Protocol):
    """The client's end, as an exchange sees it."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop

    def passed(self) -> None:
        """The answer is out, whole."""

    def cut(self) -> None:
        """The answer broke off."""

    def hand_over(self, ready: Ready, body: bytes) -> None:
        """The request is to be answered the other way."""

    def date(self) -> bytes:
        """Return the header lines that every answer of the server begins with."""


class _Nobody:
    """For what the server tells a cycle of its own; nobody here waits."""

    def set(self) -> None: ...


class Passing:
    """One exchange on the short way. For the server it is what a request's cycle is."""

    __slots__ = (
        "_begun",
        "_body",
        "_bytes",
        "_chunked",
        "_connection",
        "_desk",
        "_error",
        "_loop",
        "_opening",
        "_out",
        "_pool",
        "_ready",
        "_started",
        "_touched",
        "_upstream_s",
        "bodiless",
        "disconnected",
        "keep_alive",
        "response_complete",
        "sent",
        "status",
    )
    message_event = _Nobody()
    more_body = False

    def __init__(
        self,
        desk: Desk,
        pool: Pool,
        connection: Connection,
        ready: Ready,
        *,
        opening: Opening,
        keep_alive: bool,
        body: bytes,
        now: float,
    ) -> None:
        self._desk, self._pool, self._connection, self._opening = desk, pool, connection, opening
        self._ready, self._body = ready, body
        self._started = self._touched = now
        self._loop = opening.loop
        self._out: list[bytes] = []
        self._chunked = False
        self._error: CarrelError | None = None
        self._bytes, self._upstream_s = 0, 0.0
        self._begun = False
        self.status = 0
        self.bodiless, self.sent = ready.head.method == "HEAD", True
        self.keep_alive = keep_alive
        self.response_complete = self.disconnected = False

    # What the service's connection tells.

    def head_came(self, status: int, headers: list[Header]) -> None:
        if status == 401:
            self._error = distrusted()
            return
        try:
            kept = response_headers(status, headers)
        except CarrelError as error:
            self._error = error
            return
        self._pool.breaker.succeeded()
        ready, self.status = self._ready, status
        plain = self.bodiless or status in (204, 304) or b"content-length" in [name for name, _ in kept]
        self._chunked = not plain
        if ready.head.origin:
            kept += self._desk.admission.cors(ready.head)
        self._out += (
            status_line(status),
            self._opening.date(),
            GUARDS,
            lines(kept),
            b"x-request-id: %b\r\n" % ready.request_id,
            rate_lines(ready.verdict) if ready.verdict else b"",
            b"" if plain else b"transfer-encoding: chunked\r\n",
            b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n",
        )

    def body_came(self, body: bytes) -> None:
        self._bytes += len(body)
        if self._chunked:
            self._out += (b"%x\r\n" % len(body), body, b"\r\n")
        else:
            self._out.append(body)

    def told(self) -> None:
        self._touched = self._loop.time()
        if self._error is not None:
            self._instead(error=self._error)
        elif self._out:
            self._flush()

    def completed(self) -> None:
        if self._error is not None:
            self._instead(error=self._error)
            return
        if self._chunked:
            self._out.append(b"0\r\n\r\n")
        self._flush()
        self._upstream_s = since(self._ready.began)
        self._over()
        self._opening.passed()

    def lost(self, error: CarrelError) -> None:
        if self._error is not None:
            self._instead(error=self._error)
        elif self._begun:
            self._flush()
            self._over()
            self._opening.cut()
        elif isinstance(error, StaleConnectionError) and self._ready.head.method in IDEMPOTENT:
            self._instead(fresh=True)
        else:
            self._instead(error=error)

    # What the client's connection tells.

    def left(self) -> None:
        """The client's connection is gone: the service is told so at once."""
        self.disconnected = True
        if not self.response_complete:
            self._connection.abort()
            self.status = self.status or CLIENT_LEFT
            self._over()

    def pause_reading(self) -> None:
        """The client takes less than the service gives."""
        self._connection.pause_reading()

    def resume_reading(self) -> None:
        """The client takes again."""
        self._touched = self._loop.time()
        self._connection.resume_reading()

    def check(self, patience: Patience, *, now: float) -> None:
        """Give up a service that is silent for too long, or an exchange that takes too long."""
        silent = now - self._touched > (patience.silence if self.status else patience.first_byte)
        if silent or now - self._started > patience.total:
            self._connection.abort()
            self.lost(UpstreamTimeoutError("A service did not answer in time"))

    def _flush(self) -> None:
        self._begun = True
        under_way = self._desk.places.taken
        self._desk.outbox.write(self._opening.transport, b"".join(self._out), under_way=under_way)
        self._out.clear()

    def _instead(self, *, fresh: bool = False, error: CarrelError | None = None) -> None:
        ready = self._ready._replace(fresh=fresh, error=error)
        if error is not None:
            self._pool.breaker.failed()
        self._connection.abort()
        self._release()
        self._opening.hand_over(ready, self._body)

    def _release(self) -> None:
        self.response_complete = True
        self._pool.give_back(self._connection, now=self._loop.time())
        self._desk.places.leave(self._ready.admitted.caller.tag)

    def _over(self) -> None:
        self._release()
        ready = self._ready
        self._desk.note(
            Entry(
                ready.head.method,
                ready.admitted.route.path,
                ready.head.path.decode("ascii"),
                self.status,
                self._bytes,
                since(ready.began),
                self._upstream_s,
                ready.request_id.decode("ascii"),
                ready.admitted.caller.tag,
            ),
            ready.span,
        )


def begin(
    desk: Desk,
    opening: Opening,
    head: RequestHead,
    body: bytes,
    *,
    client: Client,
    keep_alive: bool,
    now: float,
) -> Passing | None:
    """Send ``head`` with its whole ``body`` on, when all is as it mostly is; else return nothing.

    Nothing was counted or sent then: the other way begins from the beginning, and says what is wrong.
    """
    admission = desk.admission
    try:
        route = admission.route(head)
        service = desk.services.get(route.target)
        if service is None or route.socket or head.method == "OPTIONS":
            return None
        pool = service.pick()
        if pool.breaker.open:
            return None
        admitted = admission.admit(head, route, client, now=time.time())
    except CarrelError:
        return None
    if (connection := pool.take_idle(now=now)) is None:
        return None
    try:
        verdict = _counted(desk, admitted, head.method)
    except CarrelError:
        pool.give_back(connection, now=now)
        return None
    rid = desk.sane_id(head.request_id).encode("ascii")
    span = desk.span(head)
    ready = Ready(head, admitted, rid, time.perf_counter(), verdict=verdict, span=span)
    passing = Passing(
        desk, pool, connection, ready, opening=opening, keep_alive=keep_alive, body=body, now=now
    )
    connection.begin(passing)
    if head.chunked:
        body = chunk(body, last=True)
    asked = desk.ask(pool, head, admitted, client, request_id=rid, span=span) + body
    connection.write_soon(asked, desk.outbox, under_way=desk.places.taken)
    return passing


def _counted(desk: Desk, admitted: Admitted, method: str) -> Verdict | None:
    """Count a request and return what is told of its rates, or refuse it: it may not pass here and now."""
    caller = admitted.caller
    asked = desk.asked(admitted.route, method, caller=caller, address=admitted.address)
    desk.places.take(caller.tag)
    if not asked:
        return None
    if desk.here is not None and (verdict := desk.here.take_now(asked)).allowed:
        return verdict
    desk.places.leave(caller.tag)
    raise RateLimitedError


def distrusted() -> UpstreamUnavailableError:
    """Return the error for a service that answers 401: who asks was decided here, so it is ours to mend."""
    _log.error("a service does not accept the gateway's signature: INTERNAL_TOKEN differs")
    return UpstreamUnavailableError("A service refuses to answer", retry_after_ms=5_000)


def chunk(body: bytes, *, last: bool) -> bytes:
    """Return ``body`` as a chunk (RFC 9112, section 7.1), with the end of all chunks when it is the last."""
    framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return framed + b"0\r\n\r\n" if last else framed
