"""The secrets that nobody set: made once, kept in the data folder, never shown."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cli.supervision.layout import Layout, private_dir

GENERATED = ("ADMIN_API_KEY", "SESSION_SECRET", "INTERNAL_TOKEN")
"""What is made when it is not set."""


def ensure(layout: Layout, environment: Mapping[str, str]) -> None:
    """Make each generated secret that ``environment`` does not set and the data folder does not hold."""
    private_dir(layout.secrets)
    for name in GENERATED:
        path = path_of(layout, name)
        if not environment.get(name) and not path.exists():
            _write_once(path, secrets.token_urlsafe(32))


def read(layout: Layout, name: str) -> str:
    """Return the secret kept under ``name``, or an empty string."""
    try:
        return path_of(layout, name).read_text("ascii").strip()
    except FileNotFoundError:
        return ""


def path_of(layout: Layout, name: str) -> Path:
    """Return where the secret ``name`` is kept."""
    return layout.secrets / name.lower()


def _write_once(path: Path, value: str) -> None:
    # Whole or not at all: a half-written secret would lock everybody out after a crash.
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
