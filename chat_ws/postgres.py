"""PostgreSQL through psycopg2: a bounded pool of threads, each with a connection of its own.

Owns connections, their deadlines, and the translation of the driver's errors. Decides nothing about what is
stored. A request that finds all threads busy waits for a bounded time, then is refused as overloaded.
"""

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras

from shared.errors import OverloadedError

_T = TypeVar("_T")
Connection = psycopg2.extensions.connection
Cursor = psycopg2.extras.RealDictCursor

_AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.errors.ReadOnlySqlTransaction)
_CONNECT_TIMEOUT_S = 5
_IDLE_CHECK_S = 30.0
_STATEMENT_TIMEOUT_MS = 8_000
_LOCK_TIMEOUT_MS = 4_000
_log = logging.getLogger(__name__)


class Database:
    """Runs functions, each in one transaction, on at most ``connections`` connections.

    ``queue_wait_s`` is how long one waits for its turn before it is refused.
    """

    def __init__(self, url: str, *, connections: int, queue_wait_s: float = 5.0) -> None:
        self._url, self._queue_wait_s = url, queue_wait_s
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="postgres")
        self._free = asyncio.Semaphore(connections)
        self._idle: list[tuple[Connection, float]] = []
        self._guard = threading.Lock()
        self._away = False
        self.connections, self.in_use, self.waiting = connections, 0, 0
        self.refused: Counter[tuple[str]] = Counter()
        """What was not done, by why: ``busy`` or ``away``."""

    async def run(self, work: Callable[[Cursor], _T]) -> _T:
        """Run ``work`` in a transaction, in a thread; commit when it returns, roll back when it raises.

        ``work`` must be idempotent: when a kept connection turns out to be gone, it is run once more on a
        new one, and whether the first transaction was committed is not known then.

        Raises
        ------
        OverloadedError
            When the database cannot be reached, broke off, or all connections stay busy. What was done
            may be committed all the same, as after any lost connection.
        """
        await self._take_turn()
        try:
            future = self._threads.submit(copy_context().run, self._transaction, work)
        except RuntimeError as error:
            self._free.release()
            raise OverloadedError("The database is closed: the service ends") from error
        # Released by the thread's end, not the caller's: a caller that goes away frees no thread.
        wrapped = asyncio.wrap_future(future)
        self.in_use += 1
        wrapped.add_done_callback(self._thread_ended)
        return await asyncio.shield(wrapped)

    async def _take_turn(self) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(self._queue_wait_s):
                await self._free.acquire()
        except TimeoutError:
            self.refused["busy",] += 1
            raise OverloadedError("All database connections are busy", retry_after_ms=1000) from None
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
        with self._guard:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _transaction(self, work: Callable[[Cursor], _T]) -> _T:
        try:
            result = self._twice(work)
        except _AWAY as error:
            # Once when it goes, once when it is back: what happens between is told to each who asked.
            _log.log(logging.DEBUG if self._away else logging.WARNING, "database: %s", _first_line(error))
            self._away = True
            raise OverloadedError("The database is not available", retry_after_ms=1000) from error
        if self._away:
            self._away = False
            _log.info("database: answers again")
        return result

    def _twice(self, work: Callable[[Cursor], _T]) -> _T:
        kept = self._take()
        if kept is not None:
            try:
                return self._attempt(kept, work)
            except psycopg2.Error:
                if not kept.closed:
                    raise
        return self._attempt(self._connect(), work)

    def _attempt(self, connection: Connection, work: Callable[[Cursor], _T]) -> _T:
        try:
            with connection, connection.cursor(cursor_factory=Cursor) as cursor:
                return work(cursor)
        finally:
            self._give_back(connection)

    def _take(self) -> Connection | None:
        """Return a kept connection that is most likely alive, or None."""
        while True:
            with self._guard:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < _IDLE_CHECK_S or _alive(connection):
                return connection

    def _give_back(self, connection: Connection) -> None:
        if connection.closed:
            # The server ended it: the others are older and most likely gone too.
            with self._guard:
                idle, self._idle = self._idle, []
            for other, _ in idle:
                other.close()
            return
        with self._guard:
            self._idle.append((connection, time.monotonic()))

    def _connect(self) -> Connection:
        connection: Connection = psycopg2.connect(
            self._url,
            connect_timeout=_CONNECT_TIMEOUT_S,
            application_name="carrel",
            keepalives_idle=30,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=15_000,
        )
        try:
            _prepare(connection)
        except psycopg2.Error:
            connection.close()
            raise
        return connection


def _prepare(connection: Connection) -> None:
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", (str(_STATEMENT_TIMEOUT_MS),))
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", (str(_LOCK_TIMEOUT_MS),))
        cursor.execute("SELECT set_config('timezone', 'UTC', false)")
    connection.autocommit = False


def _alive(connection: Connection) -> bool:
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        connection.close()
        return False
    return True


def _first_line(error: Exception) -> str:
    # The rest of a driver's message may quote the statement's parameters.
    return str(error).strip().split("\n", 1)[0][:200] or type(error).__name__


def constraint(error: psycopg2.Error) -> str:
    """Return the name of the constraint that ``error`` violated, or an empty string."""
    return (error.diag.constraint_name or "") if isinstance(error, psycopg2.IntegrityError) else ""


def json(value: Any) -> Any:
    """Return ``value`` as a jsonb parameter."""
    return psycopg2.extras.Json(value)
