import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import hypothesis
import psycopg2
import pytest
from hypothesis import strategies as st

from chat_ws.app import new_id
from chat_ws.database.history import PostgresHistory
from chat_ws.database.postgres import Cursor, Database
from chat_ws.ports import History, Stored
from chat_ws.words import terms, tsquery
from shared.contracts.chat_ws import ExportedMessage, Feedback, FeedbackGiven, Message
from shared.contracts.retriever import Citation, RunError, Turn
from shared.errors import IdempotencyConflictError, NotFoundError, OverloadedError, RunActiveError
from tests.support.chat_fakes import CITATION, NOW, NUL_CITATION, Clock, question
from tests.support.chat_history import ask, ending

NASTY = [
    ("1e5 12ab 0x1F -3.14 1/2", "1e 12a 0x1 3.1"),
    ("user@host.example <b>bold</b> &amp; /usr/lib", "user@host.ex <b>bo /usr/l"),
    ("e-mail co-operate up-to-date", "e-ma co-op up-to"),
    ("᚛ᚄᚓᚐᚋᚒᚄ\u1680ᚑᚄᚂᚑᚏᚅ᚜", "᚛ᚄᚓᚐᚋᚒᚄ\u1680ᚑᚄᚂᚑᚏᚅ᚜"),
    ("v1.2.3-rc.1 C++ C# .NET", "v1.2 c++ c#"),
    ("İstanbul ŒUVRE ǅ ΣΑΣ", "İstan ŒUV ǅ ΣΑ"),
]


# Questions


async def test_a_question_is_kept_with_the_place_of_its_answer(history: History) -> None:
    """One commit makes the conversation, both messages and the run."""
    stored = await history.create_message("v1", question("What  is\nownership?"))
    assert (stored.status, stored.duplicate) == ("running", False)
    assert stored.history == (Turn(role="user", content="What  is\nownership?"),)
    conversation = await history.get_conversation("v1", stored.conversation_id)
    assert (conversation.title, conversation.message_count) == ("What is ownership?", 2)
    assert conversation.created_at == conversation.updated_at == NOW
    items, following = await history.list_messages("v1", stored.conversation_id, limit=10, before=None)
    assert following is None
    assert [(m.id, m.role, m.content, m.status, m.run_id) for m in items] == [
        (stored.message_id, "user", "What  is\nownership?", None, stored.run_id),
        (stored.answer_id, "assistant", "", "running", stored.run_id),
    ]


async def test_the_same_question_is_the_same(history: History) -> None:
    """A second frame of the same id creates nothing and gets the first ids; ended, it says so."""
    frame = question()
    first = await history.create_message("v1", frame)
    again = await history.create_message("v1", frame)
    assert again == replace(first, duplicate=True)
    await history.end_run(ending(first))
    assert (await history.create_message("v1", frame)).status == "completed"
    assert (await history.get_conversation("v1", first.conversation_id)).message_count == 2


@pytest.mark.integration
async def test_a_commit_whose_confirmation_is_lost_is_the_first(database: Database) -> None:
    """The work that is tried again after an unconfirmed commit finds its own run: no duplicate."""

    class Unconfirmed(Database):
        async def run(self, work: Any, *, endless: bool = False) -> Any:
            await database.run(work)
            return await database.run(work)

    history = PostgresHistory(
        Unconfirmed("postgresql://", connections=1), clock=Clock(), new_id=new_id, replica_id="r"
    )
    frame = question()
    stored = await history.create_message("v1", frame)
    assert (stored.status, stored.duplicate) == ("running", False)
    assert (await history.create_message("v1", frame)).duplicate


async def test_the_same_question_ten_times_at_once(history: History) -> None:
    """However many tabs send it at the same moment, it is stored once and all get the same ids."""
    for conversation_id in (None, (await ask(history)).conversation_id):
        frame = question(conversation_id=conversation_id)
        made = await asyncio.gather(*(history.create_message("v1", frame) for _ in range(10)))
        assert len({(s.message_id, s.run_id, s.answer_id, s.conversation_id) for s in made}) == 1
        assert [s.duplicate for s in made].count(False) == 1
        await history.end_run(ending(made[0]))
    items, _ = await history.list_conversations("v1", limit=50, before=None)
    assert sorted(item.message_count for item in items) == [2, 4]


@pytest.mark.parametrize(
    "change",
    [
        {"content": "Because?"},
        {"conversation_id": "conv_x"},
        {"filters": {"lang": "en"}},
        {"options": {"a": 1}},
    ],
)
async def test_the_same_id_with_other_content_is_a_conflict(history: History, change: dict[str, Any]) -> None:
    """An id stands for one question, also when only a filter differs."""
    frame = question()
    await history.create_message("v1", frame)
    with pytest.raises(IdempotencyConflictError) as caught:
        await history.create_message("v1", frame.model_copy(update=change))
    assert caught.value.param == "client_message_id"


async def test_ids_are_a_visitors_own(history: History) -> None:
    """Two visitors may use the same client_message_id."""
    frame = question()
    first = await history.create_message("v1", frame)
    second = await history.create_message("v2", frame)
    assert not second.duplicate
    assert first.conversation_id != second.conversation_id


async def test_one_answer_at_a_time(history: History) -> None:
    """While an answer is given a second question of the conversation is refused, whoever is quicker."""
    stored = await history.create_message("v1", question())
    with pytest.raises(RunActiveError) as caught:
        await history.create_message("v1", question(conversation_id=stored.conversation_id))
    assert caught.value.retry_after_ms == 1000
    await history.end_run(ending(stored))
    frames = [question(conversation_id=stored.conversation_id) for _ in range(5)]
    made = await asyncio.gather(
        *(history.create_message("v1", frame) for frame in frames), return_exceptions=True
    )
    assert sum(isinstance(one, Stored) for one in made) == 1
    assert sum(isinstance(one, RunActiveError) for one in made) == 4
    conversation = await history.get_conversation("v1", stored.conversation_id)
    assert conversation.message_count == 4


async def test_a_conversation_of_somebody_else_is_not_there(history: History) -> None:
    """Neither reading nor continuing it tells that it exists."""
    stored = await ask(history)
    for conversation_id in (stored.conversation_id, "conv_nothing"):
        with pytest.raises(NotFoundError):
            await history.create_message("v2", question(conversation_id=conversation_id))
        with pytest.raises(NotFoundError):
            await history.get_conversation("v2", conversation_id)
        with pytest.raises(NotFoundError):
            await history.list_messages("v2", conversation_id, limit=1, before=None)
        with pytest.raises(NotFoundError):
            await history.get_message("v2", conversation_id, stored.message_id)
    assert await history.find_run("v2", stored.run_id) is None
    assert await history.list_conversations("v2", limit=9, before=None) == ([], None)


async def test_a_message_is_found_in_its_conversation_only(history: History) -> None:
    """The id of a message under another conversation's is not found."""
    first, second = await ask(history), await ask(history)
    found = await history.get_message("v1", first.conversation_id, first.message_id)
    assert found.content == "Why?"
    with pytest.raises(NotFoundError):
        await history.get_message("v1", second.conversation_id, first.message_id)


async def test_a_conversation_gets_another_title(history: History) -> None:
    """Only the title changes, also its place in the list does not; somebody else's is not found."""
    first, second = await ask(history), await ask(history)
    before = await history.get_conversation("v1", first.conversation_id)
    renamed = await history.rename_conversation("v1", first.conversation_id, "Ownership")
    assert renamed == before.model_copy(update={"title": "Ownership"})
    items, _ = await history.list_conversations("v1", limit=9, before=None)
    assert [item.id for item in items] == [second.conversation_id, first.conversation_id]
    assert items[1] == renamed
    with pytest.raises(NotFoundError):
        await history.rename_conversation("v2", first.conversation_id, "Mine")
    assert await history.get_conversation("v1", first.conversation_id) == renamed


async def test_a_deleted_conversation_leaves_nothing(history: History) -> None:
    """Messages and runs go with it, its late end disturbs nobody, and others stay."""
    kept = await ask(history)
    frame = question()
    running = await history.create_message("v1", frame)
    with pytest.raises(NotFoundError):
        await history.delete_conversation("v2", running.conversation_id)
    await history.delete_conversation("v1", running.conversation_id)
    with pytest.raises(NotFoundError):
        await history.delete_conversation("v1", running.conversation_id)
    with pytest.raises(NotFoundError):
        await history.get_message("v1", running.conversation_id, running.message_id)
    assert await history.find_run("v1", running.run_id) is None
    assert (await history.create_message("v1", frame)).duplicate is False
    assert (await history.get_conversation("v1", kept.conversation_id)).message_count == 2


async def test_an_erased_visitor_leaves_nothing(history: History) -> None:
    """All conversations of the visitor go and nobody else's; erasing nothing is no error."""
    mine, theirs = [await ask(history), await ask(history)], await ask(history, visitor="v2")
    for _ in range(2):
        await history.erase_visitor("v1")
    assert await history.list_conversations("v1", limit=9, before=None) == ([], None)
    assert [await history.find_run("v1", stored.run_id) for stored in mine] == [None, None]
    assert (await history.get_conversation("v2", theirs.conversation_id)).message_count == 2


# Answers


async def test_an_answer_is_kept_whole(history: History) -> None:
    """Text, citations, ending and what fell back are read as stored; ending twice changes nothing."""
    stored = await history.create_message("v1", question())
    for _ in range(2):
        await history.end_run(ending(stored))
    message = await history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert (message.content, message.citations) == ("An answer.", [CITATION.citation])
    assert (message.status, message.finish_reason, message.degraded) == ("completed", "complete", ["rerank"])
    record = await history.find_run("v1", stored.run_id)
    assert record is not None
    assert (record.status, record.last_sequence, record.message_id) == ("completed", 9, stored.answer_id)


async def test_what_was_said_so_far_is_kept(history: History) -> None:
    """A checkpoint is in the message while it grows, and never over its end."""
    stored = await history.create_message("v1", question())
    await history.checkpoint(stored.answer_id, "So far", [CITATION.citation])
    message = await history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert (message.content, message.status) == ("So far", "running")
    await history.end_run(ending(stored))
    await history.checkpoint(stored.answer_id, "Too late", [])
    message = await history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert message.content == "An answer."


async def test_the_next_question_knows_the_ones_before(history: History) -> None:
    """The latest turns come oldest first with the new question last; an unfinished answer is none."""
    stored = await ask(history, "Question 0")
    for number in range(1, 8):
        stored = await ask(history, f"Question {number}", conversation_id=stored.conversation_id)
    assert len(stored.history) == 11
    assert [turn.role for turn in stored.history] == ["user", "assistant"] * 5 + ["user"]
    assert stored.history[-1].content == "Question 7"
    frame = question("Last", conversation_id=stored.conversation_id)
    running = await history.create_message("v1", frame)
    await history.checkpoint(running.answer_id, "So far", [])
    again = await history.create_message("v1", frame)
    assert again.history[-1] == Turn(role="user", content="Last")


async def test_a_run_ends_once(history: History) -> None:
    """The first end is kept, whoever comes later is told of it; of a run that was deleted there is none."""
    stored = await history.create_message("v1", question())
    assert await history.end_run(ending(stored, status="incomplete", content="So far")) == "incomplete"
    assert await history.end_run(ending(stored)) == "incomplete"
    message = await history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert (message.content, message.status) == ("So far", "incomplete")
    record = await history.find_run("v1", stored.run_id)
    assert record is not None
    assert record.status == "incomplete"
    await history.delete_conversation("v1", stored.conversation_id)
    assert await history.end_run(ending(stored)) is None


@pytest.mark.integration
async def test_an_end_that_waited_for_another_is_told_how_the_run_stands(
    database: Database, stored_history: PostgresHistory
) -> None:
    """What is committed while it waits counts, not what there was before; the answer stays as it was."""
    stored = await stored_history.create_message("v1", question())
    loop = asyncio.get_running_loop()

    def end_elsewhere(cursor: Cursor) -> Any:
        cursor.execute("UPDATE runs SET status = 'incomplete' WHERE id = %(id)s", {"id": stored.run_id})
        late = asyncio.run_coroutine_threadsafe(stored_history.end_run(ending(stored)), loop)
        found = 0
        while not found and not late.done():
            cursor.execute(
                "SELECT count(*) AS found FROM pg_locks AS l"
                " WHERE NOT l.granted AND l.transactionid = pg_current_xact_id()::xid"
            )
            found = cursor.fetchall()[0]["found"]
        return late

    late = await database.run(end_elsewhere)
    assert await asyncio.wrap_future(late) == "incomplete"
    message = await stored_history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert (message.content, message.status) == ("", "running")


# Lists


async def test_conversations_come_newest_first_in_stable_pages(history: History) -> None:
    """Paging meets each conversation once, whatever comes in between."""
    made = [(await ask(history, f"Question {number}")).conversation_id for number in range(7)]
    seen: list[str] = []
    before = None
    while True:
        items, before = await history.list_conversations("v1", limit=3, before=before)
        seen += [item.id for item in items]
        await ask(history, "In between")
        await ask(history, "Another's", visitor="v2")
        if before is None:
            break
    assert seen == made[::-1]


async def test_messages_come_oldest_first_in_stable_pages(history: History) -> None:
    """The latest page first, each page oldest first; together they are the conversation."""
    stored = await ask(history, "Question 0")
    for number in range(1, 4):
        await ask(history, f"Question {number}", conversation_id=stored.conversation_id)
    pages = []
    before = None
    while True:
        items, before = await history.list_messages("v1", stored.conversation_id, limit=3, before=before)
        pages.append([item.content for item in items])
        await ask(history, "In between", conversation_id=stored.conversation_id)
        if before is None:
            break
    assert [len(page) for page in pages] == [3, 3, 2]
    expected = [text for number in range(4) for text in (f"Question {number}", "An answer.")]
    assert [text for page in pages[::-1] for text in page] == expected


async def test_a_page_that_just_fits_is_the_last(history: History) -> None:
    """No cursor leads to an empty page."""
    for _ in range(3):
        await ask(history)
    items, following = await history.list_conversations("v1", limit=3, before=None)
    assert (len(items), following) == (3, None)


async def test_a_conversation_is_read_whole_from_its_beginning(history: History) -> None:
    """Oldest first in stable pages, each message as it is read alone, with its client's id and rating."""
    first = await ask(history, "Question 0")
    frame = question("Question 1", conversation_id=first.conversation_id)
    second = await history.create_message("v1", frame)
    await history.end_run(ending(second, status="failed", error=None))
    await history.rate_message("v1", second.answer_id, given("down", "No."))
    seen: list[ExportedMessage] = []
    after: int | None = 0
    while after is not None:
        items, after = await history.read_messages("v1", first.conversation_id, limit=3, after=after)
        seen += items
    ids = [first.message_id, first.answer_id, second.message_id, second.answer_id]
    assert [item.id for item in seen] == ids
    assert seen[2].client_message_id == frame.client_message_id
    assert [item.client_message_id for item in seen[1::2]] == [None, None]
    for item in seen:
        alone = await history.get_message("v1", first.conversation_id, item.id)
        assert Message.model_validate(dict(item)) == alone
    for visitor, conversation in (("v2", first.conversation_id), ("v1", "conv_nothing")):
        assert await history.read_messages(visitor, conversation, limit=9, after=0) == ([], None)


@pytest.mark.integration
async def test_what_is_known_of_a_run_is_read_with_its_answer(stored_history: PostgresHistory) -> None:
    """When it ended and why it failed stand beside the answer, not beside the question."""
    stored = await stored_history.create_message("v1", question())
    error = {"code": "internal", "message": "Broken", "retryable": False}
    await stored_history.end_run(ending(stored, status="failed", error=error))
    items, _ = await stored_history.read_messages("v1", stored.conversation_id, limit=9, after=0)
    assert [(item.ended_at, item.error) for item in items] == [(None, None), (NOW, RunError(**error))]


# Feedback


def given(rating: str, comment: str | None = None) -> FeedbackGiven:
    return FeedbackGiven.model_validate({"rating": rating, "comment": comment})


async def test_an_answer_is_rated(history: History, clock: Clock) -> None:
    """It is read with its message; another rating replaces it whole, the same again changes nothing."""
    stored = await ask(history)
    kept = await history.rate_message("v1", stored.answer_id, given("down", "Outdated."))
    assert (kept.rating, kept.comment, kept.updated_at) == ("down", "Outdated.", NOW)
    clock.move(60)
    assert await history.rate_message("v1", stored.answer_id, given("down", "Outdated.")) == kept
    items, _ = await history.list_messages("v1", stored.conversation_id, limit=9, before=None)
    assert [item.feedback for item in items] == [None, kept]
    changed = await history.rate_message("v1", stored.answer_id, given("up"))
    assert (changed.rating, changed.comment, changed.updated_at) == ("up", None, clock.now)
    message = await history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert message.feedback == changed
    await history.end_run(ending(stored))
    assert (await history.get_message("v1", stored.conversation_id, stored.answer_id)).feedback == changed


async def test_only_ones_own_answers_are_rated(history: History) -> None:
    """A question, another's answer and nothing at all are not found, and nothing is kept of it."""
    stored = await ask(history)
    for visitor, message_id in (
        ("v1", stored.message_id),
        ("v2", stored.answer_id),
        ("v1", "msg_nothing"),
    ):
        with pytest.raises(NotFoundError):
            await history.rate_message(visitor, message_id, given("up"))
    items, _ = await history.list_messages("v1", stored.conversation_id, limit=9, before=None)
    assert [item.feedback for item in items] == [None, None]


@pytest.mark.integration
async def test_ratings_go_with_their_answers(stored_history: PostgresHistory, database: Database) -> None:
    """Neither a deleted conversation nor an erased visitor leaves a rating; others keep theirs."""
    mine, other, theirs = [
        await ask(stored_history, visitor=visitor, conversation_id=None) for visitor in ("v1", "v1", "v2")
    ]
    for visitor, stored in (("v1", mine), ("v1", other), ("v2", theirs)):
        await stored_history.rate_message(visitor, stored.answer_id, given("down", "No."))

    def rated(cursor: Cursor) -> set[str]:
        cursor.execute("SELECT f.message_id FROM feedback AS f")
        return {row["message_id"] for row in cursor.fetchall()}

    await stored_history.delete_conversation("v1", mine.conversation_id)
    assert await database.run(rated) == {other.answer_id, theirs.answer_id}
    await stored_history.erase_visitor("v1")
    assert await database.run(rated) == {theirs.answer_id}


@pytest.mark.integration
async def test_rating_what_is_being_deleted_is_no_error_of_ours(stored_history: PostgresHistory) -> None:
    """Whichever comes first, it is rated and goes, or is not found."""
    for _ in range(5):
        stored = await ask(stored_history)
        rated, deleted, again = await asyncio.gather(
            stored_history.rate_message("v1", stored.answer_id, given("up")),
            stored_history.delete_conversation("v1", stored.conversation_id),
            stored_history.rate_message("v1", stored.answer_id, given("down")),
            return_exceptions=True,
        )
        assert deleted == [stored.run_id]
        assert all(isinstance(one, Feedback | NotFoundError) for one in (rated, again))


# Search


async def titles(history: History, asked: str, *, visitor: str = "v1", limit: int = 50) -> list[str]:
    """The titles of what is found."""
    items, _ = await history.list_conversations(visitor, limit=limit, before=None, terms=terms(asked))
    return [item.title for item in items]


async def test_conversations_are_found_by_their_words(history: History) -> None:
    """In the title, the question or the answer, in any case, from a word's beginning; all or nothing."""
    lamp = await history.create_message("v1", question("How is the lamp_wick trimmed?"))
    await history.end_run(ending(lamp, content="Daily, to 12mm: see keepers.example/Trimming#how."))
    await ask(history, "灯台の光はどこまで届きますか。")
    await history.rename_conversation("v1", (await ask(history, "Other")).conversation_id, "Ünder Größe")
    for asked in (
        "lamp",
        "LAMP",
        "lam",
        "lamp_wick",
        "wick trim",
        "daily 12",
        "keepers.example/trim",
        "?wick",
    ):
        assert await titles(history, asked) == ["How is the lamp_wick trimmed?"], asked
    for asked in ("amp", "lamp oil", "wick_lamp", "@v1", "'", "!wick:*|x", "?!", "trimmed daily"):
        assert await titles(history, asked) == [], asked
    for asked in ("灯台", "光は", "届きますか"):
        assert await titles(history, asked) == ["灯台の光はどこまで届きますか。"], asked
    for asked in ("ünder", "GRÖSS", "größe", "other"):
        assert await titles(history, asked) == ([] if asked == "GRÖSS" else ["Ünder Größe"]), asked
    assert await titles(history, "lamp", visitor="v2") == []
    await history.delete_conversation("v1", lamp.conversation_id)
    assert await titles(history, "lamp") == []


async def test_an_answer_is_found_once_it_has_ended(history: History) -> None:
    """What it holds so far is kept, and found with its end."""
    stored = await history.create_message("v1", question())
    await history.checkpoint(stored.answer_id, "A halfway word", [])
    assert await titles(history, "halfway") == []
    await history.end_run(ending(stored, content="A halfway word, and the end"))
    assert await titles(history, "halfway") == ["What is ownership?"]


async def test_what_is_found_comes_newest_first_in_stable_pages(history: History) -> None:
    """Paging meets each found conversation once, whatever comes in between, and ends with the last."""
    made = []
    for number in range(5):
        made.append((await ask(history, f"Lamp {number}")).conversation_id)
        await ask(history, f"Other {number}")
    seen: list[str] = []
    before = None
    while True:
        items, before = await history.list_conversations("v1", limit=2, before=before, terms=("lamp",))
        seen += [item.id for item in items]
        await ask(history, "Lamp in between")
        await ask(history, "Lamp of another", visitor="v2")
        if before is None:
            break
    assert seen == made[::-1]


# Only PostgreSQL


@pytest.mark.integration
async def test_whatever_is_said_is_found_by_its_words(database: Database) -> None:
    """Each term of any text, and its beginning, is in what the database holds of the text."""
    found = "SELECT carrel_words(%s) @@ to_tsquery('pg_catalog.simple', %s) AS found"
    queries = "SELECT numnode(to_tsquery('pg_catalog.simple', %s)) AS nodes"

    def holds(cursor: Cursor, text: str, asked: Sequence[str]) -> bool:
        cursor.execute(queries, (tsquery(asked),))
        nodes = cursor.fetchone()
        cursor.execute(found, (text, tsquery(asked)))
        row = cursor.fetchone()
        assert nodes is not None
        assert row is not None
        return bool(row["found"]) or nodes["nodes"] == 0

    cases: list[tuple[str, tuple[str, ...]]] = []

    @hypothesis.settings(max_examples=30000, database=None)
    @hypothesis.given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs", "Cn", "Co"))))
    def collect(text: str) -> None:
        cases.append((text, terms(text)))

    collect()
    cases += [(text, terms(asked)) for text, asked in NASTY]

    def work(cursor: Cursor) -> list[tuple[str, tuple[str, ...]]]:
        return [case for case in cases if case[1] and not holds(cursor, *case)]

    assert await database.run(work) == []


@pytest.mark.integration
async def test_a_text_of_nothing_but_new_words_is_stored(stored_history: PostgresHistory) -> None:
    """However much there is to be found in an answer, it is kept; past a bound it is not searched."""
    stored = await stored_history.create_message("v1", question())
    many = " ".join(chr(0x10400 + n % 80) + chr(0x10400 + n // 80 % 80) + f"{n:x}" for n in range(60_000))
    await stored_history.end_run(ending(stored, content=f"first {many} lastword"))
    assert await titles(stored_history, "first") == ["What is ownership?"]
    assert await titles(stored_history, "lastword") == []
    assert await titles(stored_history, "x" * 200 + " " + "ﷺ" * 200) == []


@pytest.mark.integration
async def test_a_visitor_of_any_name_finds_only_what_is_theirs(stored_history: PostgresHistory) -> None:
    """An id is quoted wherever it stands in a query."""
    names = ["o'neill", "a\\", "a' | '@b", "b", "*", "@b"]
    for name in names:
        await ask(stored_history, f"Lamp of {name}", visitor=name)
    for name in names:
        assert await titles(stored_history, "lamp", visitor=name) == [f"Lamp of {name}"]


@pytest.mark.integration
async def test_texts_of_any_script_are_kept(stored_history: PostgresHistory) -> None:
    """Text and citations come back code point by code point, however strange."""
    text = "Ünïcödé\u2028 \U0001f600 ' \" \\ %s {} \x7f"
    stored = await stored_history.create_message("v1", question(text))
    citation = Citation(start=0, end=len(text), text=text, sources=[])
    await stored_history.end_run(ending(stored, content=text, citations=(citation,)))
    items, _ = await stored_history.list_messages("v1", stored.conversation_id, limit=5, before=None)
    assert [item.content for item in items] == [text, text]
    assert items[1].citations == [citation]


@pytest.mark.integration
@pytest.mark.parametrize("change", [{"content": "\0"}, {"citations": (NUL_CITATION.citation,)}])
async def test_what_cannot_be_stored_is_refused_whole(
    stored_history: PostgresHistory, change: dict[str, Any]
) -> None:
    """A NUL in an answer is an error that is not retried for ever; nothing of that ending is kept."""
    stored = await stored_history.create_message("v1", question())
    with pytest.raises((ValueError, psycopg2.DataError)) as caught:
        await stored_history.end_run(ending(stored, **change))
    assert not isinstance(caught.value, OverloadedError)
    record = await stored_history.find_run("v1", stored.run_id)
    assert record is not None
    assert record.status == "running"


@pytest.mark.integration
async def test_a_very_long_answer_does_not_block_its_conversation(stored_history: PostgresHistory) -> None:
    """What is longer than a turn may be is cut for the next question, and kept whole."""
    stored = await stored_history.create_message("v1", question())
    await stored_history.end_run(ending(stored, content="x" * 100_000))
    following = await stored_history.create_message("v1", question(conversation_id=stored.conversation_id))
    assert len(following.history[1].content) < 64_000
    message = await stored_history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert len(message.content) == 100_000


@pytest.mark.integration
async def test_a_store_that_answers_and_one_that_is_away(stored_history: PostgresHistory) -> None:
    """ping is silent when all is well and raises when the pool is closed."""
    await stored_history.ping()
    await stored_history._database.close()
    with pytest.raises(OverloadedError):
        await stored_history.ping()


@pytest.mark.integration
async def test_an_id_that_is_there_twice_is_our_own_fault(database: Database) -> None:
    """A constraint nobody expects to break is not told as a conflict of the visitor's."""
    history = PostgresHistory(database, clock=Clock(), new_id=lambda prefix: f"{prefix}_same", replica_id="r")
    with pytest.raises(psycopg2.IntegrityError, match="messages_pkey"):
        await history.create_message("v1", question())


# Ids


def test_an_id_says_what_it_is_of() -> None:
    """Ids are unique, opaque, and short enough for every frame."""
    made = {new_id("run") for _ in range(100)}
    assert len(made) == 100
    assert all(one.startswith("run_") and len(one) <= 64 for one in made)
    assert question(conversation_id=made.pop()).conversation_id
