"""The program ``backup`` of supervisord: makes a backup each BACKUP_INTERVAL_S in BACKUP_DIR.

Owns when. Of several containers over one database one makes it: the folder is looked at, and written to, by
who holds the database's turn.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from chat_ws.database.dump import has_conversations, is_new, turn
from cli.backups.folder import Folder
from cli.backups.making import Source, make, source_of, told
from cli.backups.names import Manifest, due_in
from cli.backups.settings import BackupSettings, environment, kept
from shared import logging as lines
from shared.errors import CarrelError
from shared.settings import load, refuse

READY_EVERY_S = 1.0
RETRY_S = 60.0
_log = logging.getLogger(__name__)


class Keeper:
    """Keeps the newest ``keep`` backups of ``source`` in ``folder``.

    ``pause`` waits so many seconds, and says whether to end.
    """

    def __init__(
        self,
        source: Source,
        folder: Folder,
        *,
        interval: timedelta,
        keep: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], bool],
    ) -> None:
        self._source, self._folder = source, folder
        self._interval, self._keep, self._clock, self._pause = interval, keep, clock, pause

    def run(self) -> None:
        """Make backups until it is told to end."""
        while not self._is_ready():
            if self._pause(READY_EVERY_S):
                return
        wait_s = 0.0
        while not self._pause(wait_s):
            wait_s = self.round()

    def round(self) -> float:
        """Make a backup if it is time; return after how many seconds to look again."""
        try:
            with turn(self._source.url) as ours:
                if not ours:
                    return RETRY_S
                wait = self._wait()
                if wait > timedelta():
                    return wait.total_seconds()
                if not self._folder.finished() and self._is_empty():
                    return RETRY_S
                self._make()
        except CarrelError as error:
            _log.warning("backup put off: %s", error.detail)
        except OSError as error:
            _log.warning("backup put off: %s: %s", error.filename, error.strerror)
        except Exception:
            _log.exception("backup put off")
        else:
            return self._interval.total_seconds()
        return min(RETRY_S, self._interval.total_seconds())

    def _make(self) -> Manifest:
        now = self._clock()
        manifest = make(self._source, self._folder, now=now)
        _log.info("backup %s: %s", manifest.id, told(manifest))
        if gone := self._folder.tidy(keep=self._keep, now=now):
            _log.info("%d files of older backups removed", len(gone))
        return manifest

    def _wait(self) -> timedelta:
        self._folder.prepare()
        return due_in(self._folder.finished(), now=self._clock(), interval=self._interval)

    def _is_empty(self) -> bool:
        """Whether there is nothing that anybody would miss: a first start is not worth a backup."""
        return not self._source.index.report().documents and not has_conversations(self._source.url)

    def _is_ready(self) -> bool:
        try:
            return self._source.index.is_ready() and not is_new(self._source.url)
        except CarrelError:
            return False


def main() -> None:
    """Make backups until supervisord ends us: SIGTERM leaves at most a backup without a manifest."""
    settings = load(BackupSettings)
    lines.configure("backup", level=settings.log_level, log_format=settings.log_format)
    if settings.backup_dir is None:
        refuse("BACKUP_DIR: is missing")
    keeper = Keeper(
        source_of(settings, kept(environment())),
        Folder(Path(settings.backup_dir)),
        interval=timedelta(seconds=settings.backup_interval_s),
        keep=settings.backup_keep,
        pause=Event().wait,
    )
    keeper.run()


if __name__ == "__main__":
    main()
