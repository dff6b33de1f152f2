"""The named queries of ``sql/``, and the numbered migrations beside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_MIGRATION = re.compile(r"(\d{4})_(pre|post)_(\w+)\.sql")


@dataclass(frozen=True)
class Migration:
    """One step of the schema: ``pre`` before the code that needs it, ``post`` after the code it outlives."""

    number: int
    name: str
    sql: str


def parse(text: str) -> dict[str, str]:
    """Return the queries of ``text`` by name."""
    parts = _NAME.split(text)
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))


def load(name: str = "queries") -> Mapping[str, str]:
    """Return every named query of the file ``name``."""
    return parse((files("chat_ws.database") / "sql" / f"{name}.sql").read_text("utf-8"))


def migrations(folder: Traversable | None = None) -> list[Migration]:
    """Return every migration of ``folder`` (ours) in its order; their numbers run from 1 without a gap."""
    found = []
    for entry in (folder or files("chat_ws.database") / "sql" / "migrations").iterdir():
        if (match := _MIGRATION.fullmatch(entry.name)) is not None:
            found.append(Migration(int(match[1]), entry.name, entry.read_text("utf-8")))
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are not numbered 1, 2, 3, ...")
    return found


def tables() -> list[str]:
    """Return the name of every table that a migration makes."""
    return _made("TABLE")


def functions() -> list[str]:
    """Return the name of every function that a migration makes."""
    return _made("FUNCTION")


def _made(kind: str) -> list[str]:
    pattern = re.compile(rf"^CREATE {kind} (\w+)", re.MULTILINE)
    return [name for step in migrations() for name in pattern.findall(step.sql)]
