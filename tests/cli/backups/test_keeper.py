"""Backups are made on time, by one of several, and failures are waited out."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chat_ws.database.dump import turn
from chat_ws.database.history import PostgresHistory
from cli.backups.folder import Folder
from cli.backups.keeper import READY_EVERY_S, RETRY_S, Keeper
from tests.support.backups import IndexServer
from tests.support.chat_history import ask

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)


class Time:
    """A clock that pauses move on; the last of ``pauses`` ends."""

    def __init__(self, pauses: int = 0) -> None:
        self.now = datetime(2026, 11, 27, 12, tzinfo=UTC)
        self.waited: list[float] = []
        self._left = pauses

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)
        self._left -= 1
        return self._left < 0


def keeper(server: IndexServer, url: str, folder: Path, time: Time) -> Keeper:
    return Keeper(server.source(url), Folder(folder), interval=HOUR, keep=2, clock=time, pause=time.pause)


async def test_one_each_hour(
    stored_history: PostgresHistory, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first at once, the newest two are kept."""
    caplog.set_level(logging.INFO)
    await ask(stored_history)
    time = Time(4)
    keeper(IndexServer(), database_url, tmp_path / "b", time).run()
    assert time.waited == [0, 3600, 3600, 3600, 3600]
    ids = Folder(tmp_path / "b").finished()
    assert ids == ["carrel-20261127T150000Z", "carrel-20261127T140000Z"]
    told = [r.getMessage() for r in caplog.records if r.name == "cli.backups.keeper"]
    assert told[0].startswith("backup carrel-20261127T120000Z: 1 conversations")
    assert told.count("4 files of older backups removed") == 2


async def test_another_start_waits_for_its_time(
    stored_history: PostgresHistory, database_url: str, tmp_path: Path
) -> None:
    """What another one made counts."""
    time = Time()
    one, other = (keeper(IndexServer(), database_url, tmp_path, time) for _ in range(2))
    assert one.round() == 3600
    time.now += HOUR / 4
    assert other.round() == 2700
    assert len(Folder(tmp_path).finished()) == 1


async def test_one_at_a_time(stored_history: PostgresHistory, database_url: str, tmp_path: Path) -> None:
    """Whoever does not have the turn writes nothing, and looks again soon."""
    made = keeper(IndexServer(), database_url, tmp_path, Time())
    with turn(database_url):
        assert made.round() == RETRY_S
    assert Folder(tmp_path).names() == []


async def test_nothing_is_no_backup(
    stored_history: PostgresHistory, database_url: str, tmp_path: Path
) -> None:
    """A fresh system is not backed up, one that was emptied is."""
    server, time = IndexServer([]), Time()
    made = keeper(server, database_url, tmp_path, time)
    assert made.round() == RETRY_S
    assert Folder(tmp_path).names() == []
    await ask(stored_history)
    server.lines = IndexServer().lines
    assert made.round() == 3600
    assert len(Folder(tmp_path).finished()) == 1


@pytest.mark.parametrize("lost", ["retriever", "folder", "database", "sense"])
async def test_what_fails_is_tried_again(
    lost: str,
    stored_history: PostgresHistory,
    database_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a line that says what was wrong."""
    server = IndexServer(away=lost == "retriever")
    folder = tmp_path / "gone" / "b" if lost == "folder" else tmp_path
    url = "postgresql://127.0.0.1:9/none" if lost == "database" else database_url
    made = keeper(server, url, folder, Time())
    if lost == "sense":

        def mistaken() -> datetime:
            raise ZeroDivisionError

        made._clock = mistaken
    assert made.round() == RETRY_S
    assert "backup put off" in caplog.text


async def test_it_begins_when_all_is_there(
    database_url: str, tmp_path: Path, stored_history: PostgresHistory
) -> None:
    """Until the retriever and the database are, it says nothing."""
    time = Time(1)
    keeper(IndexServer(ready=False), database_url, tmp_path, time).run()
    assert time.waited == [READY_EVERY_S, READY_EVERY_S]
    time = Time(0)
    keeper(IndexServer(), "postgresql://127.0.0.1:9/none", tmp_path, time).run()
    assert time.waited == [READY_EVERY_S]
