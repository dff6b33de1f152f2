"""Stand-ins for what the chat service needs: a scripted answerer, a history in memory, a clock."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from chat_ws import words
from chat_ws.database.questions import fingerprint, title_of
from chat_ws.ports import Ending, RunRecord, Stored
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
from shared.contracts.retriever import (
    AnswerRequest,
    Citation,
    CitationSource,
    CitationStart,
    ContentDelta,
    Delta,
    MessageEnd,
    MessageStart,
    Passage,
    RunEnd,
    RunEvent,
    RunStart,
    SearchQueries,
    SearchResults,
    Turn,
)
from shared.errors import IdempotencyConflictError, NotFoundError, RunActiveError

_T = TypeVar("_T")
NOW = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)

START = RunStart(model="extractive", index_version="7")
QUERIES = SearchQueries(queries=["What is ownership?"])
PASSAGE = Passage(
    id="p1",
    document_id="d1",
    title="Ownership",
    url="https://book.test/ch04#rules",
    anchor="rules",
    heading_path=["Ownership"],
    text="Ownership is a set of rules.",
    score=1.0,
)
RESULTS = SearchResults(passages=[PASSAGE])
BEGIN = MessageStart()
SOURCE = CitationSource(document_id="d1", passage_id="p1", title="Ownership", url="", quote="a set of rules")
CITATION = CitationStart(citation=Citation(start=0, end=9, text="Ownership", sources=[SOURCE]))
DONE = MessageEnd(finish_reason="complete")
END = RunEnd(status="completed", degraded=["rerank"])
NUL_CITATION = CitationStart(citation=Citation(start=0, end=1, text="\0", sources=[]))


def delta(text: str) -> ContentDelta:
    """A part of an answer."""
    return ContentDelta(delta=Delta(text=text))


RUN: tuple[RunEvent, ...] = (
    START,
    QUERIES,
    RESULTS,
    BEGIN,
    delta("Ownership is "),
    delta("a set."),
    CITATION,
)
WHOLE: tuple[RunEvent, ...] = (*RUN, DONE, END)
"""An answer of nine frames: ``Ownership is a set.``"""


def question(content: str = "What is ownership?", **fields: object) -> MessageCreate:
    """A ``message-create`` frame under a new id."""
    return MessageCreate.model_validate({"client_message_id": uuid4(), "content": content, **fields})


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> datetime:
        """Go on by ``seconds``."""
        self.now += timedelta(seconds=seconds)
        return self.now


Step = RunEvent | Exception | asyncio.Event


class Answerer:
    """Answers the first question with the first script, and so on; the last script for ever.

    A script's event is yielded, its exception raised; an :class:`asyncio.Event` is waited for.
    """

    def __init__(self, *scripts: Sequence[Step]) -> None:
        self._scripts = deque(scripts or (WHOLE,))
        self.requests: list[AnswerRequest] = []
        self.closed = 0
        self.crowded = False
        """Whether it has too much to do."""

    async def answer(
        self, request: AnswerRequest, *, crowded: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[RunEvent]:
        self.requests.append(request)
        if self.crowded:
            crowded()
        script = self._scripts.popleft() if len(self._scripts) > 1 else self._scripts[0]
        try:
            for step in script:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.closed += 1


@dataclass
class _Row:
    visitor_id: str
    message: Message
    position: int
    fingerprint: str = ""


class MemoryHistory:
    """The history port in memory. Tests put into ``failures`` what the next calls of a method raise."""

    def __init__(self, clock: Callable[[], datetime] = Clock()) -> None:  # noqa: B008 - it stands still
        self._clock = clock
        self.conversations: dict[str, tuple[str, Conversation]] = {}
        self.messages: dict[str, _Row] = {}
        self.runs: dict[str, tuple[str, RunRecord]] = {}
        self.client_messages: dict[tuple[str, UUID], tuple[str, str]] = {}
        self.questions: dict[str, MessageCreate] = {}
        self.failures: dict[str, deque[Exception]] = {}
        self.before: dict[str, Callable[[], Awaitable[object]]] = {}
        self.endings: list[Ending] = []
        self.checkpoints: list[str] = []
        self.elsewhere: set[str] = set()
        """Runs that another replica runs."""
        self.stops: list[str] = []

    async def _enter(self, name: str) -> None:
        if (wait := self.before.get(name)) is not None:
            await wait()
        await asyncio.sleep(0)
        if failures := self.failures.get(name):
            raise failures.popleft()

    async def create_message(self, visitor_id: str, frame: MessageCreate) -> Stored:
        await self._enter("create_message")
        if (found := self._found(visitor_id, frame)) is not None:
            return found
        conversation_id = self._conversation(visitor_id, frame)
        self._refuse_second(conversation_id)
        record = RunRecord(f"run_{uuid4().hex}", conversation_id, f"msg_{uuid4().hex}", "running", None)
        asked = self._message(f"msg_{uuid4().hex}", record, "user", frame.content)
        self._keep(visitor_id, asked, fingerprint(frame))
        self.questions[asked.id] = frame
        self.client_messages[(visitor_id, frame.client_message_id)] = (asked.id, record.run_id)
        return self._begin(visitor_id, asked.id, record, added=2)

    async def regenerate(self, visitor_id: str, frame: RunRegenerate) -> tuple[Stored, MessageCreate]:
        await self._enter("regenerate")
        if (found := self._found(visitor_id, frame)) is not None:
            return found, self.questions[frame.message_id]
        row = self.messages.get(frame.message_id)
        if row is None or row.visitor_id != visitor_id or row.message.role != "user":
            raise NotFoundError("There is no such question", param="message_id")
        conversation_id = row.message.conversation_id
        self._refuse_second(conversation_id)
        record = RunRecord(f"run_{uuid4().hex}", conversation_id, f"msg_{uuid4().hex}", "running", None)
        stored = self._begin(visitor_id, frame.message_id, record, added=1)
        self.messages[record.message_id].fingerprint = fingerprint(frame)
        self.client_messages[(visitor_id, frame.client_message_id)] = (record.message_id, record.run_id)
        return stored, self.questions[frame.message_id]

    def _found(self, visitor_id: str, frame: MessageCreate | RunRegenerate) -> Stored | None:
        found = self.client_messages.get((visitor_id, frame.client_message_id))
        if found is None:
            return None
        row = self.messages[found[0]]
        if row.fingerprint != fingerprint(frame):
            raise IdempotencyConflictError(param="client_message_id")
        message_id = row.message.question_id or row.message.id
        return self._stored(message_id, self.runs[found[1]][1], duplicate=True)

    def _refuse_second(self, conversation_id: str) -> None:
        if any(
            record.status == "running" and record.conversation_id == conversation_id
            for _, record in self.runs.values()
        ):
            raise RunActiveError(retry_after_ms=1000)

    def _begin(self, visitor_id: str, asked_id: str, record: RunRecord, *, added: int) -> Stored:
        answer = self._message(record.message_id, record, "assistant", "")
        self._keep(visitor_id, answer.model_copy(update={"question_id": asked_id}))
        self.runs[record.run_id] = (visitor_id, record)
        self._touch(record.conversation_id, added)
        return self._stored(asked_id, record, duplicate=False)

    def _conversation(self, visitor_id: str, frame: MessageCreate) -> str:
        if frame.conversation_id is not None:
            owner, _ = self.conversations.get(frame.conversation_id, ("", None))
            if owner != visitor_id:
                raise NotFoundError("There is no such conversation", param="conversation_id")
            return frame.conversation_id
        now = self._clock()
        made = Conversation(
            id=f"conv_{uuid4().hex}",
            title=title_of(frame.content),
            created_at=now,
            updated_at=now,
            message_count=0,
        )
        self.conversations[made.id] = (visitor_id, made)
        return made.id

    def _touch(self, conversation_id: str, added: int) -> None:
        owner, kept = self.conversations[conversation_id]
        changed = {"message_count": kept.message_count + added, "updated_at": self._clock()}
        self.conversations[conversation_id] = (owner, kept.model_copy(update=changed))

    def _message(self, message_id: str, record: RunRecord, role: str, content: str) -> Message:
        return Message.model_validate(
            {
                "id": message_id,
                "conversation_id": record.conversation_id,
                "role": role,
                "content": content,
                "created_at": self._clock(),
                "run_id": record.run_id,
                "status": "running" if role == "assistant" else None,
            }
        )

    def _keep(self, visitor_id: str, message: Message, print_: str = "") -> None:
        # Positions are counted from 1, as in PostgreSQL.
        self.messages[message.id] = _Row(visitor_id, message, len(self.messages) + 1, print_)

    def _stored(self, message_id: str, record: RunRecord, *, duplicate: bool) -> Stored:
        rows = [
            row
            for row in self.messages.values()
            if row.message.conversation_id == record.conversation_id
            and row.message.content
            and row.message.status != "running"
            and row.position <= self.messages[message_id].position
        ]
        # Of several answers to one question the last, in the place of the first.
        answers = {row.message.question_id: row for row in rows if row.message.question_id}
        last = [row for row in rows if answers.get(row.message.question_id or "", row) is row]
        places = {row.message.id: row.position for row in last}
        last.sort(key=lambda row: (places.get(row.message.question_id or "", row.position), row.position))
        turns = [Turn(role=row.message.role, content=row.message.content) for row in last]
        return Stored(
            record.conversation_id,
            message_id,
            record.run_id,
            record.message_id,
            record.status,
            duplicate,
            record.run_id not in self.elsewhere,
            tuple(turns[-11:]),
        )

    async def checkpoint(self, message_id: str, content: str, citations: Sequence[Citation]) -> None:
        await self._enter("checkpoint")
        self.checkpoints.append(content)
        row = self.messages[message_id]
        if row.message.status == "running":
            row.message = row.message.model_copy(update={"content": content, "citations": list(citations)})

    async def end_run(self, ending: Ending) -> RunStatus | None:
        await self._enter("end_run")
        if ending.run_id not in self.runs:
            self.endings.append(ending)
            return None
        if (status := self.runs[ending.run_id][1].status) != "running":
            return status
        self.endings.append(ending)
        row = self.messages[ending.message_id]
        row.message = row.message.model_copy(
            update={
                "content": ending.content,
                "citations": list(ending.citations),
                "status": ending.status,
                "finish_reason": ending.finish_reason,
                "degraded": list(ending.degraded),
            }
        )
        visitor_id, record = self.runs[ending.run_id]
        ended = replace(
            record, status=ending.status, last_sequence=ending.last_sequence, ended_at=self._clock()
        )
        self.runs[ending.run_id] = (visitor_id, ended)
        return ending.status

    async def request_stop(self, visitor_id: str, run_id: str) -> None:
        await self._enter("request_stop")
        if await self.find_run(visitor_id, run_id) is not None:
            self.stops.append(run_id)

    async def end_orphans(self) -> int:
        """End every run that is running, as a replica that found the others gone would."""
        orphans = [run_id for run_id, (_, record) in self.runs.items() if record.status == "running"]
        for run_id in orphans:
            visitor_id, record = self.runs[run_id]
            self.runs[run_id] = (visitor_id, replace(record, status="incomplete"))
            row = self.messages[record.message_id]
            row.message = row.message.model_copy(update={"status": "incomplete"})
        return len(orphans)

    async def find_run(self, visitor_id: str, run_id: str) -> RunRecord | None:
        await self._enter("find_run")
        owner, record = self.runs.get(run_id, ("", None))
        return record if owner == visitor_id else None

    async def list_conversations(
        self, visitor_id: str, *, limit: int, before: int | None, terms: Sequence[str] | None = None
    ) -> tuple[list[Conversation], int | None]:
        mine = [
            (position, conversation)
            for position, (owner, conversation) in enumerate(self.conversations.values())
            if owner == visitor_id and (before is None or position < before)
            if terms is None or self._holds(conversation, terms)
        ]
        return _page(mine[::-1], limit)

    def _holds(self, conversation: Conversation, terms: Sequence[str]) -> bool:
        texts = [conversation.title] + [
            row.message.content
            for row in self.messages.values()
            if row.message.conversation_id == conversation.id and row.message.status != "running"
        ]
        cut = [f" {' '.join(words.cut(text))}".lower() for text in texts]
        return bool(terms) and any(all(f" {term}".lower() in text for term in terms) for text in cut)

    async def get_conversation(self, visitor_id: str, conversation_id: str) -> Conversation:
        owner, conversation = self.conversations.get(conversation_id, ("", None))
        if conversation is None or owner != visitor_id:
            raise NotFoundError("There is no such conversation")
        return conversation

    async def rename_conversation(self, visitor_id: str, conversation_id: str, title: str) -> Conversation:
        renamed = (await self.get_conversation(visitor_id, conversation_id)).model_copy(
            update={"title": title}
        )
        self.conversations[conversation_id] = (visitor_id, renamed)
        return renamed

    async def delete_conversation(self, visitor_id: str, conversation_id: str) -> list[str]:
        await self.get_conversation(visitor_id, conversation_id)
        return self._remove({conversation_id})

    async def erase_visitor(self, visitor_id: str) -> list[str]:
        return self._remove({id_ for id_, (owner, _) in self.conversations.items() if owner == visitor_id})

    def _remove(self, gone: set[str]) -> list[str]:
        runs = [id_ for id_, (_, record) in self.runs.items() if record.conversation_id in gone]
        self.conversations = {id_: kept for id_, kept in self.conversations.items() if id_ not in gone}
        self.messages = {
            id_: row for id_, row in self.messages.items() if row.message.conversation_id not in gone
        }
        self.runs = {id_: run for id_, run in self.runs.items() if run[1].conversation_id not in gone}
        self.client_messages = {
            key: found for key, found in self.client_messages.items() if found[0] in self.messages
        }
        return runs

    async def list_messages(
        self, visitor_id: str, conversation_id: str, *, limit: int, before: int | None
    ) -> tuple[list[Message], int | None]:
        await self.get_conversation(visitor_id, conversation_id)
        mine = [
            (row.position, row.message)
            for row in self.messages.values()
            if row.message.conversation_id == conversation_id and (before is None or row.position < before)
        ]
        items, following = _page(mine[::-1], limit)
        return items[::-1], following

    async def get_message(self, visitor_id: str, conversation_id: str, message_id: str) -> Message:
        row = self.messages.get(message_id)
        if row is None or row.visitor_id != visitor_id or row.message.conversation_id != conversation_id:
            raise NotFoundError("There is no such message")
        return row.message

    async def read_messages(
        self, visitor_id: str, conversation_id: str, *, limit: int, after: int
    ) -> tuple[list[ExportedMessage], int | None]:
        await self._enter("read_messages")
        asked = {message_id: key[1] for key, (message_id, _) in self.client_messages.items()}
        mine = [
            (
                row.position,
                ExportedMessage.model_validate(
                    dict(row.message)
                    | {"client_message_id": asked.get(row.message.id)}
                    | self._asked_with(row.message.id)
                ),
            )
            for row in self.messages.values()
            if (row.visitor_id, row.message.conversation_id) == (visitor_id, conversation_id)
            and row.position > after
        ]
        return _page(mine, limit)

    def _asked_with(self, message_id: str) -> dict[str, object]:
        frame = self.questions.get(message_id)
        return {} if frame is None else {"filters": frame.filters, "context": frame.context}

    async def rate_message(self, visitor_id: str, message_id: str, given: FeedbackGiven) -> Feedback:
        row = self.messages.get(message_id)
        if row is None or row.visitor_id != visitor_id or row.message.role != "assistant":
            raise NotFoundError("There is no such answer")
        kept = row.message.feedback
        if kept is None or (kept.rating, kept.comment) != (given.rating, given.comment):
            kept = Feedback(rating=given.rating, comment=given.comment, updated_at=self._clock())
        row.message = row.message.model_copy(update={"feedback": kept})
        return kept

    async def ping(self) -> None:
        await self._enter("ping")


def _page(newest_first: list[tuple[int, _T]], limit: int) -> tuple[list[_T], int | None]:
    items = [item for _, item in newest_first[:limit]]
    return items, newest_first[limit - 1][0] if len(newest_first) > limit else None
