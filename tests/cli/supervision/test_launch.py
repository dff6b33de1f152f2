"""cli.supervision.launch"""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from chat_ws.settings import ChatSettings
from cli.backups.settings import BackupSettings
from cli.supervision import secrets
from cli.supervision.launch import PROGRAMS, environment
from cli.supervision.layout import Layout
from gateway.settings import GatewaySettings
from retriever.settings import RetrieverSettings

EVERYTHING = {
    "PATH": "/bin",
    "PORT": "7860",
    "SESSION_SECRET": "s",
    "ADMIN_API_KEY": "a",
    "INTERNAL_TOKEN": "i",
    "QDRANT_URL": "q",
    "QDRANT_API_KEY": "k",
    "COHERE_API_KEY": "c",
    "DATABASE_URL": "d",
    "REDIS_URL": "r",
    "HF_TOKEN": "platform",
    "OAUTH_CLIENT_SECRET": "platform",
    "PGPASSWORD": "operator",
    "AWS_SECRET_ACCESS_KEY": "operator",
}


@pytest.mark.parametrize(
    ("program", "own"),
    [
        ("gateway", {"SESSION_SECRET", "ADMIN_API_KEY", "INTERNAL_TOKEN", "REDIS_URL"}),
        ("retriever", {"QDRANT_URL", "QDRANT_API_KEY", "COHERE_API_KEY", "INTERNAL_TOKEN", "REDIS_URL"}),
        ("chat_ws", {"DATABASE_URL", "INTERNAL_TOKEN", "REDIS_URL"}),
        ("postgres", set()),
        ("backup", {"DATABASE_URL", "INTERNAL_TOKEN"}),
        ("watchdog", set()),
    ],
)
def test_each_program_gets_its_own_secrets_only(program: str, own: set[str], tmp_path: Path) -> None:
    """A program's environment holds the secrets of its row of the architecture, and nobody else's."""
    env = environment(program, EVERYTHING, Layout(tmp_path))

    assert set(env) == {"PATH", "PORT"} | own


def test_every_program_is_known() -> None:
    """The programs are those of supervisord.conf."""
    configuration = (Path(__file__).parents[3] / "supervisord.conf").read_text()

    assert {line.rsplit(" ", 1)[1] for line in configuration.splitlines() if ".launch " in line} == set(
        PROGRAMS
    )


def test_kept_secrets_are_given(tmp_path: Path) -> None:
    """An unset secret comes from the data folder; without a URL the database is the embedded one."""
    layout = Layout(tmp_path)
    secrets.ensure(layout, {})

    gateway = environment("gateway", {"ADMIN_API_KEY": ""}, layout)
    chat = environment("chat_ws", {}, layout)

    assert gateway["ADMIN_API_KEY"] == secrets.read(layout, "ADMIN_API_KEY")
    assert gateway["INTERNAL_TOKEN"] == chat["INTERNAL_TOKEN"] != ""
    assert chat["DATABASE_URL"] == layout.database_url


def test_no_setting_is_taken_for_a_secret(tmp_path: Path) -> None:
    """Every setting that holds none reaches its service, whatever its name looks like."""
    classes: dict[str, type[BaseSettings]] = {
        "gateway": GatewaySettings,
        "retriever": RetrieverSettings,
        "chat_ws": ChatSettings,
        "backup": BackupSettings,
    }
    for program, cls in classes.items():
        names = {name.upper() for name in cls.model_fields}
        env = environment(program, dict.fromkeys(names, "set"), Layout(tmp_path))
        assert names <= env.keys()
