"""The commands that carry Carrel elsewhere are there, and say what their arguments are."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.moving import register


def invoked(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    register(app)
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("command", "argument"), [("backup", "DIR"), ("restore", "DIR"), ("deploy", "USER/SPACE")]
)
def test_each_says_what_it_takes(command: str, argument: str) -> None:
    """Its help names its argument."""
    code, told = invoked(command, "--help")
    assert code == 0
    assert argument in told


def test_they_end_with_their_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server, and without a token, nothing is begun: 2."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("cli.backups.settings._ROOT", tmp_path)
    assert invoked("backup", str(tmp_path))[0] == 2
    assert invoked("restore", str(tmp_path))[0] == 2
    assert invoked("deploy", "keeper/lamps")[0] == 2
