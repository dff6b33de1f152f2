"""Spans: what was done for a request and for how long, told to a collector where one is set.

Owns the trace context that is in force (W3C ``traceparent``), which goes on to the next service whether or
not spans are told. Nothing of OpenTelemetry is imported here; :mod:`shared.telemetry` is, where it is on.
What a span tells are names, numbers and ids, never a word of a question, an answer or a document.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Literal, Protocol

from shared.errors import CarrelError

TRACEPARENT_HEADER = "traceparent"
_FORM = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
Kind = Literal["server", "internal", "client"]
Attributes = Mapping[str, str | int | float | bool]

traceparent: ContextVar[str] = ContextVar("traceparent", default="")
"""The context of what is being done, as the next service is told it; empty when there is none."""


class Span(Protocol):
    """Something that is being done."""

    @property
    def traceparent(self) -> str:
        """Its context, as the next service is told it."""
        ...

    def note(self, attributes: Attributes, *, name: str = "") -> None:
        """Add what is known of it by now, and its better ``name``."""
        ...

    def end(self, *, error: str = "") -> None:
        """It is over; ``error`` is why it failed."""
        ...


class Tracer(Protocol):
    """Makes spans and tells them."""

    def start(
        self, name: str, *, kind: Kind, parent: str, attributes: Attributes, began_ns: int | None = None
    ) -> Span:
        """Begin a span below the context ``parent``; ``began_ns`` (Unix time) is when it really began."""
        ...

    def close(self) -> None:
        """Tell what has ended, within a bounded time, and no more."""
        ...


class _Untold:
    """The span of a process that tells none."""

    traceparent = ""

    def note(self, attributes: Attributes, *, name: str = "") -> None: ...

    def end(self, *, error: str = "") -> None: ...


_UNTOLD_SPAN: AbstractContextManager[Span] = nullcontext(_Untold())
_tracer: Tracer | None = None


def use(to: Tracer | None) -> None:
    """Tell the spans of this process ``to`` a tracer. Called once, by a service's ``__main__``."""
    global _tracer
    _tracer = to


def span(
    name: str, attributes: Attributes | None = None, *, kind: Kind = "internal"
) -> AbstractContextManager[Span]:
    """Return a span around what is done within; nothing but a look at a variable where none are told.

    What is done for no request (heartbeats, upkeep) has none.
    """
    if _tracer is None or not traceparent.get():
        return _UNTOLD_SPAN
    return around(_tracer, name, attributes or {}, kind)


def tracer() -> Tracer | None:
    """Return whom this process tells its spans, if anybody."""
    return _tracer


def sane_traceparent(given: bytes) -> str:
    """Return the context that was ``given`` when it is one, else nothing."""
    return given.decode("ascii") if _FORM.fullmatch(given) else ""


@contextmanager
def around(to: Tracer, name: str, attributes: Attributes, kind: Kind) -> Iterator[Span]:
    """A span, told ``to`` a tracer, around what is done within, below the context in force."""
    before = traceparent.get()
    one = to.start(name, kind=kind, parent=before, attributes=attributes)
    traceparent.set(one.traceparent)
    error = ""
    try:
        yield one
    except Exception as failure:
        # Its text may hold what was asked.
        error = failure.code if isinstance(failure, CarrelError) else type(failure).__name__
        raise
    finally:
        # Set, not reset: a generator may be closed in another context than it was begun in.
        traceparent.set(before)
        one.end(error=error)
