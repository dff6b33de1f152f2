"""Restores the newest backup before the first start: ``carrel up`` runs it, while no service runs yet.

Owns when: a half of the state (conversations, index) that no Carrel has used before is restored, one that is
there never is. A restore that was interrupted is owed, and goes on at the next start.
"""

import asyncio
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Event
from typing import TypeVar

from chat_ws.database.dump import is_new, turn
from cli.backups.folder import Folder
from cli.backups.names import INDEX, Manifest
from cli.backups.restoring import NothingSoundError, conversations, newest_sound
from cli.backups.settings import BackupSettings, environment
from cli.supervision.layout import Layout
from cli.supervision.parent import die_with_parent
from cli.supervision.watchdog import answers_postgres
from retriever.app import make_collections
from retriever.index.identity import wanted
from retriever.index.importing import Importing
from retriever.opening import OpeningStore
from retriever.settings import RetrieverSettings
from shared import logging as lines
from shared.durable import replace_text
from shared.errors import CarrelError, NotEmptyError, OverloadedError, UpstreamUnavailableError
from shared.settings import load, refuse
from shared.tasks import cancel, spawn

HALVES = ("conversations", "index")
PATIENCE_S = 30.0
"""How long an engine of one's own may be out of reach before the start goes on without a restore."""
_START_S = 120.0
_EVERY_S = 0.25
_PIECE = 256 * 1024
_log = logging.getLogger("cli.backups.boot")
_T = TypeVar("_T")


class Boot:
    """Restores what is new in the state that the settings lead to."""

    def __init__(
        self,
        settings: BackupSettings,
        retriever: RetrieverSettings,
        folder: Folder,
        *,
        embedded: bool,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url, self._retriever, self._folder = settings.database_url.get_secret_value(), retriever, folder
        self._layout, self._embedded, self._patience_s = Layout(settings.data_dir), embedded, patience_s
        self._owed = settings.data_dir / "restoring"

    def run(self) -> None:
        """Restore what is to be restored.

        Raises
        ------
        NothingSoundError
            If there are backups and none can be used.
        CarrelError
            If a restore broke off; it is owed.
        """
        if self._embedded:
            self._restore()
        elif self._patiently("the database", partial(is_new, self._url)) is not None and self._halves():
            self._in_turn()

    def _in_turn(self) -> None:
        """Of several containers that start over one database, one restores; the others find it done."""
        while True:
            with turn(self._url) as ours:
                if ours:
                    self._restore()
                    return
            Event().wait(1)

    def _restore(self) -> None:
        halves = self._halves()
        if not halves:
            return
        manifest = newest_sound(self._folder)
        if manifest is None:
            _log.info("BACKUP_DIR holds no backup: nothing is restored")
            return
        _log.info("restoring %s from backup %s", " and ".join(halves), manifest.id)
        self._owe(halves)
        for number, half in enumerate(halves, start=1):
            if half == HALVES[0]:
                self._conversations(manifest)
            else:
                asyncio.run(self._index(manifest))
            self._owe(halves[number:])
        self._owed.unlink()

    def _halves(self) -> list[str]:
        """What is to be restored: what is owed, else what no Carrel has used before."""
        if self._owed.exists():
            said = json.loads(self._owed.read_bytes())
            return [half for half in HALVES if half in said]
        halves = []
        if not self._layout.postgres.exists() if self._embedded else is_new(self._url):
            halves.append(HALVES[0])
        if self._patiently("the index", lambda: asyncio.run(self._has_index())) is False:
            halves.append(HALVES[1])
        return halves

    def _owe(self, halves: list[str]) -> None:
        replace_text(self._owed, json.dumps(halves))

    def _conversations(self, manifest: Manifest) -> None:
        with _running_postgres(self._layout) if self._embedded else nullcontext():
            try:
                rows = conversations(self._folder, manifest, url=self._url, replace=False).rows
            except NotEmptyError:
                _log.info("there are conversations already: they stay")
            else:
                _log.info("restored %d conversations, %d messages", rows["conversations"], rows["messages"])

    async def _has_index(self) -> bool:
        collections = await make_collections(self._retriever)
        try:
            return await collections.exist()
        finally:
            await collections.close()

    async def _index(self, manifest: Manifest) -> None:
        store = OpeningStore(partial(make_collections, self._retriever), target=wanted(None))
        opening = spawn(store.run(), name="open-index")
        try:
            await _opened(store)
            with self._folder.reading(manifest.id, INDEX) as file:
                importing = Importing(store, tick=lambda: time.time_ns() // 1000)
                put = await importing.take(_pieces(partial(file.read, _PIECE)), replace=False)
        except NotEmptyError:
            _log.info("there are documents already: they stay")
        else:
            _log.info("restored %d documents, %d chunks", put.documents, put.chunks)
        finally:
            await cancel(opening)
            await store.close()

    def _patiently(self, what: str, look: Callable[[], _T]) -> _T | None:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return look()
            except CarrelError as error:
                if time.monotonic() >= deadline:
                    _log.warning("%s is out of reach, so it is not restored: %s", what, error.detail)
                    return None
            Event().wait(_EVERY_S)


async def _opened(store: OpeningStore) -> None:
    try:
        async with asyncio.timeout(_START_S):
            await store.opened.wait()
    except TimeoutError:
        raise UpstreamUnavailableError(f"The index cannot be opened: {store.state.detail}") from None


async def _pieces(read: Callable[[], bytes]) -> AsyncIterator[bytes]:
    while piece := read():
        yield piece


def _takes_logins(layout: Layout) -> bool:
    """Whether the embedded database is there: it listens, and answers, before it lets anybody in."""
    if not answers_postgres(layout.run_dir, timeout_s=2):
        return False
    try:
        is_new(layout.database_url)
    except OverloadedError:
        return False
    return True


@contextmanager
def _running_postgres(layout: Layout) -> Iterator[None]:
    """Run the embedded database, as supervisord will."""
    command = [sys.executable, "-m", "cli.supervision.launch", "postgres"]
    process = subprocess.Popen(command, env=environment())
    try:
        deadline = time.monotonic() + _START_S
        while not _takes_logins(layout):
            if process.poll() is not None or time.monotonic() > deadline:
                raise UpstreamUnavailableError("The embedded database does not start")
            Event().wait(_EVERY_S)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_START_S)


def main() -> None:
    """Restore; exit code 0 also where there is nothing to restore."""
    die_with_parent(signal.SIGTERM)
    settings, retriever = load(BackupSettings), load(RetrieverSettings)
    lines.configure("restore", level=settings.log_level, log_format=settings.log_format)
    folder = Folder(settings.backup_dir or Path())
    embedded = environment().get("CARREL_EMBEDDED_POSTGRES") == "true"
    try:
        Boot(settings, retriever, folder, embedded=embedded).run()
    except NothingSoundError as error:
        refuse(f"BACKUP_DIR: no backup can be restored: {error}; with BACKUP_RESTORE=off it starts without")
    except CarrelError as error:
        refuse(f"BACKUP_DIR: the restore broke off and is begun again at the next start: {error.detail}")
    except OSError as error:
        refuse(f"BACKUP_DIR: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
