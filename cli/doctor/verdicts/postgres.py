"""What is to be said of a PostgreSQL server: its version, rights, nearness, and what it does when idle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cli.findings import Colour, Finding

GROUP = "Postgres"
LOGIN = "Postgres login"
OLDEST = 140000
_FAR_MS = 50.0
_WOKEN_MS = 1000.0
_SLEEPERS = {
    ".neon.tech": "Neon suspends a database after five minutes without use",
    ".supabase.co": "Supabase pauses a free project after a week without use",
    ".supabase.com": "Supabase pauses a free project after a week without use",
    ".render.com": "Render ends free databases after a month",
}
Pooling = Literal["none", "session", "transaction"]


@dataclass(frozen=True)
class Facts:
    """What a probe found after it had logged in."""

    host: str
    version: int
    """As the server tells it: 160004 is 16.4."""
    first_ms: float
    """To log in for the first time."""
    second_ms: float
    """To log in once more."""
    latency_ms: float
    """The median of one way there and back."""
    refused: str = ""
    """Why no table could be made; empty where one could."""
    pooling: Pooling = "none"
    idle_timeout_ms: int = 0
    """After which the server ends idle sessions; 0 is never."""


def failed(reason: str, *, needs: tuple[str, ...]) -> Finding:
    """Return the line of a login that failed with the driver's ``reason``, of which only the kind is told."""
    said = reason.lower()
    for sign, told, fix in _REASONS:
        if sign in said:
            return Finding(GROUP, LOGIN, "red", told, fix, needs)
    told = "the server cannot be logged in to"
    return Finding(GROUP, LOGIN, "red", told, "see that DATABASE_URL is the provider's own address", needs)


_REASONS = (
    (
        "password authentication failed",
        "user or password of DATABASE_URL are refused",
        "copy DATABASE_URL anew from the provider; escape @ / ? # % in the password",
    ),
    ("no password supplied", "DATABASE_URL has no password", "put the password into DATABASE_URL"),
    ("role", "the user of DATABASE_URL does not exist", "correct the user in DATABASE_URL"),
    (
        "database",
        "the database of DATABASE_URL does not exist",
        "make it, or correct its name in DATABASE_URL",
    ),
    ("certificate", "the server's certificate is not accepted", "set sslrootcert, or sslmode=require"),
    (
        "ssl",
        "the server and DATABASE_URL do not agree on TLS",
        "set sslmode in DATABASE_URL as the provider says",
    ),
    (
        "too many",
        "the server has no connection left",
        "lower DATABASE_CONNECTIONS, or use the provider's pooler",
    ),
    ("timeout", "the server does not answer in time", "see that it runs, and that this machine may reach it"),
    ("pg_hba", "the server lets nobody in from here", "let this machine's address in at the provider"),
    ("connection", "the server cannot be connected to", "see that DATABASE_URL names a server that runs"),
)


def verdicts(facts: Facts) -> Iterator[Finding]:
    """Yield what is to be said of a server that lets us in."""
    yield Finding(GROUP, LOGIN, "green", f"logged in within {facts.first_ms:.0f} ms")
    yield _version(facts)
    yield _rights(facts)
    yield _latency(facts)
    yield _idle(facts)


def _version(facts: Facts) -> Finding:
    told = f"PostgreSQL {facts.version // 10000}.{facts.version % 10000}"
    if facts.version >= OLDEST:
        return Finding(GROUP, "Postgres version", "green", told)
    return Finding(GROUP, "Postgres version", "red", told, "have it upgraded: 14 is the oldest that will do")


def _rights(facts: Facts) -> Finding:
    name = "Postgres rights"
    if not facts.refused:
        return Finding(GROUP, name, "green", "tables can be made (one was, and taken back)")
    if facts.refused == "read-only":
        fix = "give the address of the primary in DATABASE_URL, not of a replica"
        return Finding(GROUP, name, "red", "the database is read-only", fix)
    fix = "GRANT CREATE, USAGE ON SCHEMA public to the user of DATABASE_URL"
    return Finding(GROUP, name, "red", "the user may not make tables", fix)


def _latency(facts: Facts) -> Finding:
    told = f"one way there and back takes {facts.latency_ms:.1f} ms"
    if facts.latency_ms <= _FAR_MS:
        return Finding(GROUP, "Postgres latency", "green", told)
    fix = "each question waits for it: put the database into a region near this machine"
    return Finding(GROUP, "Postgres latency", "yellow", told, fix)


def _idle(facts: Facts) -> Finding:
    told = [_POOLING[facts.pooling]]
    sleeper = next((what for end, what in _SLEEPERS.items() if facts.host.endswith(end)), "")
    woken = facts.first_ms > facts.second_ms + _WOKEN_MS
    if woken:
        told.append(
            f"it seems to have slept: {facts.first_ms:.0f} ms for the first login, then "
            f"{facts.second_ms:.0f} ms"
        )
    if sleeper:
        told.append(sleeper)
    if facts.idle_timeout_ms:
        told.append(f"it ends sessions idle for {facts.idle_timeout_ms / 1000:g} s, which Carrel makes anew")
    fix = "the first question after a pause waits for it, or fails: a plan that stays awake does not"
    asleep = woken or bool(sleeper)
    colour: Colour = "yellow" if asleep else "green"
    return Finding(GROUP, "Postgres idle", colour, "; ".join(told), fix if asleep else "")


_POOLING: dict[Pooling, str] = {
    "none": "no pooler in between",
    "session": "through a pooler that keeps sessions",
    "transaction": "through a pooler in transaction mode, which Carrel is made for",
}
