"""The conversations of a database as a file, and back: what a backup holds of them.

Owns the format: lines of JSON that name tables and columns, PostgreSQL's own COPY text between them, and a
last line with the counts. It is the same from and to every server of version 14 or later. A dump is one
snapshot; a restore is one transaction, in which the schema is made as it was and then brought up to date.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import psycopg2
import psycopg2.extensions

from chat_ws.database.migrate import apply
from chat_ws.database.postgres import Connection, Cursor, broken_off, first_line
from chat_ws.database.queries import functions, load, migrations, tables
from shared.errors import InvalidRequestError, NotEmptyError, OverloadedError

FORMAT = 1
KEPT = ("conversations", "messages", "runs", "feedback")
"""The tables in a dump, each behind those it refers to."""
LEFT_OUT = ("replicas", "carrel_migrations")
"""What says who is at work now, and what the schema is."""
_TURN = 0x43415252454C42  # "CARRELB"; the advisory lock's key
_END_OF_ROWS = b"\\.\n"
_PIECE = 64 * 1024
_OPTIONS = {"connect_timeout": "10", "application_name": "carrel backup", "client_encoding": "utf8"}
_OPTIONS |= {"keepalives_idle": "30", "keepalives_interval": "5", "keepalives_count": "3"}
_LOCK_WAIT = "15s"


@dataclass(frozen=True)
class Dumped:
    """What is in a dump: the number of the last migration, and the rows of each table."""

    migration: int
    rows: Mapping[str, int]


@contextmanager
def turn(url: str) -> Iterator[bool]:
    """Tell whether it is our turn to make or restore a backup of this database: others wait for the end.

    It is a transaction's lock, which holds through a pooler too, and ends with its process.
    """
    with _transaction(url) as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s) AS ours", (_TURN,))
        yield bool(cursor.fetchall()[0]["ours"])


def is_new(url: str) -> bool:
    """Return whether no Carrel has used this database before.

    Raises
    ------
    OverloadedError
        When it cannot be reached.
    """
    with _transaction(url) as cursor:
        return _migration(cursor) is None


def has_conversations(url: str) -> bool:
    """Return whether there are conversations in this database."""
    with _transaction(url) as cursor:
        return _has_conversations(cursor)


def dump(url: str, file: BinaryIO) -> Dumped:
    """Write all conversations to ``file``, as they are at one moment.

    Raises
    ------
    OverloadedError
        When the database cannot be reached or broke off.
    InvalidRequestError
        When there is no schema yet, or a newer Carrel made it.
    """
    with _transaction(url, isolation="REPEATABLE READ") as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        migration = _migration(cursor)
        if migration is None:
            raise InvalidRequestError("The database has no tables of Carrel yet")
        _check_known(migration, "the database")
        _say(file, {"carrel": "conversations", "format": FORMAT, "migration": migration})
        rows = {table: _dump_table(cursor, table, file) for table in KEPT if _exists(cursor, table)}
        _say(file, {"end": rows})
    return Dumped(migration, rows)


def restore(url: str, file: BinaryIO, *, replace: bool, now: datetime) -> Dumped:
    """Make the conversations of ``file`` those of the database, whole or not at all.

    Raises
    ------
    NotEmptyError
        If there are conversations already, and ``replace`` is not said.
    InvalidRequestError
        If ``file`` is not a whole dump of a version that is known.
    OverloadedError
        When the database cannot be reached, or a table stays in use.
    """
    said = _read(file)
    if said.get("carrel") != "conversations" or said.get("format") != FORMAT:
        raise InvalidRequestError(f"This is no dump of conversations of format {FORMAT}")
    migration = int(said["migration"])
    _check_known(migration, "the dump")
    with _transaction(url) as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'; SET LOCAL statement_timeout = 0")
        if not replace and _has_conversations(cursor):
            reason = "There are conversations already: they are replaced only where that is asked for"
            raise NotEmptyError(reason)
        _drop(cursor)
        for step in migrations()[:migration]:
            apply(cursor, migration=step, now=now)
        rows = _restore_tables(cursor, file)
        for step in migrations()[migration:]:
            apply(cursor, migration=step, now=now)
    return Dumped(migration, rows)


@contextmanager
def _transaction(url: str, *, isolation: str = "READ COMMITTED") -> Iterator[Cursor]:
    """Open a connection for one transaction, committed at the end; the driver's errors become ours."""
    try:
        options = _OPTIONS | psycopg2.extensions.parse_dsn(url)
        with closing(psycopg2.connect(**options)) as connection:
            connection.set_session(isolation_level=isolation)
            yield from _in(connection)
    except psycopg2.Error as error:
        if broken_off(error):
            raise OverloadedError(f"The database is not available: {first_line(error)}") from error
        raise InvalidRequestError(f"The database refused it: {first_line(error)}") from error


def _in(connection: Connection) -> Iterator[Cursor]:
    with connection, connection.cursor(cursor_factory=Cursor) as cursor:
        yield cursor


def _check_known(migration: int, what: str) -> None:
    if migration > len(migrations()):
        raise InvalidRequestError(f"A newer version of Carrel made {what}: use that version")


def _migration(cursor: Cursor) -> int | None:
    """The number of the last migration; None where there is no schema."""
    if not _exists(cursor, "carrel_migrations"):
        return None
    cursor.execute("SELECT max(m.number) AS last FROM carrel_migrations AS m")
    last: int | None = cursor.fetchall()[0]["last"]
    return last


def _exists(cursor: Cursor, table: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL AS there", (table,))
    return bool(cursor.fetchall()[0]["there"])


def _has_conversations(cursor: Cursor) -> bool:
    if not _exists(cursor, "conversations"):
        return False
    cursor.execute("SELECT EXISTS (SELECT FROM conversations) AS some")
    return bool(cursor.fetchall()[0]["some"])


def _dump_table(cursor: Cursor, table: str, file: BinaryIO) -> int:
    cursor.execute(load("dump")["kept_columns"], {"table": table})
    columns = [row["name"] for row in cursor.fetchall()]
    _say(file, {"table": table, "columns": columns})
    cursor.copy_expert(f"COPY {table} ({_names(columns)}) TO STDOUT", file)
    rows = cursor.rowcount
    file.write(_END_OF_ROWS)
    return rows


def _restore_tables(cursor: Cursor, file: BinaryIO) -> dict[str, int]:
    rows: dict[str, int] = {}
    while "end" not in (said := _read(file)):
        table, columns = str(said.get("table")), said.get("columns")
        if table not in KEPT or table in rows or not isinstance(columns, list):
            raise InvalidRequestError("The dump holds a table that this version does not know")
        source = _Rows(file)
        cursor.copy_expert(f"COPY {table} ({_names(columns)}) FROM STDIN", source)
        if source.cut:
            raise InvalidRequestError("The dump is not whole")
        rows[table] = cursor.rowcount
    if said["end"] != rows or file.readline():
        raise InvalidRequestError("The dump is not whole")
    cursor.execute(load("dump")["counted_columns"], {"tables": list(rows)})
    for column in cursor.fetchall():
        cursor.execute(load("dump")["count_on"].format(**column), {"sequence": column["sequence"]})
    return rows


def _names(columns: list[Any]) -> str:
    return ", ".join('"' + str(name).replace('"', '""') + '"' for name in columns)


def _drop(cursor: Cursor) -> None:
    """Remove what every migration made, whichever were applied."""
    cursor.execute(f"DROP TABLE IF EXISTS {', '.join((*tables(), 'carrel_migrations'))}")
    for function in functions():
        cursor.execute(f"DROP FUNCTION IF EXISTS {function}")


def _say(file: BinaryIO, said: Mapping[str, Any]) -> None:
    file.write(json.dumps(said).encode("ascii") + b"\n")


def _read(file: BinaryIO) -> dict[str, Any]:
    try:
        said = json.loads(file.readline(_PIECE))
    except ValueError:
        raise InvalidRequestError("The dump is not whole") from None
    if not isinstance(said, dict):
        raise InvalidRequestError("The dump is not whole")
    return said


class _Rows:
    """The rows of one table, as the driver reads them from a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._ended = file, False
        self.cut = False
        """Whether the file ended before the table did: the driver would not let an error through."""

    def read(self, size: int = _PIECE) -> bytes:
        """Return about ``size`` bytes, whole rows; nothing at the end of the table."""
        piece = bytearray()
        while not self._ended and len(piece) < size:
            row = self._file.readline()
            if row in (b"", _END_OF_ROWS):
                self._ended, self.cut = True, not row
            else:
                piece += row
        return bytes(piece)

    def readline(self, size: int = _PIECE) -> bytes:
        """Return the same: the driver asks for the method, and uses :meth:`read`."""
        return self.read(size)
