"""Starts one program of ``supervisord.conf`` with the environment that is its own.

``python -m cli.supervision.launch NAME`` strips every secret that is not of the program's, adds those kept in
the data folder, and ``exec``s, so that signals reach the program itself.
"""

import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.supervision import secrets
from cli.supervision.layout import Layout
from cli.supervision.parent import die_with_parent

PROGRAMS: Mapping[str, tuple[str, frozenset[str]]] = {
    "gateway": (
        "gateway",
        frozenset({"SESSION_SECRET", "ADMIN_API_KEY", "INTERNAL_TOKEN", "REDIS_URL"}),
    ),
    "retriever": (
        "retriever",
        frozenset({"QDRANT_URL", "QDRANT_API_KEY", "COHERE_API_KEY", "INTERNAL_TOKEN", "REDIS_URL"}),
    ),
    "chat_ws": ("chat_ws", frozenset({"DATABASE_URL", "INTERNAL_TOKEN", "REDIS_URL"})),
    "postgres": ("cli.supervision.postgres", frozenset()),
    "backup": ("cli.backups.keeper", frozenset({"DATABASE_URL", "INTERNAL_TOKEN"})),
    "watchdog": ("cli.supervision.watchdog", frozenset()),
}
"""Each program's module and the secrets it may hold."""

_SECRETS = frozenset().union(*(names for _, names in PROGRAMS.values()))
# Also what the platform or the owner put there for something else: it is no business of ours.
# Tokens in the plural are counted: COHERE_MONTHLY_TOKENS.
_LOOKS_SECRET = re.compile(r"TOKEN(?!S)|SECRET|PASSWORD|PASSWD|PGPASS|API_?KEY|PRIVATE_KEY|CREDENTIAL", re.I)


def is_secret(name: str) -> bool:
    """Return whether the variable ``name`` holds a secret."""
    return name in _SECRETS or _LOOKS_SECRET.search(name) is not None


def environment(name: str, inherited: Mapping[str, str], layout: Layout) -> dict[str, str]:
    """Return the environment of program ``name``: ``inherited`` without other programs' secrets."""
    _, own = PROGRAMS[name]
    env = {key: value for key, value in inherited.items() if key in own or not is_secret(key)}
    for key in own & set(secrets.GENERATED):
        if not env.get(key):
            env[key] = secrets.read(layout, key)
    if "DATABASE_URL" in own and not env.get("DATABASE_URL"):
        env["DATABASE_URL"] = layout.database_url
    return env


def main() -> None:
    """Become the program that the first argument names."""
    name = sys.argv[1]
    die_with_parent(signal.SIGTERM)
    layout = Layout(Path(os.environ["DATA_DIR"]))
    command = [sys.executable, "-m", PROGRAMS[name][0]]
    os.execve(sys.executable, command, environment(name, os.environ, layout))  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main()
