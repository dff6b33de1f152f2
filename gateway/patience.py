"""How long a client may take: rules about time, without a clock.

Pure. A client that sends or takes nothing, or next to nothing, holds a connection and sometimes a service:
so many bytes must pass within so many seconds.
"""

from dataclasses import dataclass


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


LEAST_BODY = 8 * 1024
LEAST_SENT = 32 * 1024
CLOSING_S = 5.0
"""What was still to be sent to a connection that is being closed has so long."""


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
