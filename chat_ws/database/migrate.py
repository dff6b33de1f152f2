"""Brings the database's schema up to date, forward only, once, whoever else is starting at the same time."""

from datetime import datetime
from functools import partial

from chat_ws.database.postgres import Cursor, Database
from chat_ws.database.queries import Migration, migrations

_LOCK = 0x43415252454C  # "CARREL"; the advisory lock's key


async def migrate(database: Database, *, now: datetime) -> list[str]:
    """Apply the migrations that are missing, each in its own transaction; return their names.

    Raises
    ------
    OverloadedError
        When the database cannot be reached; what was applied stays applied.
    """
    applied = []
    for migration in migrations():
        step = partial(apply, migration=migration, now=now)
        if await database.run(step, endless=True):
            applied.append(migration.name)
    return applied


def apply(cursor: Cursor, *, migration: Migration, now: datetime) -> bool:
    """Apply ``migration`` in the transaction of ``cursor``; return False where it was applied before."""
    cursor.execute("SET LOCAL lock_timeout = 0")
    cursor.execute("SET LOCAL statement_timeout = 0")
    # Of the transaction, not of the session: it holds through a pooler in transaction mode too.
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS carrel_migrations"
        " (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)"
    )
    cursor.execute("SELECT m.name FROM carrel_migrations AS m WHERE m.number = %s", (migration.number,))
    if cursor.fetchone() is not None:
        return False
    cursor.execute(migration.sql)
    cursor.execute(
        "INSERT INTO carrel_migrations (number, name, applied_at) VALUES (%s, %s, %s)",
        (migration.number, migration.name, now),
    )
    return True
