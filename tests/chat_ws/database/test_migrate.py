import asyncio

import pytest

from chat_ws.database.migrate import migrate
from chat_ws.database.postgres import Database
from chat_ws.database.queries import migrations
from tests.support.chat_fakes import NOW
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.integration
NAMES = [migration.name for migration in migrations()]


def applied(server: PostgresServer, url: str) -> list[tuple[int, str]]:
    name = url.split("/")[3].split("?")[0]
    found = server.execute("SELECT number, name FROM carrel_migrations ORDER BY number", database=name)
    return [(row[0], row[1]) for row in found]


async def test_the_schema_is_made_once(postgres_server: PostgresServer, database_url: str) -> None:
    """The first start applies every migration, the second none."""
    database = Database(database_url, connections=1)
    assert await migrate(database, now=NOW) == NAMES
    assert await migrate(database, now=NOW) == []
    await database.close()
    assert applied(postgres_server, database_url) == list(enumerate(NAMES, start=1))


async def test_starters_at_the_same_time_do_not_meet(
    postgres_server: PostgresServer, database_url: str
) -> None:
    """However many processes start at once, each migration is applied by exactly one of them."""
    databases = [Database(database_url, connections=2) for _ in range(4)]
    done = await asyncio.gather(*(migrate(database, now=NOW) for database in databases))
    for database in databases:
        await database.close()
    assert sorted(name for names in done for name in names) == sorted(NAMES)
    assert applied(postgres_server, database_url) == list(enumerate(NAMES, start=1))
