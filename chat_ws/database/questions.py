"""Questions in PostgreSQL: a question with the place of its answer, or the place of another answer to one.

Each is one transaction, found again by the ``client_message_id`` it came with. A message is acknowledged only
after its commit.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import psycopg2

from chat_ws.database.postgres import Cursor, Database, constraint, json
from chat_ws.database.queries import load
from chat_ws.ports import Clock, Stored
from shared.contracts.chat_ws import MessageCreate, RunRegenerate
from shared.contracts.retriever import Turn
from shared.errors import IdempotencyConflictError, NotFoundError, RunActiveError

TITLE_CHARS = 80
HISTORY_TURNS = 11
_HISTORY_MESSAGES = 2 * HISTORY_TURNS
"""Are looked through for them: there may be several answers to one question."""
_TURN_CHARS = 16_000
_T = TypeVar("_T")


class Questions:
    """Stores questions in one database, to be answered by ``replica_id``.

    ``new_id`` makes an id from its prefix.
    """

    def __init__(
        self, database: Database, *, clock: Clock, new_id: Callable[[str], str], replica_id: str
    ) -> None:
        self._database, self._clock, self._new_id, self._replica_id = database, clock, new_id, replica_id
        self._sql = load()

    async def create(self, visitor_id: str, frame: MessageCreate) -> Stored:
        """See :meth:`chat_ws.ports.History.create_message`."""
        values = self._values(visitor_id, frame) | {
            "conversation_id": frame.conversation_id or self._new_id("conv"),
            "message_id": self._new_id("msg"),
            "content": frame.content,
            "title": title_of(frame.content),
            "asked": json(_asked_with(frame)),
            "again_id": None,
            "again_fingerprint": None,
            "added": 2,
        }
        new = frame.conversation_id is None
        return await self._once(lambda cursor: self._create(cursor, values, new=new))

    async def regenerate(self, visitor_id: str, frame: RunRegenerate) -> tuple[Stored, MessageCreate]:
        """See :meth:`chat_ws.ports.History.regenerate`."""
        values = self._values(visitor_id, frame) | {"message_id": frame.message_id, "added": 1}
        values |= {"again_id": values["client_message_id"], "again_fingerprint": values["fingerprint"]}
        return await self._once(lambda cursor: self._again(cursor, values))

    def _values(self, visitor_id: str, frame: MessageCreate | RunRegenerate) -> dict[str, Any]:
        return {
            "visitor_id": visitor_id,
            "client_message_id": str(frame.client_message_id),
            "answer_id": self._new_id("msg"),
            "run_id": self._new_id("run"),
            "replica_id": self._replica_id,
            "fingerprint": fingerprint(frame),
            "now": self._clock(),
        }

    async def _once(self, work: Callable[[Cursor], _T]) -> _T:
        try:
            return await self._database.run(work)
        except psycopg2.IntegrityError as error:
            if constraint(error) == "runs_active":
                raise RunActiveError(retry_after_ms=1000) from error
            if constraint(error) != "messages_by_client_message":
                raise
            # The same frame, sent on two connections at once: the other one was first.
            return await self._database.run(work)

    def _create(self, cursor: Cursor, values: dict[str, Any], *, new: bool) -> Stored:
        if (found := self._found(cursor, values)) is not None:
            return found
        if new:
            return self._first(cursor, values)
        cursor.execute(self._sql["lock_conversation"], values)
        if cursor.fetchone() is None:
            raise NotFoundError("There is no such conversation", param="conversation_id")
        return self._begin(cursor, values, "touch_conversation", "insert_user_message")

    def _first(self, cursor: Cursor, values: dict[str, Any]) -> Stored:
        """Store the first question of a conversation; nothing was said before it."""
        inserts = ("insert_conversation", "insert_user_message", "insert_assistant_message", "insert_run")
        cursor.finish("\n".join(self._sql[query] for query in inserts), values)
        said = [_turn("user", values["content"])]
        return self._assembled(values | {"status": "running"}, said, duplicate=False)

    def _again(self, cursor: Cursor, values: dict[str, Any]) -> tuple[Stored, MessageCreate]:
        stored = self._found(cursor, values)
        cursor.execute(self._sql["lock_question"], values)
        question = cursor.fetchone()
        if question is None:
            raise NotFoundError("There is no such question", param="message_id")
        if stored is None:
            values |= {"conversation_id": question["conversation_id"]}
            stored = self._begin(cursor, values, "touch_conversation")
        fields = {"content": question["content"], "client_message_id": values["client_message_id"]}
        return stored, MessageCreate.model_validate({**fields, **question["asked"]})

    def _found(self, cursor: Cursor, values: dict[str, Any]) -> Stored | None:
        cursor.execute(self._sql["find_client_message"], values)
        if (found := cursor.fetchone()) is None:
            return None
        if found["fingerprint"] != values["fingerprint"]:
            raise IdempotencyConflictError(param="client_message_id")
        # Our own run: an earlier attempt was committed, and its confirmation lost.
        return self._stored(cursor, found, duplicate=found["run_id"] != values["run_id"])

    def _begin(self, cursor: Cursor, values: dict[str, Any], *before: str) -> Stored:
        queries = (*before, "insert_assistant_message", "insert_run")
        return self._stored(cursor, values | {"status": "running"}, *queries, duplicate=False)

    def _stored(self, cursor: Cursor, row: Any, *before: str, duplicate: bool) -> Stored:
        """Return ``row`` with its history; what is done ``before`` goes in the same way there and back."""
        queries = "\n".join(self._sql[query] for query in (*before, "history"))
        cursor.execute(queries, {**row, "limit": HISTORY_TURNS, "window": _HISTORY_MESSAGES})
        turns = [_turn(turn["role"], turn["content"]) for turn in reversed(cursor.fetchall())]
        return self._assembled(row, turns, duplicate=duplicate)

    def _assembled(self, row: Any, history: Sequence[Turn], *, duplicate: bool) -> Stored:
        return Stored(
            conversation_id=row["conversation_id"],
            message_id=row["message_id"],
            run_id=row["run_id"],
            answer_id=row["answer_id"],
            status=row["status"],
            duplicate=duplicate,
            ours=row["replica_id"] == self._replica_id,
            history=tuple(history),
        )


def _turn(role: Literal["user", "assistant"], content: str) -> Turn:
    return Turn(role=role, content=content[:_TURN_CHARS])


def fingerprint(frame: MessageCreate | RunRegenerate) -> str:
    """Return what makes a frame the same frame: a digest of all but its id."""
    body = frame.model_dump_json(exclude={"client_message_id", "type"}, exclude_defaults=True)
    return hashlib.sha256(body.encode()).hexdigest()


def title_of(question: str) -> str:
    """Return a conversation's title, made from its first question."""
    line = " ".join(question.split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _asked_with(frame: MessageCreate) -> dict[str, Any]:
    return frame.model_dump(mode="json", include={"filters", "context"}, exclude_defaults=True)
