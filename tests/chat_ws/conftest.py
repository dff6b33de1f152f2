"""The two histories, for the tests of all that they promise."""

from collections.abc import AsyncIterator

import pytest

from chat_ws.app import new_id
from chat_ws.database.history import PostgresHistory
from chat_ws.database.migrate import migrate
from chat_ws.database.postgres import Database
from chat_ws.ports import History
from tests.support.chat_fakes import NOW, Clock, MemoryHistory


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the schema in it."""
    made = Database(database_url, connections=6)
    await migrate(made, now=NOW)
    yield made
    await made.close()


@pytest.fixture
def clock() -> Clock:
    """The clock of the history."""
    return Clock()


@pytest.fixture
def stored_history(database: Database, clock: Clock) -> PostgresHistory:
    """The history in PostgreSQL."""
    return PostgresHistory(database, clock=clock, new_id=new_id, replica_id="replica_1")


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
def history(request: pytest.FixtureRequest, clock: Clock) -> History:
    """Each of the two histories: what is promised is promised by both."""
    if request.param == "memory":
        return MemoryHistory(clock)
    found: History = request.getfixturevalue("stored_history")
    return found
