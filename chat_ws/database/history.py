"""Conversations, messages and runs in PostgreSQL: what is stored, and in which transaction.

One commit for a question with the place of its answer (:mod:`chat_ws.database.questions`), one for a
finished answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chat_ws import words
from chat_ws.database.postgres import Database, json
from chat_ws.database.queries import load
from chat_ws.database.questions import Questions
from chat_ws.ports import Clock, Ending, RunRecord, Stored
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
from shared.contracts.retriever import Citation
from shared.errors import NotFoundError

_LAST_POSITION = 2**62


class PostgresHistory:
    """The :class:`chat_ws.ports.History` over one database. ``new_id`` makes an id from its prefix.

    What is asked here is answered by ``replica_id``.
    """

    def __init__(
        self, database: Database, *, clock: Clock, new_id: Callable[[str], str], replica_id: str
    ) -> None:
        self._database, self._clock = database, clock
        self._questions = Questions(database, clock=clock, new_id=new_id, replica_id=replica_id)
        self._sql = load()

    async def create_message(self, visitor_id: str, frame: MessageCreate) -> Stored:
        return await self._questions.create(visitor_id, frame)

    async def regenerate(self, visitor_id: str, frame: RunRegenerate) -> tuple[Stored, MessageCreate]:
        return await self._questions.regenerate(visitor_id, frame)

    async def checkpoint(self, message_id: str, content: str, citations: Sequence[Citation]) -> None:
        values = {"message_id": message_id, "content": content, "citations": _citations(citations)}
        await self._database.rows(self._sql["checkpoint_message"], values)

    async def end_run(self, ending: Ending) -> RunStatus | None:
        values = {
            "run_id": ending.run_id,
            "message_id": ending.message_id,
            "content": ending.content,
            "citations": _citations(ending.citations),
            "status": ending.status,
            "finish_reason": ending.finish_reason,
            "degraded": json(list(ending.degraded)),
            "last_sequence": ending.last_sequence,
            "error": json(ending.error) if ending.error else None,
            "now": self._clock(),
        }
        # The second statement sees what was committed while the first waited. The run's first attempt may
        # have been committed, too: then it stands as asked, and is found so.
        rows = await self._database.rows(self._sql["end_run"] + self._sql["run_status"], values)
        return rows[0]["status"] if rows else None

    async def request_stop(self, visitor_id: str, run_id: str) -> None:
        await self._all("request_stop", visitor_id=visitor_id, run_id=run_id)

    async def find_run(self, visitor_id: str, run_id: str) -> RunRecord | None:
        row = await self._one("find_run", visitor_id=visitor_id, run_id=run_id)
        if row is None:
            return None
        return RunRecord(
            row["id"],
            row["conversation_id"],
            row["message_id"],
            row["status"],
            row["last_sequence"],
            row["ended_at"],
        )

    async def list_conversations(
        self, visitor_id: str, *, limit: int, before: int | None, terms: Sequence[str] | None = None
    ) -> tuple[list[Conversation], int | None]:
        values = {"visitor_id": visitor_id}
        query = "list_conversations"
        if terms is not None:
            query = "search_conversations"
            values |= {"terms": words.tsquery(terms), "owner": words.lexeme(f"@{visitor_id}")}
        rows = await self._page(query, limit=limit, before=before, **values)
        items = [Conversation.model_validate(row) for row in rows[:limit]]
        return items, _next(rows, limit)

    async def get_conversation(self, visitor_id: str, conversation_id: str) -> Conversation:
        row = await self._one("get_conversation", visitor_id=visitor_id, conversation_id=conversation_id)
        if row is None:
            raise NotFoundError("There is no such conversation")
        return Conversation.model_validate(row)

    async def rename_conversation(self, visitor_id: str, conversation_id: str, title: str) -> Conversation:
        values = {"visitor_id": visitor_id, "conversation_id": conversation_id, "title": title}
        row = await self._one("rename_conversation", **values)
        if row is None:
            raise NotFoundError("There is no such conversation")
        return Conversation.model_validate(row)

    async def delete_conversation(self, visitor_id: str, conversation_id: str) -> list[str]:
        values = {"visitor_id": visitor_id, "conversation_id": conversation_id}
        rows = await self._all("delete_conversation", **values)
        if not rows:
            raise NotFoundError("There is no such conversation")
        return _run_ids(rows)

    async def erase_visitor(self, visitor_id: str) -> list[str]:
        return _run_ids(await self._all("erase_visitor", visitor_id=visitor_id))

    async def list_messages(
        self, visitor_id: str, conversation_id: str, *, limit: int, before: int | None
    ) -> tuple[list[Message], int | None]:
        await self.get_conversation(visitor_id, conversation_id)
        rows = await self._page("list_messages", limit=limit, before=before, conversation_id=conversation_id)
        items = [_message(row) for row in reversed(rows[:limit])]
        return items, _next(rows, limit)

    async def get_message(self, visitor_id: str, conversation_id: str, message_id: str) -> Message:
        row = await self._one(
            "get_message", visitor_id=visitor_id, conversation_id=conversation_id, message_id=message_id
        )
        if row is None:
            raise NotFoundError("There is no such message")
        return _message(row)

    async def read_messages(
        self, visitor_id: str, conversation_id: str, *, limit: int, after: int
    ) -> tuple[list[ExportedMessage], int | None]:
        values = {"visitor_id": visitor_id, "conversation_id": conversation_id, "after": after}
        rows = await self._page("read_messages", limit=limit, before=None, **values)
        items = [ExportedMessage.model_validate(_rated(row) | row["asked"]) for row in rows[:limit]]
        return items, _next(rows, limit)

    async def rate_message(self, visitor_id: str, message_id: str, given: FeedbackGiven) -> Feedback:
        values = {"visitor_id": visitor_id, "message_id": message_id, "now": self._clock()}
        row = await self._one("rate_message", **values, rating=given.rating, comment=given.comment)
        if row is None:
            raise NotFoundError("There is no such answer")
        return Feedback.model_validate(row)

    async def ping(self) -> None:
        await self._database.ping()

    async def _one(self, query: str, **values: Any) -> Any:
        rows = await self._all(query, **values)
        return rows[0] if rows else None

    async def _all(self, query: str, **values: Any) -> list[Any]:
        return await self._database.rows(self._sql[query], values)

    async def _page(self, query: str, *, limit: int, before: int | None, **values: Any) -> list[Any]:
        values |= {"limit": limit + 1, "before": _LAST_POSITION if before is None else before}
        return await self._all(query, **values)


def _citations(citations: Sequence[Citation]) -> Any:
    return json([citation.model_dump(mode="json") for citation in citations])


def _message(row: Mapping[str, Any]) -> Message:
    return Message.model_validate(_rated(row))


def _rated(row: Mapping[str, Any]) -> dict[str, Any]:
    rated = {"rating": row["rating"], "comment": row["comment"], "updated_at": row["rated_at"]}
    return {**row, "feedback": rated if row["rating"] else None}


def _run_ids(rows: list[Any]) -> list[str]:
    return [row["run_id"] for row in rows if row["run_id"] is not None]


def _next(rows: list[Any], limit: int) -> int | None:
    return int(rows[limit - 1]["position"]) if len(rows) > limit else None
