"""PostgreSQL through psycopg2: a bounded pool of threads, each with a connection of its own.

Owns connections, their deadlines, and the translation of the driver's errors. Decides nothing about what is
stored. A request that finds all threads busy waits for a bounded time, then is refused as overloaded.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras

from chat_ws.database.deadlines import Deadlines
from chat_ws.ports import BusyError
from shared.errors import OverloadedError
from shared.tracing import span

_T = TypeVar("_T")
Connection = psycopg2.extensions.connection

_NO_WRITING = (psycopg2.errors.DiskFull, psycopg2.errors.ReadOnlySqlTransaction)
_WRITE = "CREATE TEMPORARY TABLE carrel_room ON COMMIT DROP AS SELECT 1 AS one"
"""Takes a page of the disk, and leaves nothing."""
_IDLE_CHECK_S = 30.0
_IDLE_CHECK_FOR_S = 3.0
_IDLE_MAX_S = 240.0
"""Servers and balancers drop what is idle for five minutes, often without a word."""
_MAX_WAITING = 500
_DEADLINE_S = 10.0
_CONFLICTS = 2
"""Deadlocks and the like after which work is done again: whoever it met is through by then."""
_IDLE = psycopg2.extensions.TRANSACTION_STATUS_IDLE
_OPTIONS = {
    "connect_timeout": "5",
    "application_name": "carrel",
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""Of a connection, where the address says nothing else."""
_SET = "SET LOCAL statement_timeout = 8000; SET LOCAL lock_timeout = 4000; SET LOCAL timezone = 'UTC';\n"
"""Goes with each transaction's first statement: behind a pooler in transaction mode what is set for a session
is set for whoever gets the server's connection next, and not for us."""
_log = logging.getLogger(__name__)


class Cursor(psycopg2.extras.RealDictCursor):
    """Rows as dicts; what begins a transaction goes in the same way there and back as its first statement."""

    beginning = ""
    committed = False
    watched: Callable[[], AbstractContextManager[None]] = nullcontext
    """Around each wait for the server."""

    def execute(self, query: Any, vars: Any = None) -> None:
        """Execute the statements of ``query``; rows are those of the last."""
        beginning, self.beginning = self.beginning, ""
        with self.watched():
            super().execute(beginning + query, vars)

    def finish(self, query: str, vars: Any = None) -> None:
        """Execute the last statements of a transaction and commit them, in one way there and back."""
        self.execute(f"{query}\nCOMMIT", vars)
        self.committed = True


class Database:
    """Runs functions, each in one transaction, on at most ``connections`` connections.

    ``queue_wait_s`` is how long one waits for its turn before it is refused; turns come in the order of
    asking. ``deadline_s`` is how long the server may say nothing before its connection is given up.
    """

    def __init__(
        self, url: str, *, connections: int, queue_wait_s: float = 5.0, deadline_s: float = _DEADLINE_S
    ) -> None:
        self._options = _OPTIONS | psycopg2.extensions.parse_dsn(url)
        self._queue_wait_s, self._deadline_s = queue_wait_s, deadline_s
        self._deadlines = Deadlines()
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="postgres")
        self._free = asyncio.Semaphore(connections)
        self._idle: list[tuple[Connection, float]] = []
        self._guard = threading.Lock()
        self._away = self._refuses_writes = False
        self.connections, self.in_use, self.waiting = connections, 0, 0
        self.refused: Counter[tuple[str]] = Counter()
        """What was not done, by why: ``busy`` or ``away``."""

    @property
    def given_up(self) -> int:
        """How many connections said nothing until their deadline."""
        return self._deadlines.passed

    async def run(self, work: Callable[[Cursor], _T], *, endless: bool = False) -> _T:
        """Run ``work`` in a transaction, in a thread; commit when it returns, roll back when it raises.

        ``endless`` work has no deadline here; it sets the server's timeouts aside by itself.

        ``work`` must be idempotent: when a kept connection turns out to be gone, it is run once more on a
        new one, and whether the first transaction was committed is not known then.

        Raises
        ------
        OverloadedError
            When the database cannot be reached, broke off, or all connections stay busy. What was done
            may be committed all the same, as after any lost connection.
        """
        deadline_s = None if endless else self._deadline_s
        return await self._in_thread(partial(_in_transaction, work=work), deadline_s)

    async def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Any]:
        """Run the statements of ``sql`` as one transaction, in one way there and back; as :meth:`run` else.

        Returned are the rows of the last one, if it has any.
        """
        return await self._in_thread(partial(_at_once, sql=sql, values=values), self._deadline_s)

    async def ping(self) -> None:
        """Ask whether the server can be worked with; after it refused to write, whether it does again.

        Raises
        ------
        OverloadedError
            When it cannot.
        """
        if self._refuses_writes:
            # Who may make no tables of his own finds out by the next question.
            with contextlib.suppress(psycopg2.errors.InsufficientPrivilege):
                await self.rows(_WRITE)
            self._refuses_writes = False
        await self.rows("SELECT 1")

    async def _in_thread(self, work: Callable[[Cursor], _T], deadline_s: float | None) -> _T:
        with span("database", {"db.system.name": "postgresql"}, kind="client"):
            return await self._in_turn(work, deadline_s)

    async def _in_turn(self, work: Callable[[Cursor], _T], deadline_s: float | None) -> _T:
        await self._take_turn()
        try:
            future = self._threads.submit(copy_context().run, self._transaction, work, deadline_s)
        except RuntimeError as error:
            self._free.release()
            raise OverloadedError("The database is closed: the service ends") from error
        # Released by the thread's end, not the caller's: a caller that goes away frees no thread.
        wrapped = asyncio.wrap_future(future)
        self.in_use += 1
        wrapped.add_done_callback(self._thread_ended)
        return await asyncio.shield(wrapped)

    async def _take_turn(self) -> None:
        if self.waiting >= _MAX_WAITING:
            self.refused["busy",] += 1
            raise BusyError("Too many wait for a database connection", retry_after_ms=1000)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._queue_wait_s):
                await self._free.acquire()
        except TimeoutError:
            self.refused["busy",] += 1
            raise BusyError("All database connections are busy", retry_after_ms=1000) from None
        finally:
            self.waiting -= 1

    def _thread_ended(self, done: "asyncio.Future[Any]") -> None:
        self.in_use -= 1
        self._free.release()
        # Asked for in any case, so that it is seen: the caller may have gone away.
        if not done.cancelled() and isinstance(done.exception(), OverloadedError):
            self.refused["away",] += 1

    async def close(self) -> None:
        """Close every connection, after what runs has ended."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        self._drop_idle()
        await asyncio.get_running_loop().run_in_executor(None, self._deadlines.close)

    def _transaction(self, work: Callable[[Cursor], _T], deadline_s: float | None) -> _T:
        try:
            result = self._persistently(work, deadline_s)
        except (psycopg2.Error, TimeoutError) as error:
            if not _away(error):
                raise
            # Once when it goes, once when it is back: what happens between is told to each who asked.
            _log.log(logging.DEBUG if self._away else logging.WARNING, "database: %s", first_line(error))
            self._away = True
            if isinstance(error, _NO_WRITING):
                self._refuses_writes = True
                raise OverloadedError("The database takes nothing new", retry_after_ms=1000) from error
            raise OverloadedError("The database is not available", retry_after_ms=1000) from error
        if self._away:
            self._away = False
            _log.info("database: answers again")
        return result

    def _persistently(self, work: Callable[[Cursor], _T], deadline_s: float | None) -> _T:
        for _ in range(_CONFLICTS):
            with contextlib.suppress(psycopg2.extensions.TransactionRollbackError):
                return self._twice(work, deadline_s)
        return self._twice(work, deadline_s)

    def _twice(self, work: Callable[[Cursor], _T], deadline_s: float | None) -> _T:
        if (kept := self._take()) is not None:
            try:
                return self._attempt(kept, work, deadline_s)
            except psycopg2.Error:
                if not kept.closed:
                    raise
        return self._attempt(self._connect(), work, deadline_s)

    def _attempt(self, connection: Connection, work: Callable[[Cursor], _T], deadline_s: float | None) -> _T:
        try:
            with connection.cursor(cursor_factory=Cursor) as cursor:
                cursor.watched = partial(self._deadlines.within, connection, deadline_s)
                return work(cursor)
        except psycopg2.errors.ReadOnlySqlTransaction:
            connection.close()  # it has become a standby: another connection may find the new primary
            raise
        finally:
            self._give_back(connection)

    def _take(self) -> Connection | None:
        """Return a kept connection that is most likely alive, or None."""
        while True:
            with self._guard:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            idle_s = time.monotonic() - since
            if idle_s < _IDLE_CHECK_S:
                return connection
            if idle_s < _IDLE_MAX_S and self._alive(connection):
                return connection
            connection.close()
            if idle_s < _IDLE_MAX_S:
                self._drop_idle()

    def _alive(self, connection: Connection) -> bool:
        try:
            with self._deadlines.within(connection, _IDLE_CHECK_FOR_S), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (psycopg2.Error, TimeoutError):
            return False
        return True

    def _give_back(self, connection: Connection) -> None:
        if not connection.closed and connection.info.transaction_status != _IDLE:
            connection.close()
            return
        if connection.closed:
            self._drop_idle()
            return
        with self._guard:
            self._idle.append((connection, time.monotonic()))

    def _drop_idle(self) -> None:
        """One connection was found dead: the others are older and most likely gone too."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _connect(self) -> Connection:
        connection: Connection = psycopg2.connect(**self._options)
        # We begin and commit ourselves: the driver would take one more way there and back for it.
        connection.autocommit = True
        return connection


def _in_transaction(cursor: Cursor, work: Callable[[Cursor], _T]) -> _T:
    cursor.beginning = f"BEGIN; {_SET}"
    try:
        result = work(cursor)
        if cursor.beginning:
            return result
        if not cursor.committed:
            cursor.execute("COMMIT")
        if cursor.statusmessage != "COMMIT":
            raise psycopg2.InternalError("work went on after an error: nothing of it was committed")
    except BaseException:
        if not cursor.connection.closed:
            with contextlib.suppress(psycopg2.Error):
                cursor.execute("ROLLBACK")
        raise
    return result


def _at_once(cursor: Cursor, sql: str, values: Mapping[str, Any] | None) -> list[Any]:
    # Several statements that are sent together are a transaction of their own.
    cursor.beginning = _SET
    cursor.execute(sql, values)
    return list(cursor.fetchall()) if cursor.description else []


def broken_off(error: Exception) -> bool:
    """Return whether ``error`` is about the way to the server or its end, and not about what it was asked."""
    # Bare where there is no SQLSTATE, which whatever a server says has: the connection went in between.
    away = (psycopg2.OperationalError, psycopg2.InterfaceError)
    return isinstance(error, away) or type(error) is psycopg2.DatabaseError


def _away(error: Exception) -> bool:
    """Return whether ``error`` means that another try may go better: on another connection, or later."""
    return isinstance(error, (TimeoutError, psycopg2.errors.ReadOnlySqlTransaction)) or broken_off(error)


def first_line(error: Exception) -> str:
    """Return what ``error`` says, as far as it may be told: in 200 characters at most."""
    # The rest of a driver's message may quote the statement's parameters, or a row.
    return str(error).strip().split("\n", 1)[0][:200] or type(error).__name__


def constraint(error: psycopg2.Error) -> str:
    """Return the name of the constraint that ``error`` violated, or an empty string."""
    return (error.diag.constraint_name or "") if isinstance(error, psycopg2.IntegrityError) else ""


def json(value: Any) -> Any:
    """Return ``value`` as a jsonb parameter."""
    return psycopg2.extras.Json(value)
