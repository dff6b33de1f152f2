"""cli.doctor.postgres: a real server, in front of it a pooler, and servers that do not let us in."""

import asyncio
from pathlib import Path

import pytest

from cli.doctor.postgres import check, check_embedded, facts
from cli.findings import Finding
from cli.supervision.layout import Layout
from tests.support.pooler import Pooler
from tests.support.ports import free_ports
from tests.support.postgres import PostgresServer


def colours(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.colour for finding in findings}


@pytest.mark.integration
def test_a_real_server_is_green(database_url: str, postgres_server: PostgresServer) -> None:
    """Login, version, rights, latency, idle; and the table that was tried is not there."""
    assert set(colours(check(database_url)).values()) == {"green"}
    name = database_url.split("/")[3].split("?")[0]
    assert postgres_server.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=name
    ) == [(0,)]


@pytest.mark.integration
def test_a_user_without_rights_is_red(database_url: str, postgres_server: PostgresServer) -> None:
    """Who may not make tables cannot run Carrel; the other lines are green."""
    postgres_server.execute("CREATE ROLE reader LOGIN")
    try:
        found = colours(check(database_url.replace("//carrel@", "//reader@")))
    finally:
        postgres_server.execute("DROP ROLE reader")

    assert {name for name, colour in found.items() if colour == "red"} == {"Postgres rights"}


@pytest.mark.integration
def test_a_read_only_database_is_red(database_url: str, postgres_server: PostgresServer) -> None:
    """As a replica is."""
    name = database_url.split("/")[3].split("?")[0]
    postgres_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    assert colours(check(database_url))["Postgres rights"] == "red"


@pytest.mark.integration
async def test_a_pooler_in_transaction_mode_is_told(
    postgres_server: PostgresServer, database_url: str
) -> None:
    """Another of the server's sessions with each transaction."""
    async with Pooler(postgres_server.socket).running() as pooler:
        found = await asyncio.to_thread(facts, postgres_server.url_at(pooler.port, database_url))

    assert found.pooling == "transaction"


@pytest.mark.integration
def test_a_direct_server_has_no_pooler(database_url: str) -> None:
    """Its process is the one the driver was told."""
    found = facts(database_url)

    assert (found.pooling, found.refused, found.idle_timeout_ms) == ("none", "", 0)
    assert found.version >= 140000


@pytest.mark.integration
def test_an_unknown_database_is_one_red_line(database_url: str) -> None:
    """With the fix, and without the address."""
    (finding,) = check(database_url.replace("/test_", "/other_"))

    assert (finding.colour, "does not exist" in finding.found) == ("red", True)


def test_a_closed_port_follows_from_the_network() -> None:
    """A login that nobody answers needs the line of the network."""
    (finding,) = check(f"postgresql://u:a-secret@127.0.0.1:{free_ports(1)[0]}/d")

    assert (finding.colour, finding.needs) == ("red", ("reach of DATABASE_URL",))
    assert "a-secret" not in f"{finding}"


@pytest.mark.integration
def test_the_embedded_one_is_asked_while_it_runs(tmp_path: Path) -> None:
    """At rest its version is read, running it is logged in to; before the first start it is not there."""
    layout = Layout(tmp_path)
    (before,) = check_embedded(layout, in_use=False)
    server = PostgresServer(tmp_path)
    server.start()
    try:
        running = check_embedded(layout, in_use=True)
    finally:
        server.stop()
    (rest,) = check_embedded(layout, in_use=False)

    assert "first start" in before.found
    assert len(running) == 5
    assert {one.colour for one in running} == {"green"}
    assert "at rest" in rest.found


def test_a_folder_of_another_version_is_red(tmp_path: Path) -> None:
    """It could not be opened."""
    layout = Layout(tmp_path)
    layout.postgres.mkdir()
    (layout.postgres / "PG_VERSION").write_text("15\n")

    assert check_embedded(layout, in_use=False)[0].colour == "red"
