"""Before the first start what is new is restored, each half for itself; what is there never is."""

import io
import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chat_ws.app import new_id
from chat_ws.database.dump import dump, has_conversations, is_new, turn
from chat_ws.database.history import PostgresHistory
from cli.backups.boot import Boot
from cli.backups.folder import Folder
from cli.backups.making import make
from cli.backups.names import MANIFEST, file_name
from cli.backups.restoring import NothingSoundError
from cli.backups.settings import BackupSettings
from cli.supervision.layout import Layout, private_dir
from retriever.documents.records import of_kind
from retriever.embedded import EmbeddedCollections
from retriever.index.identity import wanted
from retriever.ports import Point
from retriever.settings import RetrieverSettings
from shared.errors import CarrelError
from tests.support.backups import RECORD, TOKEN, IndexServer
from tests.support.chat_history import ask
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
async def folder(stored_history: PostgresHistory, database_url: str, tmp_path: Path) -> Folder:
    """Backups, one of them, of a conversation and a document."""
    await ask(stored_history)
    made = Folder(tmp_path / "backups")
    made.prepare()
    make(IndexServer().source(database_url), made, now=NOW)
    return made


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database that no Carrel has used."""
    name = new_id("test")
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def booting(data: Path, folder: Folder, url: str = "", **named: Any) -> Boot:
    """The next start over ``data``, with the database at ``url``, else an embedded one."""
    data.mkdir(exist_ok=True)
    layout = Layout(data)
    private_dir(layout.run_dir)
    settings = BackupSettings(
        data_dir=data, internal_token=TOKEN, database_url=url or layout.database_url, backup_dir=folder.path
    )
    retriever = RetrieverSettings(data_dir=data, internal_token=TOKEN)
    return Boot(settings, retriever, folder, embedded=not url, **{"patience_s": 0.5, **named})


def run(boot: Boot) -> None:
    """As the program does, on a thread without an event loop."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(boot.run).result()


async def documents(data: Path) -> int:
    """How many there are in the embedded index, 0 also where there is none."""
    collections = EmbeddedCollections(data / "qdrant")
    if not await collections.exist():
        return 0
    store = await collections.living()
    await store.ensure(wanted(None).schema)
    try:
        return await store.count(of_kind("record"))
    finally:
        await store.close()


async def test_both_halves(folder: Folder, empty_url: str, tmp_path: Path) -> None:
    """A database of one's own that is new, and no index: both come back; the next start changes nothing."""
    data = tmp_path / "data"
    run(booting(data, folder, empty_url))
    assert has_conversations(empty_url)
    assert await documents(data) == 1
    assert not (data / "restoring").exists()
    before = io.BytesIO()
    dump(empty_url, before)
    Folder(folder.path).tidy(keep=1, now=NOW)
    run(booting(data, folder, empty_url))
    after = io.BytesIO()
    dump(empty_url, after)
    assert after.getvalue() == before.getvalue()
    assert await documents(data) == 1


async def test_the_embedded_database(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made and run for the restore, and has stopped when that is done."""
    data = tmp_path / "embedded"
    monkeypatch.setenv("DATA_DIR", str(data))
    run(booting(data, folder))
    server = PostgresServer(data)
    assert ".s.PGSQL.5432" not in os.listdir(Layout(data).run_dir)
    server.start()
    try:
        assert server.execute("SELECT title FROM conversations") == [("Why?",)]
    finally:
        server.stop()
    assert await documents(data) == 1


async def test_each_half_for_itself(
    folder: Folder, database_url: str, stored_history: PostgresHistory, tmp_path: Path
) -> None:
    """The database outlived the disk: the index comes back, no conversation is touched."""
    await stored_history.erase_visitor("v1")
    run(booting(tmp_path / "data", folder, database_url))
    assert not has_conversations(database_url)
    assert await documents(tmp_path / "data") == 1


async def test_an_index_that_is_there_stays(folder: Folder, empty_url: str, tmp_path: Path) -> None:
    """Also one that holds nothing, which somebody may have wanted so."""
    data = tmp_path / "data"
    store = await EmbeddedCollections(data / "qdrant").living()
    await store.ensure(wanted(None).schema)
    await store.upsert([Point(RECORD.id, {"kind": "index"})])
    await store.close()
    run(booting(data, folder, empty_url))
    assert has_conversations(empty_url)
    assert await documents(data) == 0


async def test_an_interrupted_restore_goes_on(folder: Folder, empty_url: str, tmp_path: Path) -> None:
    """What was begun is owed, though the state is no longer new; what is done already stays."""
    data = tmp_path / "data"
    boot = booting(data, folder, empty_url)

    async def killed(_: object) -> None:
        raise KeyboardInterrupt

    boot._index = killed  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        run(boot)
    assert json.loads((data / "restoring").read_text()) == ["index"]
    (data / "restoring").write_text('["conversations", "index"]')
    store = await EmbeddedCollections(data / "qdrant").living()
    await store.ensure(wanted(None).schema)
    await store.close()
    run(booting(data, folder, empty_url))
    assert await documents(data) == 1
    (data / "restoring").write_text('["conversations", "index"]')
    run(booting(data, folder, empty_url))
    assert await documents(data) == 1
    assert not (data / "restoring").exists()


async def test_no_backup_is_no_restore(empty_url: str, tmp_path: Path) -> None:
    """An empty folder, or one that holds only what was never finished."""
    folder = Folder(tmp_path)
    (tmp_path / "carrel-20261127T120000Z.index.gz").write_bytes(b"half")
    run(booting(tmp_path / "data", folder, empty_url))
    assert is_new(empty_url)
    assert not (tmp_path / "data" / "restoring").exists()


async def test_the_one_before_a_broken_one(
    folder: Folder,
    database_url: str,
    stored_history: PostgresHistory,
    empty_url: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is taken, and said; where none is left the start is refused."""
    await ask(stored_history, "Later?")
    newer = make(IndexServer().source(database_url), folder, now=NOW + timedelta(hours=1))
    (folder.path / file_name(newer.id, "index.gz")).write_bytes(b"cut")
    caplog.set_level(logging.INFO)
    run(booting(tmp_path / "data", folder, empty_url))
    assert f"backup {newer.id} cannot be used, the one before it is taken" in caplog.text
    assert "restored 1 conversations, 2 messages" in caplog.text
    for id in folder.finished():
        (folder.path / file_name(id, MANIFEST)).write_bytes(b"")
    with pytest.raises(NothingSoundError):
        run(booting(tmp_path / "other", folder, empty_url))


async def test_out_of_reach(folder: Folder, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database that does not answer is not known to be new; the start goes on, and says so."""
    run(booting(tmp_path / "data", folder, "postgresql://127.0.0.1:9/none", patience_s=0.1))
    assert "the database is out of reach, so it is not restored" in caplog.text


async def test_a_lost_database_is_a_restore_that_is_owed(
    folder: Folder, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke off in the middle: the start is refused, and the next one goes on."""
    data = tmp_path / "data"
    boot = booting(data, folder, empty_url)
    boot._url = "postgresql://127.0.0.1:9/none"
    (data / "restoring").write_text('["conversations"]')
    with pytest.raises(CarrelError):
        boot._restore()
    assert (data / "restoring").exists()


async def test_a_start_with_its_state_waits_for_nobody(
    folder: Folder, empty_url: str, tmp_path: Path
) -> None:
    """Though another container makes a backup just then."""
    run(booting(tmp_path / "data", folder, empty_url))
    with turn(empty_url):
        run(booting(tmp_path / "data", folder, empty_url))


async def test_one_of_several_restores(folder: Folder, empty_url: str, tmp_path: Path) -> None:
    """The others wait for their turn and find it done."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        with turn(empty_url):
            waiting = [
                pool.submit(booting(tmp_path / name, folder, empty_url).run) for name in ("one", "two")
            ]
            assert is_new(empty_url)
        for future in waiting:
            future.result()
    assert await documents(tmp_path / "one") == await documents(tmp_path / "two") == 1
