"""How long a client may take: rules about time, without a clock.

Pure. A client that sends or takes nothing, or next to nothing, holds a connection and sometimes a service:
so many bytes must pass within so many seconds.
"""

from dataclasses import dataclass
from enum import Enum, auto

LEAST_BODY = 8 * 1024
LEAST_SENT = 32 * 1024
CLOSING_S = 5.0
"""What was still to be sent, or read, on a connection that is being closed has so long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds, from one moment to another."""

    head: float
    """From the first byte of a request's head to its last; on a new connection, from its beginning."""
    idle: float
    """From an answer's end to the next request's first byte."""
    body: float
    """While a body comes: ``LEAST_BODY`` bytes must come within it."""
    send: float
    """While the client is slower than the service: it must take ``LEAST_SENT`` bytes within it."""
    total: float
    """From a request's head to its answer's end."""
    first_byte: float
    """From a request's end to its service's first byte."""
    silence: float
    """Of a service in the middle of its answer."""


class Due(Enum):
    """What time has made of a connection."""

    NOTHING = auto()
    HEAD = auto()
    """A request's head did not come in time."""
    BODY = auto()
    """A request's body does not come."""
    CLOSE = auto()
    """Nobody says anything."""
    ABORT = auto()
    """Nobody takes what is sent, or it has lasted too long."""


class Waits:
    """What one connection is waiting for, and since when."""

    __slots__ = ("_answering", "_began", "_body", "_closing", "_head", "_new", "_patience", "_sent", "_since")

    def __init__(self, patience: Patience, *, now: float) -> None:
        self._patience = patience
        self._since = self._began = now
        self._head: float | None = None
        self._closing: float | None = None
        self._new, self._answering = True, False
        self._body = Progress(least=LEAST_BODY, seconds=patience.body)
        self._sent = Progress(least=LEAST_SENT, seconds=patience.send)

    def head_begins(self, now: float) -> None:
        """Bytes of a request's head have come."""
        if self._head is None:
            self._head = now

    def head_ends(self, now: float) -> None:
        """A request's head is whole; what follows is its body, and its answer."""
        self._head = None
        self._new = False
        if not self._answering:
            self._answering, self._began = True, now

    def body_begins(self) -> None:
        """A body may be waited for."""
        self._body.reset()

    def answered(self, now: float, *, more: bool) -> None:
        """An answer is out; with ``more`` the next request waits for its own already."""
        self._answering, self._since = more, now
        self._began = now
        if self._head is not None:
            self._head = now  # it had to wait for the answer before it

    def taken(self) -> None:
        """The client has taken what there was."""
        self._sent.reset()

    def closes(self, now: float) -> None:
        """The connection is being closed."""
        if self._closing is None:
            self._closing = now

    def due(self, now: float, *, received: int | None, unsent: int | None) -> Due:
        """Look at the connection.

        ``received`` is how many bytes of a body have come, while more is waited for; ``unsent`` is how many
        of the answer the client has not taken, while it is slower than they come. Else they are ``None``.
        """
        patience = self._patience
        if self._closing is not None:
            return Due.ABORT if now - self._closing > CLOSING_S else Due.NOTHING
        if unsent is not None:
            return Due.ABORT if self._sent.stalled(-unsent, now=now) else Due.NOTHING
        if self._answering and now - self._began > patience.total:
            return Due.ABORT
        if received is not None:
            return Due.BODY if self._body.stalled(received, now=now) else Due.NOTHING
        self._body.reset()
        if self._answering:
            return Due.NOTHING
        if self._head is not None:
            return Due.HEAD if now - self._head > patience.head else Due.NOTHING
        return (
            Due.CLOSE if now - self._since > (patience.head if self._new else patience.idle) else Due.NOTHING
        )


class Progress:
    """Whether enough passes: ``least`` bytes within ``seconds``, from the first look on."""

    __slots__ = ("_done", "_least", "_seconds", "_since")

    def __init__(self, *, least: int, seconds: float) -> None:
        self._least, self._seconds = least, seconds
        self._since: float | None = None
        self._done = 0

    def stalled(self, done: int, *, now: float) -> bool:
        """Look: ``done`` bytes have passed in all. Return whether too little did."""
        if self._since is None or done - self._done >= self._least or done < self._done:
            self._since, self._done = now, done
            return False
        return now - self._since > self._seconds

    def reset(self) -> None:
        """Begin anew at the next look."""
        self._since = None
