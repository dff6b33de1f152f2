"""The files of a backup: their names, the manifest that makes them one, and which of them go.

Owns when a folder holds a backup: when the manifest is there, which is written last. Files only ever get new
names, because a mounted bucket can neither replace nor rename. Pure.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

FORMAT = 1
CONVERSATIONS, INDEX, SETTINGS = "conversations.gz", "index.gz", "settings.json"
PARTS = (CONVERSATIONS, INDEX, SETTINGS)
MANIFEST = "manifest.json"
LEFTOVER_AGE = timedelta(hours=6)
"""A backup without a manifest that is older is being written by nobody."""
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(rf"(carrel-(\d{{8}}T\d{{6}}Z))\.({'|'.join(map(re.escape, (*PARTS, MANIFEST)))})")


class BrokenBackupError(ValueError):
    """This is no whole backup, or none that this version can read; the text says why."""


@dataclass(frozen=True)
class Part:
    """One file of a backup, as it was written."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds."""

    id: str
    version: str
    """Of Carrel."""
    migration: int
    """The schema's, of the conversations."""
    conversations: int
    messages: int
    documents: int
    chunks: int
    parts: Mapping[str, Part]
    format: int = FORMAT


def backup_id(now: datetime) -> str:
    """Return the name of the backup that is begun ``now``."""
    return f"carrel-{now.astimezone(UTC).strftime(_TIME)}"


def made_at(id: str) -> datetime:
    """Return when the backup ``id`` was begun."""
    return datetime.strptime(id.removeprefix("carrel-"), _TIME).replace(tzinfo=UTC)


def file_name(id: str, part: str) -> str:
    """Return the name of a file of the backup ``id``."""
    return f"{id}.{part}"


def encode(manifest: Manifest) -> bytes:
    """Return ``manifest`` as the bytes of its file."""
    return json.dumps(asdict(manifest), indent=2).encode() + b"\n"


def decode(content: bytes, *, id: str) -> Manifest:
    """Read back the manifest of the backup ``id``.

    Raises
    ------
    BrokenBackupError
        If it is none, of another backup, or of a newer format.
    """
    try:
        said = json.loads(content)
        if said["format"] > FORMAT:
            raise BrokenBackupError("a newer version of Carrel made it: use that version")
        parts = {name: Part(int(part["bytes"]), str(part["sha256"])) for name, part in said["parts"].items()}
        manifest = Manifest(**said | {"parts": parts})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, BrokenBackupError):
            raise
        raise BrokenBackupError("its manifest is not whole") from None
    if manifest.id != id or set(parts) != set(PARTS):
        raise BrokenBackupError("its manifest is not its own")
    return manifest


def finished(names: Iterable[str]) -> list[str]:
    """Return the ids of the backups that have a manifest, the newest first."""
    return sorted({match[1] for match in _ours(names) if match[3] == MANIFEST}, reverse=True)


def named(wanted: str) -> str:
    """Return the id that a person means by a backup's id or one of its files.

    Raises
    ------
    BrokenBackupError
        If it is neither.
    """
    match = _NAME.fullmatch(wanted) or _NAME.fullmatch(file_name(wanted, MANIFEST))
    if match is None:
        raise BrokenBackupError("is not the name of a backup, such as carrel-20261127T120000Z")
    return match[1]


def superseded(names: Iterable[str], *, keep: int) -> list[str]:
    """Return the files of all backups but the newest ``keep``, each manifest before its parts."""
    names = list(names)
    old = set(finished(names)[keep:])
    return _in_order(match for match in _ours(names) if match[1] in old)


def leftovers(names: Iterable[str], *, now: datetime) -> list[str]:
    """Return the files of backups that were never finished and never will be."""
    names = list(names)
    whole = set(finished(names))
    found = (match for match in _ours(names) if match[1] not in whole)
    return _in_order(match for match in found if made_at(match[1]) < now - LEFTOVER_AGE)


def due_in(ids: Iterable[str], *, now: datetime, interval: timedelta) -> timedelta:
    """Return how long it is until the next backup; nothing where it is time, or the clock was set back."""
    newest = max(map(made_at, ids), default=None)
    if newest is None or newest > now:
        return timedelta()
    return max(newest + interval - now, timedelta())


def _ours(names: Iterable[str]) -> Iterable[re.Match[str]]:
    # A date that no calendar has is nobody's backup.
    for match in map(_NAME.fullmatch, names):
        if match is not None and _is_time(match[2]):
            yield match


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(text, _TIME)
    except ValueError:
        return False
    return True


def _in_order(matches: Iterable[re.Match[str]]) -> list[str]:
    return sorted((match[0] for match in matches), key=lambda name: not name.endswith(MANIFEST))
