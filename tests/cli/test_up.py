"""cli.up: what stops a start, each with one line; the start itself is tried in tests/system."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_ports

HOLDER = """
import fcntl, sys
with open(sys.argv[1], "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print(flush=True)
    sys.stdin.read()
"""


def refused(data_dir: Path, **variables: str) -> str:
    """Run ``carrel up`` and return the one line it ends with, exit code 2."""
    ports = dict(zip(("PORT", "RETRIEVER_PORT", "CHAT_PORT"), map(str, free_ports(3)), strict=True))
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), **ports, **variables}
    command = [str(Path(sys.executable).with_name("carrel")), "up"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock.getsockname()[1]


@pytest.mark.parametrize("variable", ["PORT", "RETRIEVER_PORT", "CHAT_PORT"])
def test_a_taken_port_is_one_line(variable: str, taken_port: int, tmp_path: Path) -> None:
    """The line names the variable, the port and the fix."""
    line = refused(tmp_path, **{variable: str(taken_port)})

    assert line.startswith(f"carrel: {variable}: port {taken_port} on ")
    assert f"set {variable} to a free port" in line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "a secret"),
        ("PORT", "70000"),
        ("LOG_LEVEL", "loudest"),
        ("ADMIN_API_KEY", "short"),
        ("DATABASE_URL", "mysql://user:a secret@host/db"),
        ("QDRANT_URL", "a secret"),
        ("ALLOWED_ORIGINS", "docs.example.com/a secret"),
        ("MESSAGES_PER_MINUTE", "0"),
    ],
)
def test_a_wrong_setting_is_one_line(variable: str, value: str, tmp_path: Path) -> None:
    """The line names the variable and never the value."""
    line = refused(tmp_path, **{variable: value})

    assert line.startswith(f"carrel: {variable}: ")
    assert "secret" not in line.removeprefix(f"carrel: {variable}")


def test_a_data_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    """A file in the folder's place is named."""
    place = tmp_path / "file"
    place.touch()

    assert refused(place).startswith(f"carrel: DATA_DIR: {place}")


def test_a_data_folder_in_use_is_one_line(tmp_path: Path) -> None:
    """A second Carrel on the same folder does not start."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()

        assert refused(tmp_path).startswith(f"carrel: DATA_DIR: {tmp_path} is in use by another Carrel")
