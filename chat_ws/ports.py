"""What the chat service's domain needs of the world, each with an adapter and a fake."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chat_ws.run_logs.log import Frame, Gap, RunLog
from shared.contracts.chat_ws import (
    Conversation,
    ExportedMessage,
    Feedback,
    FeedbackGiven,
    Message,
    MessageCreate,
    RunRegenerate,
    RunStatus,
)
from shared.contracts.retriever import AnswerRequest, Citation, RunEvent, Turn
from shared.contracts.wire import Check
from shared.errors import OverloadedError

LEASE_S = 10.0
"""A replica that was not heard of for so long is gone, wherever it was."""

Clock = Callable[[], datetime]
"""Gives the present, aware and in UTC."""


class BusyError(OverloadedError):
    """So many wait for the store that one more has to come again; it may well answer."""


@dataclass(frozen=True)
class Stored:
    """A user message that is committed, and the run that answers it."""

    conversation_id: str
    message_id: str
    run_id: str
    answer_id: str
    """The assistant message's id."""
    status: RunStatus
    duplicate: bool
    ours: bool
    """Whether this replica is the one that runs it."""
    history: tuple[Turn, ...]
    """The latest turns before the question, oldest first, and the question last."""


@dataclass(frozen=True)
class RunRecord:
    """A run as it is stored."""

    run_id: str
    conversation_id: str
    message_id: str
    status: RunStatus
    last_sequence: int | None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class RunState:
    """What a replica is told of a run of its own."""

    run_id: str
    status: RunStatus
    stop_requested: bool


@dataclass(frozen=True)
class Ending:
    """How an answer stays."""

    run_id: str
    message_id: str
    content: str
    citations: Sequence[Citation]
    status: RunStatus
    finish_reason: str | None
    degraded: Sequence[str]
    last_sequence: int
    error: dict[str, Any] | None


class Answerer(Protocol):
    """Answers from the documents; the retriever's client."""

    def answer(self, request: AnswerRequest, *, crowded: Callable[[], None]) -> AsyncIterator[RunEvent]:
        """Yield the events of one answer; the last is ``run-end``; raises CarrelError.

        ``crowded`` is called when less should be asked for at once.
        """
        ...


class Grouper(Protocol):
    """Puts texts together that say alike; the retriever's client."""

    async def groups(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the groups as positions in ``texts``, the largest first; raises CarrelError."""
        ...


class History(Protocol):
    """Where conversations, messages and runs are kept. While it is away, methods raise ``overloaded``."""

    async def create_message(self, visitor_id: str, frame: MessageCreate) -> Stored:
        """Commit a question and the place of its answer, or find the earlier one of the same id.

        Raises ``not_found`` (no such conversation of this visitor), ``idempotency_conflict`` and
        ``run_active``.
        """
        ...

    async def regenerate(self, visitor_id: str, frame: RunRegenerate) -> tuple[Stored, MessageCreate]:
        """Commit the place of another answer to a question, or find the earlier one of the same id.

        Returned with the question as it was asked; its history ends with it. Raises ``not_found`` (no such
        question of this visitor), ``idempotency_conflict`` and ``run_active``.
        """
        ...

    async def checkpoint(self, message_id: str, content: str, citations: Sequence[Citation]) -> None:
        """Keep what an answer holds so far."""
        ...

    async def end_run(self, ending: Ending) -> RunStatus | None:
        """Commit an answer as it stays, and its run's end; return how the run is stored to have ended.

        That is another status where somebody else ended the run before: nothing is changed then. None where
        the run is there no more.
        """
        ...

    async def request_stop(self, visitor_id: str, run_id: str) -> None:
        """Ask for a visitor's run to be stopped by the replica that runs it; an ended run stays as it is."""
        ...

    async def find_run(self, visitor_id: str, run_id: str) -> RunRecord | None:
        """Return a visitor's run, or None."""
        ...

    async def list_conversations(
        self, visitor_id: str, *, limit: int, before: int | None, terms: Sequence[str] | None = None
    ) -> tuple[list[Conversation], int | None]:
        """Return a page, newest first, and the position the next begins before.

        With ``terms`` only conversations that hold all of them in the title or in one message, each at the
        beginning of a word and in any case; nothing holds no terms. An answer is found once it has ended.
        """
        ...

    async def get_conversation(self, visitor_id: str, conversation_id: str) -> Conversation:
        """Return a visitor's conversation; raises ``not_found``."""
        ...

    async def rename_conversation(self, visitor_id: str, conversation_id: str, title: str) -> Conversation:
        """Give a visitor's conversation a title and return it; raises ``not_found``."""
        ...

    async def delete_conversation(self, visitor_id: str, conversation_id: str) -> list[str]:
        """Delete a visitor's conversation with all in it, and return its runs; raises ``not_found``."""
        ...

    async def erase_visitor(self, visitor_id: str) -> list[str]:
        """Delete all that is held on a visitor, and return the runs."""
        ...

    async def list_messages(
        self, visitor_id: str, conversation_id: str, *, limit: int, before: int | None
    ) -> tuple[list[Message], int | None]:
        """Return the latest messages before a position, oldest first; raises ``not_found``."""
        ...

    async def get_message(self, visitor_id: str, conversation_id: str, message_id: str) -> Message:
        """Return one message; raises ``not_found``."""
        ...

    async def read_messages(
        self, visitor_id: str, conversation_id: str, *, limit: int, after: int
    ) -> tuple[list[ExportedMessage], int | None]:
        """Return the earliest messages after a position, oldest first, and the position the next come after.

        None of a conversation that is not there or another's.
        """
        ...

    async def rate_message(self, visitor_id: str, message_id: str, given: FeedbackGiven) -> Feedback:
        """Keep what a visitor thinks of an answer of theirs, in the place of what they thought.

        Raises ``not_found`` for what is no assistant message of this visitor.
        """
        ...

    async def ping(self) -> None:
        """Raise unless the store answers."""
        ...


class Replicas(Protocol):
    """How the replicas know of each other. While the store is away, methods raise ``overloaded``."""

    async def beat(self, run_ids: Sequence[str]) -> list[RunState]:
        """Say that this replica lives; return how ``run_ids`` stand, and what else is stored as running here.

        A run of ``run_ids`` that is not among them was deleted.
        """
        ...

    async def end_orphans(self, *, overdue: bool) -> int:
        """End the runs of replicas that are gone as incomplete, keeping what was said; return how many.

        Gone is who said so, and whose process has ended on this machine; with ``overdue`` also who was not
        heard of for the lease. Does nothing while another replica does it.
        """
        ...

    async def end_strays(self, run_ids: Sequence[str]) -> None:
        """End runs that are stored as running here, and do not, as incomplete."""
        ...

    async def leave(self) -> None:
        """Say that this replica is gone."""
        ...


class RunLogs(Protocol):
    """Where the frames of runs are kept for those who follow them. Writing never waits and never fails."""

    shared: bool
    """Whether runs of other replicas can be read here."""

    def start(self, *, hurried: Callable[[], None]) -> None:
        """Begin to keep them; ``hurried`` is called when another replica asks for hurry."""
        ...

    def open(self, run_id: str) -> RunLog:
        """Begin the log of a run that runs here."""
        ...

    def forget(self, run_id: str) -> None:
        """Keep a log of our own no longer in this process: its time is over."""
        ...

    async def discard(self, run_ids: Sequence[str]) -> None:
        """Keep the frames of these runs nowhere: they were deleted. Does what it can, and raises nothing."""
        ...

    def read(self, run_id: str, *, after: int, live: bool = True) -> AsyncGenerator[Frame | Gap]:
        """Yield a run's frames after number ``after``, wherever it runs, then those to come to ``run-end``.

        Without ``live`` only those that are there. A run of which nothing is kept has no frames. Raises
        ``upstream_unavailable`` where the frames cannot be had now; not any more once some were.
        """
        ...

    async def hurry(self) -> None:
        """Let the other replicas look at once what is asked of them; they would soon by themselves."""
        ...

    @property
    def bytes(self) -> int:
        """About how much memory the frames take here."""
        ...

    def check(self) -> Check:
        """Return how the place is where they are kept."""
        ...

    async def close(self) -> None:
        """Write what is not yet written, within a bounded time, and let go of everything."""
        ...
