"""``carrel backup`` and ``carrel restore``: one backup now, and back from one, with Carrel running."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer

from chat_ws.database.dump import has_conversations, turn
from cli.backups.folder import Folder
from cli.backups.making import Source, make, source_of, told
from cli.backups.names import INDEX, BrokenBackupError, Manifest, named
from cli.backups.restoring import NothingSoundError, conversations, newest_sound, other_settings, unknown
from cli.backups.served_index import ServedIndex
from cli.backups.settings import BackupSettings
from cli.terminal import complain, line
from shared.contracts.retriever import IndexImport
from shared.errors import CarrelError, NotEmptyError, OverloadedError

DONE, FAILED, REFUSED = 0, 1, 2
"""Exit codes."""


def backup(path: Path, *, keep: int | None, settings: BackupSettings, kept: Mapping[str, str]) -> int:
    """Make a backup in ``path`` and remove all but the newest ``keep``; return the exit code."""
    folder, source = Folder(path), source_of(settings, kept)

    def work() -> int:
        folder.prepare()
        now = datetime.now(UTC)
        with _turn(source):
            manifest = make(source, folder, now=now)
            gone = folder.tidy(keep=keep, now=now) if keep is not None else []
        typer.echo(line(f"{manifest.id}: {told(manifest)}"))
        if gone:
            typer.echo(f"{len(gone)} files of older backups removed")
        return DONE

    return _complaining(work)


def restore(
    path: Path, wanted: str | None, *, replace: bool, settings: BackupSettings, kept: Mapping[str, str]
) -> int:
    """Restore a backup of ``path``, the newest whole one or the ``wanted``; return the exit code."""
    folder, source = Folder(path), source_of(settings, kept)

    def work() -> int:
        manifest = _chosen(folder, wanted)
        with _turn(source):
            if not replace:
                _require_empty(source)
            dumped = conversations(folder, manifest, url=source.url, replace=replace)
            said = f"{dumped.rows['conversations']} conversations with {dumped.rows['messages']} messages"
            typer.echo(f"{manifest.id}: restored {said}")
            put = _put(folder, manifest, source.index, replace=replace)
            typer.echo(f"{manifest.id}: restored {put.documents} documents in {put.chunks} chunks")
        if others := other_settings(folder, manifest, now=kept):
            typer.echo(f"settings that were others then, and are left as they are: {', '.join(others)}")
        return DONE

    return _complaining(work)


def _chosen(folder: Folder, wanted: str | None) -> Manifest:
    if wanted is None:
        manifest = newest_sound(folder)
        if manifest is None:
            raise NothingSoundError(f"{folder.path} holds no backup")
        return manifest
    id = named(Path(wanted).name)
    manifest = folder.check(id)
    if problem := unknown(manifest):
        raise BrokenBackupError(f"{id}: {problem}")
    return manifest


def _put(folder: Folder, manifest: Manifest, index: ServedIndex, *, replace: bool) -> IndexImport:
    try:
        with folder.reading(manifest.id, INDEX) as file:
            return index.put(file, replace=replace)
    except CarrelError:
        complain("the conversations are restored, the index is as it was: once more with --replace")
        raise


def _require_empty(source: Source) -> None:
    """Both halves, before either is touched."""
    for what, there in (
        ("conversations", has_conversations(source.url)),
        ("documents", source.index.report().documents > 0),
    ):
        if there:
            raise NotEmptyError(f"There are {what} already: they are replaced only where that is asked for")


@contextmanager
def _turn(source: Source) -> Iterator[None]:
    with turn(source.url) as ours:
        if not ours:
            raise OverloadedError("Another backup is being made or restored: wait for its end")
        yield


def _complaining(work: Callable[[], int]) -> int:
    try:
        return work()
    except (NothingSoundError, BrokenBackupError) as error:
        complain(str(error))
        return REFUSED
    except NotEmptyError as error:
        complain(f"{error.detail} (--replace)")
        return REFUSED
    except CarrelError as error:
        complain(error.detail)
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}")
    return FAILED
