"""What became of the answers that were given, counted from their events, and a line of the log each. Pure."""

import logging
from collections import Counter
from collections.abc import Iterable

from shared.contracts.retriever import MessageEnd, RunEnd, RunEvent
from shared.errors import CarrelError, InvalidRequestError

_log = logging.getLogger(__name__)


class Outcomes:
    """The answers so far, by finish reason and by what they lacked."""

    def __init__(self) -> None:
        self.finished: Counter[tuple[str]] = Counter()
        """By finish reason; ``error`` is one that could not begin, or broke off."""
        self.degraded: Counter[tuple[str]] = Counter()
        self.cached = 0

    def note(self, events: Iterable[RunEvent]) -> None:
        """Count what ``events`` say of their answer."""
        for event in events:
            match event:
                case MessageEnd(finish_reason=reason):
                    self.finished[reason,] += 1
                    _log.info("an answer ended", extra={"fields": {"finish_reason": reason}})
                case RunEnd(degraded=degraded, cached=cached):
                    self.degraded.update((lacking,) for lacking in degraded)
                    self.cached += cached
                case _:
                    pass

    def failed(self, error: CarrelError) -> None:
        """Count an answer that ended in ``error``; what was never a question is none."""
        if not isinstance(error, InvalidRequestError):
            self.finished["error",] += 1
