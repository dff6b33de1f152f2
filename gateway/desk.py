"""What every way through the gateway shares: the rules, the services, the counts and the log.

Owns what is done alike for each request, whichever way it takes. It decides nothing itself.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from gateway.access import AccessLog, Entry
from gateway.admission import Admission, Admitted, Client
from gateway.bodies import Bodies
from gateway.headers import Header, lines, status_line
from gateway.identity import Caller
from gateway.limits.memory import MemoryLimiter
from gateway.limits.ports import RateLimiter
from gateway.limits.quotas import Quotas
from gateway.limits.rates import Asked, Verdict
from gateway.outbox import Outbox
from gateway.own.metrics import Traffic
from gateway.request import RequestHead
from gateway.routing import Route, Target
from gateway.spans import Spans
from gateway.upstream.pool import Pool, Service
from shared.errors import CarrelError
from shared.http import problem_response, sane_id
from shared.logging import request_id
from shared.metrics import UNMATCHED
from shared.places import Places
from shared.tracing import Span

SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
API_POLICY: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
GUARDS = lines((*SECURITY, API_POLICY))
"""What every answer of a service carries."""


class Ready(NamedTuple):
    """A request that one way has decided on and another goes on with."""

    head: RequestHead
    admitted: Admitted
    request_id: bytes
    began: float
    fresh: bool = False
    """Whether it is asked again, on a new connection."""
    error: CarrelError | None = None
    """What it is to be answered with instead."""
    verdict: Verdict | None = None
    """What is told of how many more there may be."""
    span: Span | None = None
    """The request's, where spans are told."""


@dataclass(frozen=True)
class Desk:
    """Everything shared."""

    admission: Admission
    services: Mapping[Target, Service]
    access: AccessLog
    traffic: Traffic
    places: Places
    """For requests of one visitor that are answered at the same time."""
    quotas: Quotas | None
    """Without them rates are not limited."""
    limiter: RateLimiter
    here: MemoryLimiter | None
    """The limiter, when it needs nobody else's count."""
    outbox: Outbox
    max_url_bytes: int
    bodies: Bodies
    spans: Spans | None = None
    _ids: "count[int]" = field(default_factory=count)
    _prefix: str = field(default_factory=lambda: secrets.token_hex(6))

    def sane_id(self, given: bytes) -> str:
        """Return the id a client gave, when it is sane, else a new one."""
        return (sane_id(given) if given else "") or self.new_id()

    def new_id(self) -> str:
        """Return an id no other request has."""
        return f"{self._prefix}{next(self._ids):08x}"

    def span(self, head: RequestHead) -> Span | None:
        """Begin the span of a request that goes on to a service, where spans are told."""
        return None if self.spans is None else self.spans.begin(head)

    def lines(self, head: RequestHead, span: Span | None) -> bytes:
        """Return the client's header lines that go on, with the context of ``span``."""
        return head.lines if self.spans is None or span is None else self.spans.lines(head, span)

    def ask(
        self,
        pool: Pool,
        head: RequestHead,
        admitted: Admitted,
        client: Client,
        *,
        request_id: bytes,
        span: Span | None = None,
    ) -> bytes:
        """Return the head of the request for the service behind ``pool``, ending in its empty line."""
        told = self.admission.told(head, admitted, client, request_id=request_id)
        return b"%b %b HTTP/1.1\r\nhost: %b\r\n%b%b%b\r\n" % (
            head.method.encode("ascii"),
            head.target,
            pool.authority,
            self.lines(head, span),
            told,
            head.framing,
        )

    def note(self, entry: Entry, span: Span | None = None) -> None:
        """Count a request that is over, log it, and tell its span where spans are told."""
        route, size = entry.route or UNMATCHED, entry.bytes
        self.traffic.add(route, entry.method, entry.status, entry.seconds, size)
        self.access.add(entry)
        if self.spans is not None:
            self.spans.end(entry, span)

    def asked(self, route: Route, method: str, *, caller: Caller | None, address: str) -> tuple[Asked, ...]:
        """Return the buckets that a request takes a token of; none where it is not limited."""
        if self.quotas is None or method == "OPTIONS":
            return ()
        principal = caller.principal if caller else None
        return self.quotas.asked(route, method, principal=principal, address=address)


def refusal(error: CarrelError, rid: str, *, date: bytes) -> tuple[bytes, int]:
    """Return the whole answer ``error`` for a connection that ends with it, and the size of its body."""
    token = request_id.set(rid)
    try:
        response = problem_response(error, headers={"connection": "close", "x-request-id": rid})
    finally:
        request_id.reset(token)
    body = bytes(response.body)
    head = lines([(name, value) for name, value in response.raw_headers])
    return b"".join((status_line(error.status), date, head, GUARDS, b"\r\n", body)), len(body)


def since(began: float) -> float:
    """Return how many seconds have passed since ``began``, of :func:`time.perf_counter`."""
    return time.perf_counter() - began
