"""What a person is told by ``carrel backup`` and ``carrel restore``; the whole is tried in tests/system."""

from pathlib import Path

import pytest

from chat_ws.database.dump import has_conversations, turn
from chat_ws.database.history import PostgresHistory
from cli.backups import commands
from cli.backups.commands import DONE, FAILED, REFUSED
from cli.backups.folder import Folder
from cli.backups.making import Source
from cli.backups.names import INDEX, file_name
from cli.backups.settings import BackupSettings
from tests.support.backups import TOKEN, IndexServer
from tests.support.chat_history import ask

pytestmark = pytest.mark.integration


class Desk:
    """The two commands over one database and one index."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self.folder = IndexServer(), folder
        self._settings = BackupSettings(database_url=url, internal_token=TOKEN)
        monkeypatch.setattr(commands, "source_of", self._source)

    def _source(self, settings: BackupSettings, kept: object) -> Source:
        return self.server.source(settings.database_url.get_secret_value())

    def backup(self, keep: int | None = None) -> int:
        return commands.backup(self.folder, keep=keep, settings=self._settings, kept={})

    def restore(self, wanted: str | None = None, *, replace: bool = False) -> int:
        return commands.restore(
            self.folder, wanted, replace=replace, settings=self._settings, kept={"PORT": "1"}
        )


@pytest.fixture
def desk(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(database_url, tmp_path / "backups", monkeypatch)


async def test_there_and_back(
    desk: Desk, stored_history: PostgresHistory, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused where there is something; done when it is asked for; each said in a line."""
    await ask(stored_history)
    assert desk.backup() == DONE
    (id,) = Folder(desk.folder).finished()
    assert capsys.readouterr().out.startswith(f"{id}: 1 conversations with 2 messages, 1 documents")
    assert desk.restore() == REFUSED
    assert "There are conversations already" in (told := capsys.readouterr().err)
    assert "--replace" in told
    await stored_history.erase_visitor("v1")
    assert desk.restore() == REFUSED
    assert "There are documents already" in capsys.readouterr().err
    assert not has_conversations(database_url)
    desk.server.lines = []
    assert desk.restore() == DONE
    assert capsys.readouterr().out.splitlines() == [
        f"{id}: restored 1 conversations with 2 messages",
        f"{id}: restored 1 documents in 1 chunks",
        "settings that were others then, and are left as they are: PORT",
    ]
    assert desk.restore(f"{desk.folder}/{id}.manifest.json", replace=True) == DONE


async def test_what_cannot_be_restored(
    desk: Desk, stored_history: PostgresHistory, capsys: pytest.CaptureFixture[str]
) -> None:
    """No folder, no backup, no such backup, a broken one: each with its reason, and nothing is touched."""
    assert desk.restore() == FAILED
    assert "No such file" in capsys.readouterr().err
    desk.folder.mkdir()
    assert desk.restore() == REFUSED
    assert "holds no backup" in capsys.readouterr().err
    assert desk.restore("latest") == REFUSED
    assert "not the name of a backup" in capsys.readouterr().err
    assert desk.backup() == DONE
    (id,) = Folder(desk.folder).finished()
    (desk.folder / file_name(id, INDEX)).write_bytes(b"")
    capsys.readouterr()
    assert desk.restore(id, replace=True) == REFUSED
    assert "is not what was written" in capsys.readouterr().err


async def test_half_a_restore_says_what_to_do(
    desk: Desk, stored_history: PostgresHistory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Conversations are back, the retriever is away."""
    await ask(stored_history)
    assert desk.backup() == DONE
    desk.server.away = True
    assert desk.restore(replace=True) == FAILED
    assert "once more with --replace" in capsys.readouterr().err


async def test_a_backup_that_fails(
    desk: Desk, stored_history: PostgresHistory, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The retriever away; another one at it."""
    desk.server.away = True
    assert desk.backup() == FAILED
    assert "retriever cannot be reached" in capsys.readouterr().err
    with turn(database_url):
        assert desk.backup() == FAILED
    assert "Another backup" in capsys.readouterr().err


async def test_old_ones_go(
    desk: Desk, stored_history: PostgresHistory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where --keep is said, and that is said."""
    desk.folder.mkdir()
    for hour in range(2):
        for part in ("index.gz", "manifest.json"):
            (desk.folder / f"carrel-20200101T0{hour}0000Z.{part}").write_bytes(b"old")
    assert desk.backup() == DONE
    assert len(Folder(desk.folder).finished()) == 3
    for path in desk.folder.glob("carrel-202[1-9]*"):
        path.unlink()
    assert desk.backup(keep=1) == DONE
    assert len(Folder(desk.folder).finished()) == 1
    assert "4 files of older backups removed" in capsys.readouterr().out
