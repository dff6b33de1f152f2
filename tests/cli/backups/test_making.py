"""A backup is made whole, or leaves nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chat_ws.database.history import PostgresHistory
from cli.backups.folder import Folder
from cli.backups.making import make, source_of, told
from cli.backups.names import CONVERSATIONS, INDEX, PARTS, SETTINGS
from cli.backups.settings import BackupSettings
from shared import __version__
from shared.errors import CarrelError, UpstreamUnavailableError
from tests.support.backups import EXPORT, TOKEN, IndexServer
from tests.support.chat_history import ask

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def test_everything_is_in_it(
    stored_history: PostgresHistory, database_url: str, tmp_path: Path
) -> None:
    """Conversations, index, settings, and a manifest that tells how much."""
    await ask(stored_history)
    folder = Folder(tmp_path)
    manifest = make(IndexServer().source(database_url), folder, now=NOW)
    assert folder.check(manifest.id) == manifest
    assert (manifest.version, manifest.conversations, manifest.messages) == (__version__, 1, 2)
    assert (manifest.documents, manifest.chunks, set(manifest.parts)) == (1, 1, set(PARTS))
    with folder.reading(manifest.id, INDEX) as file:
        assert file.read() == b"".join(EXPORT)
    with folder.reading(manifest.id, CONVERSATIONS) as file:
        assert b"Why?" in file.read()
    with folder.reading(manifest.id, SETTINGS) as file:
        assert json.load(file) == {"PORT": "7860"}
    assert told(manifest) == "1 conversations with 2 messages, 1 documents in 1 chunks, 0.0 MB"


async def test_what_fails_leaves_nothing(
    stored_history: PostgresHistory, database_url: str, tmp_path: Path
) -> None:
    """The retriever away, its export cut, the database away: nothing in the folder."""
    folder = Folder(tmp_path)
    with pytest.raises(UpstreamUnavailableError):
        make(IndexServer(away=True).source(database_url), folder, now=NOW)
    with pytest.raises(UpstreamUnavailableError, match="cut"):
        make(IndexServer(EXPORT[:-1]).source(database_url), folder, now=NOW)
    with pytest.raises(CarrelError):
        make(IndexServer().source("postgresql://127.0.0.1:9/none"), folder, now=NOW)
    assert folder.names() == []


async def test_one_of_the_same_second_is_left_alone(
    stored_history: PostgresHistory, database_url: str, tmp_path: Path
) -> None:
    """Whoever made it, it is whole."""
    folder, source = Folder(tmp_path), IndexServer().source(database_url)
    manifest = make(source, folder, now=NOW)
    with pytest.raises(FileExistsError):
        make(source, folder, now=NOW)
    assert folder.check(manifest.id) == manifest


def test_settings_lead_to_it() -> None:
    """The database and the retriever that the server uses."""
    settings = BackupSettings(
        database_url="postgresql://user@host/db",
        internal_token=TOKEN,
        retriever_url="http://retriever:8001",
    )
    assert source_of(settings, {"A": "b"}).url == "postgresql://user@host/db"
