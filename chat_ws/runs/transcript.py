"""One run, as it is told: numbers its frames, keeps what the answer holds, ends it exactly once.

Pure: events in, frames out; ids and times are data. The order of a run's frames:

    run-queued*, run-start, search-queries, search-results, message-start,
    (content-delta | citation-start)*, message-end, run-end

``run-end`` comes last and once, whatever happened; a message that was begun is ended before it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.contracts.retriever import (
    Citation,
    CitationStart,
    ContentDelta,
    MessageEnd,
    MessageStart,
    RunEnd,
    RunError,
    RunEvent,
)
from shared.contracts.wire import timestamp
from shared.errors import CarrelError

Status = Literal["completed", "cancelled", "failed", "incomplete"]
Frame = dict[str, Any]


@dataclass
class Transcript:
    """The frames of one run, and the answer they make."""

    conversation_id: str
    run_id: str
    message_id: str
    """The assistant message."""
    content: str = ""
    citations: list[Citation] = field(default_factory=list)
    finish_reason: str | None = None
    degraded: list[str] = field(default_factory=list)
    sequence_number: int = 0
    status: Status | None = None
    error: RunError | None = None
    _cached: bool = False
    _open: bool = False

    def tell(self, event: RunEvent, *, now: datetime) -> Frame | None:
        """Take an event of the answerer and return its frame; ``run-end`` waits for :meth:`end`."""
        match event:
            case MessageStart():
                self._open = True
            case ContentDelta():
                self.content += event.delta.text
            case CitationStart():
                self.citations.append(event.citation)
            case MessageEnd():
                self.finish_reason, self._open = event.finish_reason, False
            case RunEnd():
                self.status, self.error = event.status, event.error
                self.degraded, self._cached = list(event.degraded), event.cached
                return None
            case _:
                pass
        return self._frame(event.model_dump(mode="json", exclude_none=True), now)

    def queue(self, position: int, *, now: datetime) -> Frame:
        """Return the frame that tells the run's place among those that wait: 1 is the next."""
        return self._frame({"type": "run-queued", "position": position}, now)

    def stop(self, status: Status, *, error: CarrelError | None = None) -> None:
        """End the run from outside: it was cancelled, it failed, or its process must go.

        Does nothing when the run has a status already: the first end is the end.
        """
        if self.status is not None:
            return
        self.status = status
        if status == "cancelled":
            self.finish_reason = self.finish_reason or "cancelled"
        if error is not None:
            self.error = _told(error)

    def stored(self, status: str | None) -> None:
        """Take note of how the run is stored to have ended; another replica may have ended it before us."""
        if status == "incomplete" != self.status:
            self.status, self.error = "incomplete", None

    def lose(self, error: CarrelError) -> None:
        """Give up an answer that cannot be kept: what is not stored is not said to be complete."""
        self.content, self.citations = "", []
        self.status, self.error = "failed", _told(error)

    def close(self, *, now: datetime) -> list[Frame]:
        """Return the ``message-end`` that is still owed, if any."""
        if not self._open:
            return []
        self._open = False
        self.finish_reason = self.finish_reason or "error"
        owed = MessageEnd.model_validate({"finish_reason": self.finish_reason})
        return [self._frame(owed.model_dump(mode="json"), now)]

    def end(self, *, now: datetime) -> Frame:
        """Return the last frame, ``run-end``."""
        end = RunEnd(
            status=self.status or "incomplete",
            degraded=self.degraded,
            cached=self._cached,
            error=self.error,
        )
        return self._frame(end.model_dump(mode="json", exclude_none=True), now)

    def _frame(self, body: dict[str, Any], now: datetime) -> Frame:
        self.sequence_number += 1
        return {
            "type": body.pop("type"),
            "conversation_id": self.conversation_id,
            "run_id": self.run_id,
            "message_id": self.message_id,
            "sequence_number": self.sequence_number,
            "created_at": timestamp(now),
            **body,
        }


def _told(error: CarrelError) -> RunError:
    return RunError(code=error.code, message=error.detail, retryable=error.retryable)
