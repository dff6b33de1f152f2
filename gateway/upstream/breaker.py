"""Whether a service is asked at all. Pure: the clock is given.

Opens when the watch (``gateway.own.health``) got no answer twice in a row, or requests in a row got none;
closes as soon as the watch has an answer, whatever it says: a process that answers is alive. A request that
takes long is no failure. On the hot path it is one attribute: ``if breaker.open: raise breaker.refusal()``.
"""

from collections.abc import Callable

from shared.errors import UpstreamUnavailableError

FAILURES = 3
"""So many requests in a row that could not connect, or got no answer in time."""
UNANSWERED = 2
"""So many questions of the watch in a row."""
RETRY_AFTER_MS = 1_000


class Breaker:
    """The breaker of ``service``; ``clock`` gives seconds that never go back.

    Behind a space stands which replica of a service it is: for the log and the owner, not for clients.
    """

    __slots__ = ("_clock", "_failures", "_since", "_unanswered", "changed", "open", "reason", "service")

    def __init__(self, service: str, *, clock: Callable[[], float]) -> None:
        self.service = service
        self.open = False
        """Whether requests are refused at once."""
        self.reason = ""
        """Why it is open, or was the last time."""
        self.changed: Callable[[], None] = lambda: None
        """Called after it opened and after it closed."""
        self._clock = clock
        self._failures = self._unanswered = 0
        self._since = 0.0

    @property
    def doubtful(self) -> bool:
        """Whether the watch's last question got no answer and one more would open it."""
        return bool(self._unanswered) and not self.open

    @property
    def open_s(self) -> float:
        """How long it has been open; after it closed, how long since it had opened."""
        return self._clock() - self._since

    def refusal(self) -> UpstreamUnavailableError:
        """Return what a request is told while it is open."""
        name, _, _ = self.service.partition(" ")
        detail = f"The service {name} does not answer at the moment"
        return UpstreamUnavailableError(detail, retry_after_ms=RETRY_AFTER_MS)

    def failed(self) -> None:
        """A request could not connect, or was not answered in time."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._turn_open("requests got no answer")

    def succeeded(self) -> None:
        """A request got an answer."""
        self._failures = 0

    def unanswered(self, reason: str) -> None:
        """The watch asked and got no answer, because of ``reason``."""
        self._unanswered += 1
        if self._unanswered >= UNANSWERED:
            self._turn_open(reason)

    def answered(self) -> None:
        """The watch asked and got an answer."""
        self._failures = self._unanswered = 0
        if self.open:
            self.open = False
            self.changed()

    def _turn_open(self, reason: str) -> None:
        if not self.open:
            self.open, self.reason, self._since = True, reason, self._clock()
            self.changed()
