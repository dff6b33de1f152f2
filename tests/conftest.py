"""What tests of several rooms share: a real PostgreSQL, started once, and a fresh database for each test."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from tests.support.postgres import PostgresServer

# Tests assert no times: on a busy machine an example may take as long as it likes.
settings.register_profile("carrel", deadline=None)
settings.load_profile("carrel")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The embedded PostgreSQL, running."""
    server = PostgresServer(Path(tmp_path_factory.mktemp("pg")))
    server.start()
    # Nothing here outlives the tests; a crash of the server itself is tested with servers of their own.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.execute(f"ALTER SYSTEM SET {setting} = off")
    server.execute("SELECT pg_reload_conf()")
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = f"test_{uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")
