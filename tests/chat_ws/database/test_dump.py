"""Conversations go into a file and back, whole or not at all, between any two databases."""

import io
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg2
import pytest

from chat_ws.app import new_id
from chat_ws.database.dump import KEPT, LEFT_OUT, dump, has_conversations, is_new, restore, turn
from chat_ws.database.history import PostgresHistory
from chat_ws.database.migrate import apply, migrate
from chat_ws.database.postgres import Cursor, Database
from chat_ws.database.queries import migrations, tables
from shared.contracts.chat_ws import FeedbackGiven
from shared.errors import InvalidRequestError, NotEmptyError, OverloadedError
from tests.support.chat_fakes import NOW, Clock, question
from tests.support.chat_history import ask
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.integration
LAST = len(migrations())
CONTENT = "Why\\? \\. \t\n\\.\n\u2028 a 'quoted' \"word\" \\N €"


@pytest.fixture
async def used(database_url: str, stored_history: PostgresHistory) -> str:
    """The address of a database with two visitors' conversations, one rated, one being answered."""
    rated = await ask(stored_history, CONTENT)
    await stored_history.rate_message("v1", rated.answer_id, FeedbackGiven(rating="down", comment="no\\"))
    await ask(stored_history, "Another?", visitor="v2")
    await stored_history.create_message("v2", question("Not answered yet?"))
    return database_url


@pytest.fixture
async def empty_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """Another, empty database."""
    name = new_id("test")
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def rows(url: str) -> dict[str, list[Any]]:
    """Everything in the tables that a dump has, with what the database makes of it itself."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            found = {}
            for table in KEPT:
                query = f"SELECT to_jsonb(t) - 'replica_id' FROM {table} AS t ORDER BY 1"  # noqa: S608 - of ours
                cursor.execute(query)
                found[table] = cursor.fetchall()
            return found
    finally:
        connection.close()


def dumped(url: str) -> bytes:
    file = io.BytesIO()
    dump(url, file)
    return file.getvalue()


def test_no_table_is_forgotten() -> None:
    """Each table of a migration is either in a dump or left out on purpose."""
    assert sorted([*KEPT, *LEFT_OUT]) == sorted([*tables(), "carrel_migrations"])


async def test_there_and_back(used: str, empty_url: str) -> None:
    """All rows, whatever is in them; the same once more from there."""
    file = io.BytesIO()
    told = dump(used, file)
    assert told.migration == LAST
    assert dict(told.rows) == {"conversations": 3, "messages": 6, "runs": 3, "feedback": 1}
    file.seek(0)
    assert restore(empty_url, file, replace=False, now=NOW) == told
    assert rows(empty_url) == rows(used)
    assert dumped(empty_url) == file.getvalue()


async def test_it_goes_on_there(used: str, empty_url: str) -> None:
    """A restored database is one like any other: nothing to migrate, and the next rows come behind."""
    restore(empty_url, io.BytesIO(dumped(used)), replace=False, now=NOW)
    database = Database(empty_url, connections=1)
    assert await migrate(database, now=NOW) == []
    history = PostgresHistory(database, clock=Clock(), new_id=new_id, replica_id="replica_2")
    asked = await ask(history, "After the restore?")
    listed, _ = await history.list_conversations("v1", limit=5, before=None)
    await database.close()
    assert listed[0].id == asked.conversation_id
    assert len(listed) == 2


async def test_an_older_dump_is_brought_up_to_date(empty_url: str, database_url: str) -> None:
    """What migrations do to rows is done to rows that are restored, too."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor(cursor_factory=Cursor) as cursor:
        for step in migrations()[:4]:
            apply(cursor, migration=step, now=NOW)
        cursor.execute(
            "INSERT INTO conversations (id, visitor_id, title, created_at, updated_at)"
            " VALUES ('c', 'v1', 'Why?', now(), now());"
            "INSERT INTO messages"
            " (id, conversation_id, visitor_id, role, content, run_id, status, created_at)"
            " VALUES ('q', 'c', 'v1', 'user', 'Why?', 'r', NULL, now()),"
            " ('a', 'c', 'v1', 'assistant', 'So.', 'r', 'completed', now())"
        )
    connection.close()
    old = dumped(database_url)
    restore(empty_url, io.BytesIO(old), replace=False, now=NOW)
    questions = {row[0]["id"]: row[0]["question_id"] for row in rows(empty_url)["messages"]}
    assert questions == {"q": None, "a": "q"}
    database = Database(empty_url, connections=1)
    assert await migrate(database, now=NOW) == []
    await database.close()


async def test_what_is_there_is_replaced_only_when_asked(
    used: str, database: Database, empty_url: str, stored_history: PostgresHistory
) -> None:
    """A single conversation is something; a schema without any is nothing."""
    before = dumped(used)
    other = Database(empty_url, connections=1)
    await migrate(other, now=NOW)
    await other.close()
    assert not has_conversations(empty_url)
    restore(empty_url, io.BytesIO(before), replace=False, now=NOW)
    assert has_conversations(empty_url)
    with pytest.raises(NotEmptyError):
        restore(empty_url, io.BytesIO(before), replace=False, now=NOW)
    await ask(stored_history, "Later?")
    later = dumped(used)
    restore(empty_url, io.BytesIO(later), replace=True, now=NOW)
    assert dumped(empty_url) == later


def without_end(whole: bytes) -> bytes:
    return b"".join(whole.splitlines(keepends=True)[:-1])


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "another thing": lambda _: b'{"carrel": "index", "format": 1}\n',
    "a list": lambda _: b"[]\n",
    "a newer format": lambda whole: whole.replace(b'"format": 1', b'"format": 2', 1),
    "a newer schema": lambda whole: whole.replace(
        f'"migration": {LAST}'.encode(), f'"migration": {LAST + 1}'.encode(), 1
    ),
    "no end": without_end,
    "cut in a table": lambda whole: whole[: whole.index(b"Another")],
    "another count": lambda whole: whole.replace(b'"messages": 6', b'"messages": 7'),
    "more behind": lambda whole: whole + b"{}\n",
    "another table": lambda whole: whole.replace(b'{"table": "runs"', b'{"table": "pg_class"', 1),
    "another column": lambda whole: whole.replace(b'"visitor_id"', b'"visitor"', 1),
    "a row of another form": lambda whole: whole.replace(b"\tv1\t", b"\t", 1),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_nothing_changes_by_what_is_broken(name: str, used: str) -> None:
    """Refused with a reason; what was there is there."""
    whole = dumped(used)
    broken = BROKEN[name](whole)
    assert broken != whole
    with pytest.raises(InvalidRequestError):
        restore(used, io.BytesIO(broken), replace=True, now=NOW)
    assert dumped(used) == whole


async def test_a_database_before_its_first_start(database_url: str) -> None:
    """It is new, has no conversations, and nothing to dump."""
    assert is_new(database_url)
    assert not has_conversations(database_url)
    with pytest.raises(InvalidRequestError, match="no tables"):
        dumped(database_url)
    database = Database(database_url, connections=1)
    await migrate(database, now=NOW)
    await database.close()
    assert not is_new(database_url)


async def test_a_newer_database_is_not_dumped(used: str, database: Database) -> None:
    """This version does not know what would be missing in the dump."""
    await database.rows(
        "INSERT INTO carrel_migrations (number, name, applied_at) VALUES (%(number)s, 'x', now())",
        {"number": LAST + 1},
    )
    with pytest.raises(InvalidRequestError, match="newer version"):
        dumped(used)


async def test_a_dump_is_one_moment(used: str, database: Database) -> None:
    """What is committed while tables are read is in none of them."""

    class Watched(io.BytesIO):
        asked = False

        def write(self, data: Any) -> int:
            if b'{"table": "messages"' in bytes(data) and not self.asked:
                self.asked = True
                connection = psycopg2.connect(used)
                with connection, connection.cursor() as cursor:
                    cursor.execute("DELETE FROM conversations")
                connection.close()
            return super().write(data)

    before, file = dumped(used), Watched()
    dump(used, file)
    assert file.asked
    assert file.getvalue() == before
    assert rows(used)["messages"] == []


async def test_turns(database_url: str, empty_url: str) -> None:
    """One at a time for a database; the next when it has ended."""
    with turn(database_url) as first, turn(database_url) as second, turn(empty_url) as elsewhere:
        assert (first, second, elsewhere) == (True, False, True)
    with turn(database_url) as next_one:
        assert next_one


def test_a_database_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """Is said as such; the reason holds no password."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(OverloadedError) as caught:
        is_new("postgresql://user:secret@127.0.0.1:9/none")
    assert "secret" not in caught.value.detail


async def test_the_first_line_tells_what_it_is(used: str) -> None:
    """A file is known by its first line, whatever it is called."""
    first = json.loads(dumped(used).split(b"\n", 1)[0])
    assert first == {"carrel": "conversations", "format": 1, "migration": LAST}
