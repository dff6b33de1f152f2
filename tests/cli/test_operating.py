"""cli.operating: the commands say what their exit codes mean, and refuse before they do anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize("command", ["backup", "restore", "deploy"])
def test_each_tells_its_exit_codes(command: str) -> None:
    """In its help."""
    assert "Exit code: 0" in CliRunner().invoke(app, [command, "--help"]).output


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_without_a_server_there_is_nothing_to_do(command: str, tmp_path: Path) -> None:
    """The line names what was looked for; nothing is made."""
    env = {"DATA_DIR": str(tmp_path / "none"), "INTERNAL_TOKEN": "", "DATABASE_URL": ""}

    done = CliRunner().invoke(app, [command, str(tmp_path / "backups")], env=env)

    assert done.exit_code == 2
    assert "INTERNAL_TOKEN: none found" in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_deployment_without_a_token_is_refused() -> None:
    """Before anything is asked."""
    done = CliRunner().invoke(app, ["deploy", "user/space"], env={"HF_TOKEN": ""})

    assert done.exit_code == 2
    assert "HF_TOKEN" in done.output
