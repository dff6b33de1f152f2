"""Asking for another answer, held by both histories; what is pure about questions."""

import asyncio
from importlib.resources import files
from typing import Any
from uuid import uuid4

import pytest

from chat_ws.database.questions import fingerprint, title_of
from chat_ws.ports import History, Stored
from shared.contracts.chat_ws import RunRegenerate
from shared.contracts.retriever import Turn
from shared.errors import IdempotencyConflictError, NotFoundError, RunActiveError
from tests.support.chat_fakes import question
from tests.support.chat_history import ask, ending
from tests.support.postgres import PostgresServer


def again(message_id: str, **fields: Any) -> RunRegenerate:
    """A ``run-regenerate`` frame under a new id."""
    return RunRegenerate.model_validate({"message_id": message_id, "client_message_id": uuid4(), **fields})


async def answer(history: History, message_id: str, content: str) -> Stored:
    """Answer a question again."""
    stored, _ = await history.regenerate("v1", again(message_id))
    await history.end_run(ending(stored, content=content))
    return stored


async def test_another_answer_has_a_place_of_its_own(history: History) -> None:
    """The first stays; both name their question, which was asked with all that it is asked with again."""
    asked: dict[str, Any] = {"filters": {"lang": ["en", 1.5]}, "context": {"page_url": "https://k.example/a"}}
    first = await ask(history, "Why?", **asked)
    frame = again(first.message_id)
    stored, told = await history.regenerate("v1", frame)
    assert (stored.status, stored.duplicate, stored.message_id) == ("running", False, first.message_id)
    assert stored.history == (Turn(role="user", content="Why?"),)
    assert told.model_dump(mode="json", include={"content", "filters", "context"}) == question(
        "Why?", **asked
    ).model_dump(mode="json", include={"content", "filters", "context"})
    await history.end_run(ending(stored, content="Another."))
    items, _ = await history.list_messages("v1", first.conversation_id, limit=9, before=None)
    assert [(item.id, item.content, item.question_id) for item in items] == [
        (first.message_id, "Why?", None),
        (first.answer_id, "An answer.", first.message_id),
        (stored.answer_id, "Another.", first.message_id),
    ]
    assert (await history.get_conversation("v1", first.conversation_id)).message_count == 3
    read, _ = await history.read_messages("v1", first.conversation_id, limit=9, after=0)
    assert [item.client_message_id for item in read][1:] == [None, frame.client_message_id]
    assert read[0].filters == {"lang": ["en", 1.5]}
    assert read[0].context is not None
    assert read[0].context.page_url == "https://k.example/a"


async def test_asking_for_it_twice_is_asking_once(history: History) -> None:
    """The same frame gets the first ids, also at the same moment; the id for anything else is a conflict."""
    first = await ask(history)
    frame = again(first.message_id)
    made = await asyncio.gather(*(history.regenerate("v1", frame) for _ in range(5)))
    assert len({(one.message_id, one.run_id, one.answer_id) for one, _ in made}) == 1
    assert [one.duplicate for one, _ in made].count(False) == 1
    assert {told.content for _, told in made} == {"Why?"}
    await history.end_run(ending(made[0][0]))
    stored, _ = await history.regenerate("v1", frame)
    assert (stored.status, stored.duplicate, stored.message_id) == ("completed", True, first.message_id)
    other = await ask(history, "Other?")
    with pytest.raises(IdempotencyConflictError):
        await history.regenerate("v1", frame.model_copy(update={"message_id": other.message_id}))
    with pytest.raises(IdempotencyConflictError):
        await history.create_message("v1", question(client_message_id=frame.client_message_id))


async def test_only_ones_own_questions_are_answered_again(history: History) -> None:
    """An answer, another's question and nothing at all are not found; one answer is given at a time."""
    stored = await ask(history)
    for visitor, message_id in (
        ("v1", stored.answer_id),
        ("v2", stored.message_id),
        ("v1", "msg_nothing"),
    ):
        with pytest.raises(NotFoundError) as caught:
            await history.regenerate(visitor, again(message_id))
        assert caught.value.param == "message_id"
    await history.regenerate("v1", again(stored.message_id))
    with pytest.raises(RunActiveError):
        await history.regenerate("v1", again(stored.message_id))
    with pytest.raises(RunActiveError):
        await history.create_message("v1", question(conversation_id=stored.conversation_id))


async def test_the_last_answer_is_what_was_said(history: History) -> None:
    """What comes after knows the last answer to each question; a question again, what was before it."""
    first = await ask(history, "One?")
    await answer(history, first.message_id, "One, again.")
    second = await ask(history, "Two?", conversation_id=first.conversation_id)
    assert [turn.content for turn in second.history] == ["One?", "One, again.", "Two?"]
    stored, _ = await history.regenerate("v1", again(second.message_id))
    assert [turn.content for turn in stored.history] == ["One?", "One, again.", "Two?"]
    await history.end_run(ending(stored, content="", status="failed"))
    late = await answer(history, first.message_id, "One, late.")
    assert [turn.content for turn in late.history] == ["One?"]
    third = await ask(history, "Three?", conversation_id=first.conversation_id)
    contents = [turn.content for turn in third.history]
    assert contents == ["One?", "One, late.", "Two?", "An answer.", "Three?"]


async def test_all_answers_go_with_their_conversation(history: History) -> None:
    """Deleting leaves none of them, and their ids are free."""
    first = await ask(history)
    stored = await answer(history, first.message_id, "Another.")
    await history.delete_conversation("v1", first.conversation_id)
    assert await history.find_run("v1", stored.run_id) is None
    with pytest.raises(NotFoundError):
        await history.regenerate("v1", again(first.message_id))


@pytest.mark.integration
def test_what_was_stored_before_is_brought_up_to_date(
    postgres_server: PostgresServer, database_url: str
) -> None:
    """Messages of an older schema are searched, and know their questions, once the migrations are through."""
    name = database_url.split("/")[3].split("?")[0]
    folder = files("chat_ws.database") / "sql/migrations"
    steps = sorted(step.name for step in folder.iterdir())
    old = [step for step in steps if step < "0003"]
    for step in old:
        postgres_server.execute((folder / step).read_text("utf-8"), database=name)
    postgres_server.execute(
        "INSERT INTO conversations (id, visitor_id, title, created_at, updated_at)"
        " VALUES ('c', 'v', 'Lamps', now(), now());"
        "INSERT INTO messages (id, conversation_id, visitor_id, role, content, run_id, created_at)"
        " VALUES ('q', 'c', 'v', 'user', 'Why_so?', 'r', now()),"
        " ('a', 'c', 'v', 'assistant', 'Because.', 'r', now())",
        database=name,
    )
    for step in steps[len(old) :]:
        postgres_server.execute((folder / step).read_text("utf-8"), database=name)
    found = postgres_server.execute(
        "SELECT m.id, m.question_id, m.words::text FROM messages AS m ORDER BY m.position", database=name
    )
    assert found == [("q", None, "'@v' 'so':2 'why':1"), ("a", "q", "'@v' 'because':1")]


# Pure parts


def test_a_fingerprint_is_of_all_but_the_id() -> None:
    """The same question under another id has the same print, also with a default spelt out."""
    one = question("Why?", filters={"b": 1, "a": [1, 2]})
    two = question("Why?", filters={"b": 1, "a": [1, 2]}, context=None)
    assert one.client_message_id != two.client_message_id
    assert fingerprint(one) == fingerprint(two)
    others = [question("Why? "), question("Why?"), question("Why?", filters={"b": 1.0, "a": [1, 2]})]
    assert len({fingerprint(frame) for frame in [one, *others]}) == 4


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("What is  it?\n", "What is it?"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("word " * 40, "word " * 15 + "word…"),
        ("\U0001f600" * 100, "\U0001f600" * 79 + "…"),
    ],
)
def test_a_title_is_the_question_in_short(asked: str, title: str) -> None:
    """One line of at most eighty characters."""
    assert title_of(asked) == title
    assert len(title) <= 80
