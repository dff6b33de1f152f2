"""The client's side of the chat protocol: one question at a time, whatever happens to the connection.

Pure: frames in, things to do out; ids are data. Owns what is sent again after a connection was lost: the
question until it is acknowledged, then a resume from the last frame that was seen.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from cli.transcript import Transcript
from shared.contracts.retriever import RunEnd, parse_event

Frame = dict[str, Any]


@dataclass(frozen=True)
class Show:
    """A part of the answer."""

    text: str


@dataclass(frozen=True)
class Tell:
    """Something about the answer, on a line of its own."""

    text: str


@dataclass(frozen=True)
class Fetch:
    """A part of the answer was missed: read the message over HTTP and give it to :meth:`Dialogue.fetched`."""

    conversation_id: str
    message_id: str


@dataclass(frozen=True)
class Again:
    """Send what :meth:`Dialogue.owed` says, after so many milliseconds."""

    after_ms: int


@dataclass(frozen=True)
class Over:
    """The answer has ended; ``failed`` says why, where it is no answer."""

    failed: str = ""


Step = Show | Tell | Fetch | Again | Over


@dataclass
class Dialogue:
    """A conversation, and the question that is being answered in it."""

    conversation_id: str | None = None
    transcript: Transcript = field(default_factory=Transcript)
    _frame: Frame = field(default_factory=dict)
    """What asks; its client_message_id makes sending it twice harmless."""
    _question_id: str = ""
    _run_id: str = ""
    _last: int = 0
    _spare_id: str = ""
    """For the second run, where the first one breaks off; empty once it is used."""

    def ask(self, content: str, *, client_message_id: str, spare_id: str) -> Frame:
        """Begin a question and return what asks it."""
        self._begin({"type": "message-create", "client_message_id": client_message_id, "content": content})
        if self.conversation_id is not None:
            self._frame["conversation_id"] = self.conversation_id
        self._spare_id = spare_id
        return self._frame

    def owed(self) -> Frame:
        """Return what a new connection is sent first: the question, or the wish to go on."""
        if self._run_id:
            return {"type": "run-resume", "run_id": self._run_id, "starting_after": self._last}
        return self._frame

    def cancel(self) -> Frame | None:
        """Return what stops the answer; None while it is not known to be under way."""
        return {"type": "run-cancel", "run_id": self._run_id} if self._run_id else None

    def take(self, text: str) -> list[Step]:
        """Take a frame as it came and return what is to be done."""
        frame: Frame = json.loads(text)
        if frame["type"] == "message-ack":
            return self._acknowledged(frame)
        if frame["type"] == "error":
            return self._error(frame)
        if frame.get("run_id") != self._run_id or not self._run_id:
            return []
        if frame["type"] == "resume-gap":
            return [Fetch(frame["conversation_id"], frame["message_id"])]
        number = frame.get("sequence_number", 0)
        if number <= self._last:
            return []
        self._last = number
        event = parse_event(text, type=frame["type"])
        if event is None:
            return []
        shown = self.transcript.take(event)
        return self._ended() if isinstance(event, RunEnd) else [Show(shown)] if shown else []

    def fetched(self, content: str) -> list[Step]:
        """Take the whole of what is stored of the answer; what of it was not shown is to be shown."""
        before, self.transcript.answer = self.transcript.answer, content
        if content.startswith(before):
            return [Show(content[len(before) :])] if content != before else []
        return [Tell("the answer, whole:"), Show(content)]

    def _begin(self, frame: Frame) -> None:
        self._frame, self.transcript = frame, Transcript()
        self._run_id, self._last = "", 0

    def _acknowledged(self, frame: Frame) -> list[Step]:
        if frame["client_message_id"] != self._frame["client_message_id"]:
            return []
        self.conversation_id, self._question_id = frame["conversation_id"], frame["message_id"]
        self._run_id = frame["run_id"]
        # The server tells a resent question's run only to who asks to go on with it.
        return [Again(0)] if frame["duplicate"] else []

    def _error(self, frame: Frame) -> list[Step]:
        ours = self._frame["client_message_id"]
        if frame.get("client_message_id", ours) != ours:
            return []
        if frame["retryable"]:
            return [Again(max(frame.get("retry_after_ms", 0), 250))]
        return [Over(frame["message"])]

    def _ended(self) -> list[Step]:
        end = self.transcript.end
        if end.status == "incomplete" and self._spare_id:
            again = {"type": "run-regenerate", "message_id": self._question_id}
            self._begin({**again, "client_message_id": self._spare_id})
            self._spare_id = ""
            return [Tell("the answer broke off: it is asked for once more"), Again(0)]
        if end.status == "cancelled":
            return [Over()]
        if end.status != "completed":
            return [Over(end.error.message if end.error else f"the answer is {end.status}")]
        return [Over()]
