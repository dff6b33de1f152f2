"""What the chat service's domain needs of the world, each with an adapter and a fake."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

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

Clock = Callable[[], datetime]
"""Gives the present, aware and in UTC."""


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

    def answer(self, request: AnswerRequest) -> AsyncIterator[RunEvent]:
        """Yield the events of one answer; the last is ``run-end``; raises CarrelError."""
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

    async def end_run(self, ending: Ending) -> None:
        """Commit an answer as it stays, and its run's end."""
        ...

    async def end_orphans(self) -> int:
        """End every run found running as incomplete; return how many there were."""
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

    async def delete_conversation(self, visitor_id: str, conversation_id: str) -> None:
        """Delete a visitor's conversation with all in it; raises ``not_found``."""
        ...

    async def erase_visitor(self, visitor_id: str) -> None:
        """Delete all that is held on a visitor."""
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
