"""Makes one backup: conversations, index, settings, and last the manifest that makes them one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chat_ws.database.dump import dump
from cli.backups.folder import Folder
from cli.backups.names import CONVERSATIONS, INDEX, SETTINGS, Manifest, Part, backup_id
from cli.backups.served_index import ServedIndex
from cli.backups.settings import BackupSettings
from shared import __version__


@dataclass(frozen=True)
class Source:
    """What is backed up: the database at ``url``, the index, and the settings that hold no secret."""

    url: str
    index: ServedIndex
    settings: Mapping[str, str]


def source_of(settings: BackupSettings, kept: Mapping[str, str]) -> Source:
    """Return what ``settings`` lead to; nothing is opened yet."""
    index = ServedIndex(settings.index_url, token=settings.internal_token.get_secret_value())
    return Source(settings.database_url.get_secret_value(), index, kept)


def make(source: Source, folder: Folder, *, now: datetime) -> Manifest:
    """Write a backup into ``folder``; what was written of one that fails is removed.

    Conversations are those of one moment, and so is the index, a little later.

    Raises
    ------
    CarrelError
        If the database or the retriever cannot be read.
    OSError
        If the folder cannot be written to.
    """
    id = backup_id(now)
    try:
        return _written(id, source, folder)
    except FileExistsError:
        raise  # somebody else's, begun in the same second
    except BaseException:
        folder.discard(id)
        raise


def _written(id: str, source: Source, folder: Folder) -> Manifest:
    parts: dict[str, Part] = {}
    with folder.writing(id, CONVERSATIONS, parts) as file:
        dumped = dump(source.url, file)
    with folder.writing(id, INDEX, parts) as file:
        source.index.export(file)
    report = source.index.report()
    with folder.writing(id, SETTINGS, parts) as file:
        file.write(json.dumps(source.settings, indent=2).encode() + b"\n")
    manifest = Manifest(
        id=id,
        version=__version__,
        migration=dumped.migration,
        conversations=dumped.rows.get("conversations", 0),
        messages=dumped.rows.get("messages", 0),
        documents=report.documents,
        chunks=report.chunks,
        parts=parts,
    )
    folder.finish(manifest)
    return manifest


def told(manifest: Manifest) -> str:
    """Return what is in a backup, in one line."""
    size = sum(part.bytes for part in manifest.parts.values()) / 1e6
    return (
        f"{manifest.conversations} conversations with {manifest.messages} messages, "
        f"{manifest.documents} documents in {manifest.chunks} chunks, {size:.1f} MB"
    )
