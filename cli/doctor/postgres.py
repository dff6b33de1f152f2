"""Logs in to the database that DATABASE_URL names, or to the embedded one while it runs.

Nothing is left there: the table that tries the rights is made in a transaction that is rolled back.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import parse_dsn

from cli.doctor.reach import line_of
from cli.doctor.verdicts.postgres import GROUP, LOGIN, Facts, Pooling, failed, verdicts
from cli.findings import Finding
from cli.supervision.layout import Layout
from cli.supervision.postgres import MAJOR

_OPTIONS = {"connect_timeout": "5", "application_name": "carrel doctor", "tcp_user_timeout": "5000"}
_LOOKS = 5


def check(url: str) -> list[Finding]:
    """Return what there is to say of the server at ``url``."""
    try:
        return list(verdicts(facts(url)))
    except psycopg2.Error as error:
        return [failed(str(error), needs=(line_of("DATABASE_URL"),))]


def check_embedded(layout: Layout, *, in_use: bool) -> list[Finding]:
    """Return what there is to say of the embedded database, which runs while Carrel does."""
    if in_use:
        return check(layout.database_url)
    version = layout.postgres / "PG_VERSION"
    try:
        made_by = version.read_text().strip()
    except FileNotFoundError:
        return [Finding(GROUP, LOGIN, "green", "embedded: it is made at the first start")]
    except OSError as error:
        fix = "make DATA_DIR readable by the user who starts Carrel"
        return [Finding(GROUP, LOGIN, "red", f"embedded: it cannot be read ({error.strerror})", fix)]
    if made_by != MAJOR:
        fix = f"move it into a PostgreSQL {MAJOR} with pg_dump, or set DATA_DIR to another folder"
        return [Finding(GROUP, LOGIN, "red", f"embedded: it is PostgreSQL {made_by}'s", fix)]
    return [Finding(GROUP, LOGIN, "green", f"embedded: PostgreSQL {made_by}, at rest")]


def facts(url: str) -> Facts:
    """Return what the server at ``url`` is like.

    Raises
    ------
    psycopg2.Error
        If it does not let us in, or breaks off.
    """
    with _login(url) as (first, first_ms), _login(url) as (second, second_ms):
        return Facts(
            host=parse_dsn(url).get("host", ""),
            version=first.server_version,
            first_ms=first_ms,
            second_ms=second_ms,
            latency_ms=median(_timed(first) for _ in range(_LOOKS)),
            refused=_refused(first),
            pooling=_pooling(first, second),
            idle_timeout_ms=_idle_timeout_ms(first),
        )


@contextmanager
def _login(url: str) -> Iterator[tuple[Connection, float]]:
    began = time.monotonic()
    with closing(psycopg2.connect(**(_OPTIONS | parse_dsn(url)))) as connection:
        connection.autocommit = True
        _ask(connection, "SELECT 1")
        yield connection, (time.monotonic() - began) * 1000


def _timed(connection: Connection) -> float:
    began = time.monotonic()
    _ask(connection, "SELECT 1")
    return (time.monotonic() - began) * 1000


def _refused(connection: Connection) -> str:
    """Return why a table cannot be made, or nothing."""
    table = f"carrel_doctor_{uuid4().hex}"
    try:
        _ask(connection, f"BEGIN; SET LOCAL statement_timeout = 4000; CREATE TABLE {table} (n int)")
    except psycopg2.errors.ReadOnlySqlTransaction:
        return "read-only"
    except (psycopg2.errors.InsufficientPrivilege, psycopg2.errors.InvalidSchemaName):
        return "may not"
    finally:
        _ask(connection, "ROLLBACK")
    return ""


def _pooling(first: Connection, second: Connection) -> Pooling:
    """Tell what stands in between: a pooler makes up the process ids that the driver is told.

    One in transaction mode gives the server's session of ``first`` to ``second`` while ``first`` rests.
    """
    process, *others = (_process(first) for _ in range(_LOOKS))
    if any(other != process for other in others):
        return "transaction"
    if process == first.info.backend_pid:
        return "none"
    # Held by the second, the session cannot be the first's: it gets another one then.
    _ask(second, "BEGIN")
    try:
        shared = _process(second) == process or _process(first) != process
        return "transaction" if shared else "session"
    finally:
        _ask(second, "ROLLBACK")


def _process(connection: Connection) -> int:
    return int(_ask(connection, "SELECT pg_backend_pid()"))


def _idle_timeout_ms(connection: Connection) -> int:
    told = _ask(connection, "SELECT setting FROM pg_settings WHERE name = 'idle_session_timeout'")
    return int(told or 0)


def _ask(connection: Connection, sql: str) -> Any:
    """Return the first value of the answer, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None
