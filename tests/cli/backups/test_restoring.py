"""The newest whole backup is taken, and never one of a version to come."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chat_ws.database.dump import has_conversations
from chat_ws.database.history import PostgresHistory
from chat_ws.database.queries import migrations
from cli.backups.folder import Folder
from cli.backups.making import make
from cli.backups.names import INDEX, MANIFEST, Manifest, encode, file_name
from cli.backups.restoring import NothingSoundError, conversations, newest_sound, other_settings, unknown
from tests.cli.backups.test_folder import written
from tests.support.backups import IndexServer
from tests.support.chat_history import ask

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_broken_one_is_passed_over(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """The one before it is taken, and the log says why; a half-written one is not even seen."""
    good, cut = written(folder), written(folder, NOW + HOUR)
    written(folder, NOW + HOUR * 2, finished=False)
    (folder.path / file_name(cut, INDEX)).write_bytes(b"cut")
    caplog.set_level(logging.WARNING)
    found = newest_sound(folder)
    assert found is not None
    assert found.id == good
    assert [record.getMessage() for record in caplog.records] == [
        f"backup {cut} cannot be used, the one before it is taken: {cut}.{INDEX} is not what was written"
    ]


def test_none_at_all(folder: Folder) -> None:
    """Nothing there is another thing than nothing that can be used."""
    assert newest_sound(folder) is None
    cut = written(folder)
    (folder.path / file_name(cut, MANIFEST)).write_bytes(b"{")
    with pytest.raises(NothingSoundError, match=f"{cut}: its manifest"):
        newest_sound(folder)


def test_one_of_a_version_to_come_is_not_passed_over(folder: Folder) -> None:
    """An older one would lose what is in it: the newer version is to be used."""
    written(folder)
    newer = written(folder, NOW + HOUR)
    manifest = replace(folder.check(newer), migration=len(migrations()) + 1, version="9.0")
    (folder.path / file_name(newer, MANIFEST)).write_bytes(encode(manifest))
    assert "Carrel 9.0" in unknown(manifest)
    with pytest.raises(NothingSoundError, match="use that version"):
        newest_sound(folder)


@pytest.mark.integration
async def test_conversations_come_back(
    stored_history: PostgresHistory, database_url: str, folder: Folder
) -> None:
    """And settings that were others are named."""
    await ask(stored_history)
    manifest: Manifest = make(IndexServer().source(database_url), folder, now=NOW)
    await ask(stored_history)
    assert conversations(folder, manifest, url=database_url, replace=True).rows["conversations"] == 1
    assert has_conversations(database_url)
    assert other_settings(folder, manifest, now={"PORT": "7860", "BACKUP_KEEP": "3"}) == ["BACKUP_KEEP"]
    assert other_settings(folder, manifest, now={"PORT": "7860"}) == []
