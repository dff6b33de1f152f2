"""cli.doctor.verdicts.postgres: what a server's facts mean."""

from dataclasses import replace

import pytest

from cli.doctor.verdicts.postgres import Facts, failed, verdicts
from cli.findings import Colour, Finding

WELL = Facts(host="db.example", version=160004, first_ms=20, second_ms=10, latency_ms=1)


def lines(facts: Facts) -> dict[str, Finding]:
    return {finding.name: finding for finding in verdicts(facts)}


def test_a_good_server_is_green() -> None:
    """Login, version, rights, latency and idle behaviour, each a line."""
    found = lines(WELL)

    assert len(found) == 5
    assert {one.colour for one in found.values()} == {"green"}
    assert found["Postgres version"].found == "PostgreSQL 16.4"


@pytest.mark.parametrize(
    ("facts", "name", "colour"),
    [
        (replace(WELL, version=130011), "Postgres version", "red"),
        (replace(WELL, version=140000), "Postgres version", "green"),
        (replace(WELL, refused="may not"), "Postgres rights", "red"),
        (replace(WELL, refused="read-only"), "Postgres rights", "red"),
        (replace(WELL, latency_ms=120), "Postgres latency", "yellow"),
        (replace(WELL, first_ms=3000), "Postgres idle", "yellow"),
        (replace(WELL, host="ep-x.eu.aws.neon.tech"), "Postgres idle", "yellow"),
        (replace(WELL, pooling="transaction", idle_timeout_ms=60000), "Postgres idle", "green"),
    ],
)
def test_each_flaw_colours_its_own_line(facts: Facts, name: str, colour: Colour) -> None:
    """And no other one."""
    found = lines(facts)

    assert found[name].colour == colour
    assert {one.colour for one in found.values() if one.name != name} == {"green"}
    assert bool(found[name].fix) == (colour != "green")


def test_a_pooler_is_told() -> None:
    """In transaction mode, and how long idle sessions live."""
    told = lines(replace(WELL, pooling="transaction", idle_timeout_ms=60000))["Postgres idle"].found

    assert "transaction mode" in told
    assert "60 s" in told
    assert "keeps sessions" in lines(replace(WELL, pooling="session"))["Postgres idle"].found


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ('FATAL:  password authentication failed for user "a-secret"', "user or password"),
        ('FATAL:  role "a-secret" does not exist', "user of DATABASE_URL"),
        ('FATAL:  database "a-secret" does not exist', "database of DATABASE_URL"),
        ("server does not support SSL, but SSL was required", "TLS"),
        ("timeout expired", "in time"),
        ('connection to server at "a-secret" failed: Connection refused', "connected to"),
        ("a-secret went wrong", "cannot be logged in"),
    ],
)
def test_a_refused_login_tells_the_kind_and_no_value(reason: str, said: str) -> None:
    """The driver's text may name user, host and database: only what kind it is goes on."""
    found = failed(reason, needs=("reach of DATABASE_URL",))

    assert said in found.found
    assert found.fix
    assert "a-secret" not in f"{found}"
    assert found.needs == ("reach of DATABASE_URL",)
