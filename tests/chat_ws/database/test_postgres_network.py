"""The pool over a network that misbehaves: silent, cut, slow; a pooler between; TLS."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from chat_ws.database.address import database_address
from chat_ws.database.migrate import migrate
from chat_ws.database.postgres import Cursor, Database
from chat_ws.database.queries import migrations
from shared.errors import OverloadedError
from tests.support.certificate import write_certificate
from tests.support.chat_fakes import BEGIN, DONE, END, NOW, QUERIES, RESULTS, START, Answerer, delta
from tests.support.chat_service import ask, chatting, rest
from tests.support.pooler import Pooler
from tests.support.postgres import PostgresServer
from tests.support.tcp_proxy import Side, TcpProxy

pytestmark = pytest.mark.integration


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Database]:
    database = Database(url, **{"connections": 3, "deadline_s": 0.3} | options)
    try:
        yield database
    finally:
        await database.close()


def one(cursor: Cursor) -> int:
    cursor.execute("SELECT 1 AS n")
    row = cursor.fetchone()
    assert row is not None
    return int(row["n"])


@pytest.fixture
def proxy(postgres_server: PostgresServer) -> Iterator[TcpProxy]:
    """A proxy in front of the server."""
    with TcpProxy(postgres_server.socket).running() as running:
        yield running


@pytest.fixture
def through(postgres_server: PostgresServer, proxy: TcpProxy, database_url: str) -> str:
    """The database's address through the proxy."""
    return postgres_server.url_at(proxy.port, database_url)


@pytest.mark.parametrize("sides", [("up",), ("down",), ("up", "down")])
async def test_a_silent_network_is_given_up(through: str, proxy: TcpProxy, sides: tuple[Side, ...]) -> None:
    """A server that is not heard any more costs its callers one deadline, and no thread for ever."""
    async with opened(through, connections=2) as database:
        assert list(await asyncio.gather(database.run(one), database.run(one))) == [1, 1]
        proxy.stall(*sides)
        calls = [database.run(one) for _ in range(2)]
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(answer, OverloadedError)
        assert database.given_up == 2
        proxy.heal()
        assert await database.run(one) == 1
        assert database.in_use == 0


async def test_idle_connections_that_became_silent_cost_no_error(through: str, proxy: TcpProxy) -> None:
    """One that was idle is tried briefly; all that are as old go with it, and the caller is served."""
    async with opened(through, deadline_s=30) as database:
        await asyncio.gather(*(database.run(one) for _ in range(3)))
        kept = len(database._idle)
        database._idle[:] = [(connection, since - 100) for connection, since in database._idle]
        stalled = proxy.accepted

        def heal_for_new_ones(side: Side, _: bytes) -> None:
            if proxy.accepted > stalled:
                proxy._set(type(proxy._manners)())

        proxy.on_bytes = heal_for_new_ones
        proxy.stall()
        assert await database.run(one) == 1
        assert proxy.accepted == stalled + 1
        assert kept >= 1
        assert database.given_up == 1


async def test_what_was_idle_for_minutes_is_not_used(through: str, proxy: TcpProxy) -> None:
    """Servers that suspend after five idle minutes are met by a new connection, not by a dead one."""
    async with opened(through, connections=1) as database:
        await database.run(one)
        database._idle[:] = [(connection, since - 1000) for connection, since in database._idle]
        assert await database.run(one) == 1
        assert proxy.accepted == 2


@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_a_connection_that_ends_costs_nobody_an_error(through: str, proxy: TcpProxy, how: str) -> None:
    """Cut in order or reset, between two transactions: the next one has another connection."""
    async with opened(through) as database:
        await asyncio.gather(*(database.run(one) for _ in range(3)))
        getattr(proxy, how)()
        assert await asyncio.gather(*(database.run(one) for _ in range(3))) == [1, 1, 1]


async def test_a_commit_whose_confirmation_is_lost(
    through: str, proxy: TcpProxy, database_url: str, postgres_server: PostgresServer
) -> None:
    """Cut when the commit is on its way: the work is done once more, and finds what it did."""

    def insert(cursor: Cursor) -> int:
        cursor.execute("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING")
        return cursor.rowcount

    async with opened(through, connections=1) as database:
        await database.run(lambda cursor: cursor.execute("CREATE TABLE t (n integer PRIMARY KEY)"))
        cuts = [True]

        def cut_at_commit(side: Side, data: bytes) -> None:
            if side == "down" and b"COMMIT\0" in data and cuts:
                cuts.pop()
                proxy._end_all(True)

        proxy.on_bytes = cut_at_commit
        assert await database.run(insert) == 0
        assert not cuts
    assert postgres_server.execute("SELECT n FROM t", database=database_url.split("/")[3].split("?")[0]) == [
        (1,)
    ]


async def test_commits_of_a_question_and_its_answer(through: str, proxy: TcpProxy) -> None:
    """One for the question, one for the finished answer, however many parts it has: not one for each."""
    said = bytearray()
    parts = [delta(f"{number} ") for number in range(500)]
    async with (
        chatting(through, Answerer([START, QUERIES, RESULTS, BEGIN, *parts, DONE, END])) as chat,
        chat.socket() as socket,
    ):
        proxy.on_bytes = lambda side, data: said.extend(data) if side == "down" else None
        await ask(socket)
        frames = await rest(socket)
    assert len(frames) > 500
    # A growing answer is kept each second, so a busy machine sees some more.
    assert 2 <= said.count(b"Z\0\0\0\5I") < 20


async def test_a_slow_network_is_only_slow(through: str, proxy: TcpProxy) -> None:
    """Latency, and answers that come byte by byte, change no result."""
    async with opened(through, deadline_s=10) as database:
        proxy.behave(latency_s=0.01, trickle_bytes=1)
        assert await asyncio.gather(*(database.run(one) for _ in range(6))) == [1] * 6


async def test_a_server_that_refuses_connections(through: str, proxy: TcpProxy) -> None:
    """Told as overloaded, and over as soon as it takes connections again."""
    async with opened(through) as database:
        proxy.behave(refusing=True)
        with pytest.raises(OverloadedError):
            await database.run(one)
        proxy.heal()
        assert await database.run(one) == 1


async def test_too_many_that_wait_are_refused_at_once(database_url: str) -> None:
    """Waiting is bounded in number as in time, and turns come in the order of asking."""
    order: list[int] = []

    def noted(number: int) -> Any:
        def work(cursor: Cursor) -> None:
            order.append(number)
            one(cursor)

        return work

    async with opened(database_url, connections=1, deadline_s=30, queue_wait_s=30) as database:
        calls = [asyncio.ensure_future(database.run(noted(number))) for number in range(501)]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="Too many wait"):
            await database.run(one)
        await asyncio.gather(*calls)
    assert order == sorted(order)
    assert database.refused["busy",] == 1


async def test_a_pooler_in_transaction_mode(postgres_server: PostgresServer, database_url: str) -> None:
    """Timeouts hold in every transaction, whichever session it gets, and are left behind in none."""

    def look(cursor: Cursor) -> tuple[int, str, str]:
        cursor.execute(
            "SELECT pg_backend_pid() AS p, current_setting('statement_timeout') AS s,"
            " current_setting('lock_timeout') AS l"
        )
        row = cursor.fetchone()
        assert row is not None
        return row["p"], row["s"], row["l"]

    async with Pooler(postgres_server.socket).running() as pooler:
        url = postgres_server.url_at(pooler.port, database_url)
        async with opened(url, connections=1, deadline_s=10) as database:
            seen = [await database.run(look) for _ in range(4)]
            assert len({pid for pid, _, _ in seen}) == 2
            assert {(s, lock) for _, s, lock in seen} == {("8s", "4s")}

        def bare() -> str:
            connection = psycopg2.connect(url)
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT current_setting('statement_timeout')")
                    return str(cursor.fetchall()[0][0])
            finally:
                connection.close()

        assert {await asyncio.to_thread(bare) for _ in range(2)} == {"0"}


async def test_two_starters_behind_a_pooler(postgres_server: PostgresServer, database_url: str) -> None:
    """Migrations hold their lock for a transaction: two replicas that start at once apply each once."""
    async with Pooler(postgres_server.socket, sessions=3).running() as pooler:
        url = postgres_server.url_at(pooler.port, database_url)
        async with opened(url, deadline_s=10) as one_, opened(url, deadline_s=10) as other:
            done = await asyncio.gather(migrate(one_, now=NOW), migrate(other, now=NOW))
    assert sorted(name for names in done for name in names) == [m.name for m in migrations()]


async def test_a_deadlock_is_done_again(database_url: str) -> None:
    """The one that the server picks as the victim runs once more; both are done."""
    async with opened(database_url, connections=2, deadline_s=30) as database:
        await database.run(
            lambda cursor: cursor.execute("CREATE TABLE t (n integer); INSERT INTO t VALUES (1), (2)")
        )
        await asyncio.gather(*(database.run(one) for _ in range(2)))
        barrier = threading.Barrier(2)
        attempts: list[int] = []

        def both(first: int, second: int) -> Any:
            def work(cursor: Cursor) -> None:
                attempts.append(first)
                cursor.execute("SET LOCAL deadlock_timeout = '10ms'")
                cursor.execute("SELECT n FROM t WHERE n = %s FOR UPDATE", (first,))
                if attempts.count(first) == 1:
                    barrier.wait(10)
                cursor.execute("SELECT n FROM t WHERE n = %s FOR UPDATE", (second,))

            return work

        await asyncio.gather(database.run(both(1, 2)), database.run(both(2, 1)))
    assert len(attempts) == 3


async def test_work_that_goes_on_after_an_error_is_not_told_as_done(database_url: str) -> None:
    """The server rolls back what is committed after an error; that is no success."""

    def careless(cursor: Cursor) -> None:
        with suppress(psycopg2.Error):
            cursor.execute("SELECT nothing")

    async with opened(database_url) as database:
        with pytest.raises(psycopg2.InternalError, match="nothing of it was committed"):
            await database.run(careless)
        assert await database.run(one) == 1


async def test_tls_as_the_address_says(
    postgres_server: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    """``require`` encrypts, ``verify-full`` wants the right certificate and name; nothing falls back."""
    chain, key = write_certificate(tmp_path, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, key)
    async with Pooler(postgres_server.socket, tls=tls).running() as pooler:

        async def encrypted(query: str, host: str = "localhost") -> bool:
            url = postgres_server.url_at(pooler.port, database_url, f"?hostaddr=127.0.0.1{query}")
            url = database_address(url.replace("@127.0.0.1", f"@{host}"))
            async with opened(url, deadline_s=10) as database:
                assert await database.run(one) == 1
            return pooler.encrypted[-1]

        assert not await encrypted("&sslmode=disable")
        assert await encrypted("&sslmode=require")
        assert await encrypted("&ssl=true")
        assert await encrypted(f"&sslmode=verify-full&sslrootcert={chain}")
        before = len(pooler.encrypted)
        with pytest.raises(OverloadedError):
            await encrypted(f"&sslmode=verify-full&sslrootcert={chain}", host="elsewhere.example")
        assert len(pooler.encrypted) == before


async def test_a_server_without_tls_gets_no_plain_text(through: str, proxy: TcpProxy) -> None:
    """``sslmode=require`` ends where the server has no TLS; no word of the session passed in plain."""
    said: list[bytes] = []
    proxy.on_bytes = lambda side, data: said.append(data)
    async with opened(f"{through}?sslmode=require") as database:
        with pytest.raises(OverloadedError):
            await database.run(one)
    assert not any(b"carrel" in data for data in said)
    async with opened(through) as database:
        assert await database.run(one) == 1
    assert any(b"carrel" in data for data in said)
