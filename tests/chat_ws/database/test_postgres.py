import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import pytest

from chat_ws.database.postgres import Cursor, Database, constraint, json
from shared.errors import OverloadedError
from shared.logging import request_id
from tests.support.postgres import PostgresServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


@asynccontextmanager
async def opened(url: str, *, connections: int = 3, queue_wait_s: float = 5.0) -> AsyncIterator[Database]:
    database = Database(url, connections=connections, queue_wait_s=queue_wait_s)
    try:
        yield database
    finally:
        await database.close()


def rows(sql: str, *values: Any) -> Callable[[Cursor], list[Any]]:
    """The work that runs one statement and returns its rows."""

    def work(cursor: Cursor) -> list[Any]:
        cursor.execute(sql, values)
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    return work


def kill_others(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def kill_others_and_self(cursor: Cursor) -> None:
    kill_others(cursor)
    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def sessions(database: Database) -> int:
    [row] = await database.run(
        rows("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()")
    )
    return int(row["n"])


async def test_what_returns_is_committed_and_what_raises_is_not(database_url: str) -> None:
    """One function is one transaction."""

    def breaks(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO t VALUES (2)")
        raise ValueError("no")

    async with opened(database_url) as database:
        await database.run(rows("CREATE TABLE t (n integer)"))
        await database.run(rows("INSERT INTO t VALUES (1)"))
        with pytest.raises(ValueError, match="no"):
            await database.run(breaks)
        assert await database.run(rows("SELECT n FROM t")) == [{"n": 1}]


async def test_connections_are_bounded_and_kept(database_url: str) -> None:
    """Many more tasks than connections all get their turn, on no more connections than allowed."""
    running = most = 0
    guard = threading.Lock()

    def work(cursor: Cursor) -> int:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        cursor.execute("SELECT pg_backend_pid() AS pid, pg_sleep(0.005)")
        with guard:
            running -= 1
        found = cursor.fetchone()
        assert found is not None
        return int(found["pid"])

    async with opened(database_url, connections=3) as database:
        pids = await asyncio.gather(*(database.run(work) for _ in range(40)))
        assert len(set(pids)) <= 3
        assert most <= 3
        assert await sessions(database) <= 3


async def test_who_waits_too_long_is_refused(database_url: str) -> None:
    """When every connection stays busy, the next is refused as overloaded, and later served again."""
    free = threading.Event()
    async with opened(database_url, connections=2, queue_wait_s=0.02) as database:
        busy = [asyncio.ensure_future(database.run(lambda _: free.wait(5))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="busy") as caught:
            await database.run(rows("SELECT 1"))
        assert caught.value.retry_after_ms == 1000
        free.set()
        assert await asyncio.gather(*busy) == [True, True]
        assert await database.run(rows("SELECT 1 AS n")) == [{"n": 1}]


async def test_a_caller_that_goes_away_frees_nothing_early(database_url: str) -> None:
    """A cancelled caller's work is done to its end; its place is free only then, and then really free."""
    begun, free = threading.Event(), threading.Event()

    def work(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO t VALUES (1)")
        begun.set()
        free.wait(5)

    async with opened(database_url, connections=1, queue_wait_s=0.02) as database:
        await database.run(rows("CREATE TABLE t (n integer)"))
        caller = asyncio.ensure_future(database.run(work))
        await asyncio.to_thread(begun.wait, 5)
        caller.cancel()
        await asyncio.wait([caller])
        with pytest.raises(OverloadedError):
            await database.run(rows("SELECT 1"))
        free.set()
        for _ in range(5):
            await eventually(lambda: not database._free.locked())
            assert await database.run(rows("SELECT n FROM t")) == [{"n": 1}]


async def test_callers_that_give_up_waiting_lose_no_place(database_url: str) -> None:
    """However callers are cancelled, while waiting or in that moment, all places are there afterwards."""
    async with opened(database_url, connections=2) as database:
        for ticks in range(30):
            callers = [asyncio.ensure_future(database.run(rows("SELECT 1"))) for _ in range(6)]
            for _ in range(ticks % 7):
                await asyncio.sleep(0)
            cancelled = [caller for caller in callers[ticks % 2 :: 2] if caller.cancel()]
            await asyncio.gather(*callers, return_exceptions=True)
            assert all(caller.cancelled() for caller in cancelled)
        await eventually(lambda: database._free._value == 2)


async def test_a_cancelled_caller_is_cancelled(database_url: str) -> None:
    """A cancellation is never swallowed, whatever tick of the call it meets."""
    async with opened(database_url, connections=1) as database:
        for ticks in range(8):

            async def call() -> None:
                while True:
                    await database.run(rows("SELECT 1"))

            task = asyncio.ensure_future(call())
            for _ in range(ticks):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait_for(asyncio.wait([task]), 2)
            assert task.cancelled()


async def test_a_connection_the_server_ended_is_replaced(database_url: str) -> None:
    """Kept connections that were terminated cost nobody an error."""
    async with opened(database_url, connections=3) as database:
        await asyncio.gather(*(database.run(rows("SELECT pg_sleep(0.02)")) for _ in range(3)))
        async with opened(database_url) as other:
            await other.run(kill_others)
        for _ in range(4):
            assert await database.run(rows("SELECT 1 AS n")) == [{"n": 1}]


async def test_work_cut_in_the_middle_is_done_again(database_url: str) -> None:
    """A kept connection that dies under its work is replaced, and the work is done once more, whole."""
    attempts: list[int] = []

    def work(cursor: Cursor) -> None:
        cursor.execute("INSERT INTO t VALUES (%s)", (len(attempts),))
        attempts.append(1)
        if len(attempts) == 1:
            with psycopg2.connect(database_url) as killer, killer.cursor() as other:
                other.execute("SELECT pg_terminate_backend(%s)", (cursor.connection.info.backend_pid,))
            killer.close()
            cursor.execute("SELECT 1")

    async with opened(database_url, connections=1) as database:
        await database.run(rows("CREATE TABLE t (n integer)"))
        await database.run(work)
        assert len(attempts) == 2
        assert await database.run(rows("SELECT n FROM t")) == [{"n": 1}]


async def test_a_new_connection_that_is_cut_is_overloaded(database_url: str) -> None:
    """What dies on a fresh connection too is told as overloaded, and the pool stays usable."""

    def work(cursor: Cursor) -> None:
        with psycopg2.connect(database_url) as killer, killer.cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", (cursor.connection.info.backend_pid,))
        killer.close()
        cursor.execute("SELECT 1")

    async with opened(database_url, connections=1) as database:
        with pytest.raises(OverloadedError):
            await database.run(work)
        assert await database.run(rows("SELECT 1 AS n")) == [{"n": 1}]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (psycopg2.DatabaseError("server closed the connection unexpectedly"), OverloadedError),
        (psycopg2.OperationalError("server closed the connection unexpectedly"), OverloadedError),
        (psycopg2.InterfaceError("connection already closed"), OverloadedError),
        (psycopg2.ProgrammingError("can't adapt type 'object'"), psycopg2.ProgrammingError),
        (psycopg2.DataError("no such thing"), psycopg2.DataError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_what_says_nothing_of_the_question_is_overloaded(
    database_url: str, error: Exception, told: type[Exception]
) -> None:
    """The driver has a bare error, too, for a server that goes: seen when PostgreSQL ended by SIGQUIT."""

    def work(_: Cursor) -> None:
        raise error

    async with opened(database_url, connections=1) as database:
        with pytest.raises(told):
            await database.run(work)
        assert await database.run(rows("SELECT 1 AS n")) == [{"n": 1}]


async def test_an_idle_connection_is_looked_at_before_it_is_used(database_url: str) -> None:
    """One that has been idle for long is tried first, and replaced when it is gone; a live one is kept."""
    pid = rows("SELECT pg_backend_pid() AS pid")
    async with opened(database_url, connections=1) as database:

        def age() -> None:
            database._idle[:] = [(connection, since - 100) for connection, since in database._idle]

        before = await database.run(pid)
        age()
        assert await database.run(pid) == before
        async with opened(database_url) as other:
            await other.run(kill_others)
        age()
        assert await database.run(pid) != before


async def test_errors_of_the_statement_stay_what_they_are(database_url: str) -> None:
    """What is our own mistake is not told as a database that is away; the connection is used again."""
    async with opened(database_url, connections=1) as database:
        await database.run(rows("CREATE TABLE t (n integer CONSTRAINT positive CHECK (n > 0))"))
        with pytest.raises(psycopg2.IntegrityError) as caught:
            await database.run(rows("INSERT INTO t VALUES (0)"))
        assert constraint(caught.value) == "positive"
        with pytest.raises(psycopg2.ProgrammingError):
            await database.run(rows("SELECT nothing"))
        assert await sessions(database) == 1
    assert constraint(psycopg2.OperationalError()) == ""


async def test_locks_and_statements_have_deadlines(database_url: str) -> None:
    """A statement that takes too long, and a standby that takes no writes, are told as overloaded."""
    async with opened(database_url, connections=1) as database:
        settings = await database.run(
            rows("SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l")
        )
        assert settings == [{"s": "8s", "l": "4s"}]
        for sql in (
            "SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)",
            "SET TRANSACTION READ ONLY; CREATE TABLE t (n integer)",
        ):
            with pytest.raises(OverloadedError):
                await database.run(rows(sql))


async def test_an_address_where_nobody_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database that is not there is overloaded, in one line of the log, under the request's id."""
    seen: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(request_id.get())

    logger, keeper = logging.getLogger("chat_ws.database.postgres"), Keeper()
    logger.addHandler(keeper)
    token = request_id.set("r-9")
    async with opened(f"postgresql://u:password@/db?host={tmp_path}") as database:
        with pytest.raises(OverloadedError, match="not available"):
            await database.run(rows("SELECT 1"))
    request_id.reset(token)
    logger.removeHandler(keeper)
    assert seen == ["r-9"]
    [record] = caplog.records
    assert "\n" not in record.getMessage()
    assert "password" not in record.getMessage()


async def test_a_closed_pool_refuses(database_url: str) -> None:
    """What comes after the close is refused like a database that is away; every connection is gone."""
    async with opened(database_url) as database:
        await database.run(rows("SELECT 1"))
    for _ in range(5):
        with pytest.raises(OverloadedError, match="closed"):
            await database.run(rows("SELECT 1"))
    async with opened(database_url) as other:
        # The server's own process ends a moment after its connection.
        for _ in range(500):
            if await sessions(other) == 1:
                break
            await asyncio.sleep(0.01)
        assert await sessions(other) == 1


async def test_the_loop_goes_on_while_the_database_works(database_url: str) -> None:
    """Nothing of the driver runs in the event loop."""
    async with opened(database_url) as database:
        slow = asyncio.ensure_future(database.run(rows("SELECT pg_sleep(0.2)")))
        ticks = 0
        while not slow.done():
            await asyncio.sleep(0.001)
            ticks += 1
        assert ticks > 10


async def test_text_is_stored_as_it_is(database_url: str) -> None:
    """Any text but NUL comes back as it went in, also inside JSON."""
    text = "é\u2028\U0001f600\\u0000 %s ' \" \\"
    async with opened(database_url) as database:
        [row] = await database.run(rows("SELECT %s AS t, %s::jsonb AS j", text, json({"a": [text]})))
        assert (row["t"], row["j"]) == (text, {"a": [text]})


async def test_a_database_that_is_killed_and_comes_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    """While it is away every call is refused quickly; when it is back, the same pool works."""
    server = PostgresServer(Path(tmp_path_factory.mktemp("pg")))
    server.start()
    try:
        async with opened(server.url(), connections=2) as database:
            await asyncio.gather(*(database.run(rows("SELECT pg_sleep(0.02)")) for _ in range(2)))
            server.stop(signal.SIGKILL)
            for _ in range(3):
                with pytest.raises(OverloadedError):
                    await asyncio.wait_for(database.run(rows("SELECT 1")), 2)
            await asyncio.to_thread(server.start)
            assert await database.run(rows("SELECT 1 AS n")) == [{"n": 1}]
            assert await sessions(database) <= 2
    finally:
        server.stop()


async def test_a_server_that_takes_nothing_new_is_not_well(database_url: str) -> None:
    """It answers, and refuses to write: a ping says so from the first refusal on, until it writes again."""
    insert = rows("INSERT INTO t VALUES (1) RETURNING 1 AS one")
    async with opened(database_url) as database:
        await database.run(rows("CREATE TABLE t (n int)"))
        await database.ping()
        name = (await database.run(rows("SELECT current_database() AS name")))[0]["name"]
        await database.run(rows(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        with pytest.raises(OverloadedError):
            await database.run(kill_others_and_self)
        with pytest.raises(OverloadedError, match="takes nothing new"):
            await database.run(insert)

        for _ in range(2):
            with pytest.raises(OverloadedError, match="takes nothing new"):
                await database.ping()
        assert await database.run(rows("SELECT 1 AS one")) == [{"one": 1}]

        await database.run(
            rows(
                f'SET TRANSACTION READ WRITE; ALTER DATABASE "{name}" SET default_transaction_read_only = off'
            )
        )
        await database.ping()
        assert await database.run(insert) == [{"one": 1}]


async def test_a_full_disk_is_told_until_there_is_room(database_url: str) -> None:
    """What found no room is known to the next ping, which tries to write a little itself."""

    def finds_no_room(_: Cursor) -> None:
        raise psycopg2.errors.DiskFull

    async with opened(database_url) as database:
        with pytest.raises(OverloadedError, match="takes nothing new"):
            await database.run(finds_no_room)

        await database.ping()
        [row] = await database.run(rows("SELECT to_regclass('carrel_room') AS left"))

    assert row == {"left": None}
