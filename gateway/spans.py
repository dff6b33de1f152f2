"""The gateway's spans, one a request; only there where spans are told at all.

Owns how a request's span is begun and ended, and that its service is told of it in the place of the client's.
"""

import re
import time

from gateway.access import Entry
from gateway.request import RequestHead
from shared.counting import METHODS
from shared.metrics import UNMATCHED
from shared.tracing import Span, Tracer, sane_traceparent

_METHODS = METHODS | {"WEBSOCKET"}
_LINE = re.compile(rb"^traceparent: ([^\r]*)\r\n", re.MULTILINE)


class Spans:
    """Tells the requests of this gateway to ``tracer``."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def begin(self, head: RequestHead) -> Span:
        """Begin the span of a request that goes on to a service, below what its client says it is part of."""
        found = _LINE.findall(head.lines)
        # Two contexts are none.
        parent = sane_traceparent(found[0]) if len(found) == 1 else ""
        return self._tracer.start("request", kind="server", parent=parent, attributes={})

    def lines(self, head: RequestHead, span: Span) -> bytes:
        """Return the header lines of ``head`` that go on, ``span`` in the place of its context."""
        return _LINE.sub(b"", head.lines) + f"traceparent: {span.traceparent}\r\n".encode("ascii")

    def end(self, entry: Entry, span: Span | None) -> None:
        """A request is over; one without a span, which the gateway answered itself, gets one now."""
        if span is None:
            if entry.path.startswith("/health"):
                return
            began_ns = time.time_ns() - int(entry.seconds * 1e9)
            span = self._tracer.start("request", kind="server", parent="", attributes={}, began_ns=began_ns)
        route = entry.route or UNMATCHED
        method = entry.method if entry.method in _METHODS else "other"
        span.note(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": entry.status,
                "http.response.body.size": entry.bytes,
                "carrel.request_id": entry.request_id,
            },
            name=f"{method} {route}",
        )
        span.end(error=str(entry.status) if entry.status >= 500 else "")
