"""Chooses a backup and restores from it, each half whole or not at all."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from chat_ws.database.dump import Dumped, restore
from chat_ws.database.queries import migrations
from cli.backups.folder import Folder
from cli.backups.names import CONVERSATIONS, SETTINGS, BrokenBackupError, Manifest

_log = logging.getLogger(__name__)


class NothingSoundError(Exception):
    """There are backups, and none can be used; the text names the newest and why."""


def newest_sound(folder: Folder) -> Manifest | None:
    """Return the newest backup that is whole; each newer one that is not is a line of the log.

    None where there are no backups.

    Raises
    ------
    NothingSoundError
        If there are some, and none is whole, or a newer version of Carrel made the newest.
    """
    reasons = []
    for id in folder.finished():
        try:
            manifest = folder.check(id)
        except BrokenBackupError as error:
            _log.warning("backup %s cannot be used, the one before it is taken: %s", id, error)
            reasons.append(f"{id}: {error}")
            continue
        if problem := unknown(manifest):
            raise NothingSoundError(f"{id}: {problem}")
        return manifest
    if reasons:
        raise NothingSoundError(reasons[0])
    return None


def unknown(manifest: Manifest) -> str:
    """Return why this version cannot restore a whole backup, or an empty string."""
    if manifest.migration > len(migrations()):
        return f"Carrel {manifest.version} made it, which is newer than this one: use that version"
    return ""


def conversations(folder: Folder, manifest: Manifest, *, url: str, replace: bool) -> Dumped:
    """Restore the conversations of a backup that was checked; errors are those of ``restore``."""
    with folder.reading(manifest.id, CONVERSATIONS) as file:
        return restore(url, file, replace=replace, now=datetime.now(UTC))


def other_settings(folder: Folder, manifest: Manifest, *, now: Mapping[str, str]) -> list[str]:
    """Return the names of settings that were others when the backup was made."""
    with folder.reading(manifest.id, SETTINGS) as file:
        then: dict[str, str] = json.load(file)
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
