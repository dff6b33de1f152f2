"""Backups find what the server itself is given, and keep no secret of it."""

from pathlib import Path

import pytest

from cli.backups.settings import BackupSettings, environment, kept, of_the_server
from cli.supervision import secrets
from cli.supervision.layout import Layout


def test_everything_is_found_in_the_data_folder(tmp_path: Path) -> None:
    """The token that was made, the embedded database, the retriever on this machine."""
    layout = Layout(tmp_path)
    secrets.ensure(layout, {})
    found = of_the_server({"DATA_DIR": str(tmp_path), "RETRIEVER_PORT": "8101"})
    assert found.database_url.get_secret_value() == layout.database_url
    assert found.internal_token.get_secret_value() == secrets.read(layout, "INTERNAL_TOKEN")
    assert found.index_url == "http://127.0.0.1:8101"


def test_what_is_set_is_used(tmp_path: Path) -> None:
    """A database and a retriever elsewhere."""
    env = {
        "DATA_DIR": str(tmp_path),
        "INTERNAL_TOKEN": "t" * 20,
        "DATABASE_URL": "postgres://user@host/db",
        "RETRIEVER_URL": "http://retriever:8001",
        "BACKUP_KEEP": "3",
        "BACKUP_RESTORE": "",
    }
    found = of_the_server(env)
    assert found.database_url.get_secret_value() == "postgresql://user@host/db"
    assert found.index_url == "http://retriever:8001"
    assert (found.backup_keep, found.backup_restore, found.backup_dir) == (3, "auto", None)


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({}, "carrel: INTERNAL_TOKEN: none found"),
        ({"INTERNAL_TOKEN": "t" * 20, "DATABASE_URL": "mysql://secret"}, "carrel: DATABASE_URL: must begin"),
        ({"INTERNAL_TOKEN": "t" * 20, "BACKUP_INTERVAL_S": "5"}, "carrel: BACKUP_INTERVAL_S: input should"),
    ],
)
def test_what_is_wrong_is_one_line(
    env: dict[str, str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the variable's name, no secret."""
    with pytest.raises(SystemExit) as caught:
        of_the_server({"DATA_DIR": str(tmp_path), **env})
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(line)
    assert "secret" not in told


def test_secrets_are_not_kept() -> None:
    """Nor what may hold a password, nor what is no setting of ours, nor what is unset."""
    env = {
        "PORT": "7861",
        "ALLOWED_ORIGINS": "https://a.example",
        "COHERE_CHAT_MODEL": "command",
        "COHERE_BASE_URL": "https://user:secret@proxy.example",
        "RETRIEVER_URL": "http://retriever:8001",
        "BACKUP_KEEP": "3",
        "LOG_LEVEL": "",
        "HOME": "/home/carrel",
        "ADMIN_API_KEY": "secret",
        "SESSION_SECRET": "secret",
        "INTERNAL_TOKEN": "secret",
        "COHERE_API_KEY": "secret",
        "QDRANT_API_KEY": "secret",
        "QDRANT_URL": "https://secret.example",
        "DATABASE_URL": "postgresql://secret",
        "REDIS_URL": "redis://secret",
    }
    assert kept(env) == {
        "ALLOWED_ORIGINS": "https://a.example",
        "BACKUP_KEEP": "3",
        "COHERE_CHAT_MODEL": "command",
        "PORT": "7861",
        "RETRIEVER_URL": "http://retriever:8001",
    }


def test_the_environment_is_this_process() -> None:
    """As it was inherited."""
    assert "PATH" in environment()
    assert BackupSettings.model_fields["backup_interval_s"].default == 3600
