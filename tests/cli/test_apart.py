"""cli.apart: what a service alone must be told; that it becomes it is tried in tests/system."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.apart import NEEDED
from cli.supervision.launch import PROGRAMS
from tests.cli.test_up import HOLDER
from tests.support.ports import free_ports

GOOD = {
    "INTERNAL_TOKEN": "between-the-services-0123456789",
    "SESSION_SECRET": "of-the-sessions-0123456789",
    "ADMIN_API_KEY": "of-the-owner-0123456789",
    "DATABASE_URL": "postgresql://carrel@127.0.0.1:9/carrel",
    "RETRIEVER_URL": "http://127.0.0.1:9",
    "CHAT_URL": "http://127.0.0.1:9",
    "BACKUP_DIR": "backups",
}


def refused(service: str, data_dir: Path, **variables: str) -> str:
    """Run ``carrel up`` with SERVICE and return the one line it ends with, exit code 2."""
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "SERVICE": service, **variables}
    command = [str(Path(sys.executable).with_name("carrel")), "up"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_each_is_a_program_there_is() -> None:
    """The same as under the supervisor, but for the database and the watchdog."""
    assert set(NEEDED) == set(PROGRAMS) - {"postgres", "watchdog"}


def test_a_service_that_is_none_is_named(tmp_path: Path) -> None:
    """With those there are."""
    assert refused("chat", tmp_path).startswith("carrel: SERVICE: must be one of gateway, retriever, chat_ws")


@pytest.mark.parametrize("service", NEEDED)
def test_all_that_is_missing_is_said_at_once(service: str, tmp_path: Path) -> None:
    """Nothing is made up that would have to be the same elsewhere, and no folder is made."""
    line = refused(service, tmp_path / "data")

    assert line.startswith(f"carrel: {', '.join(NEEDED[service])}: must be set where SERVICE is {service}")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("service", "variable", "value"),
    [
        ("gateway", "CHAT_URL", "chat:8002"),
        ("retriever", "QDRANT_URL", "qdrant:6333"),
        ("chat_ws", "DATABASE_URL", "mysql://nobody@nowhere/x"),
        ("backup", "BACKUP_INTERVAL_S", "1"),
    ],
)
def test_a_wrong_setting_is_one_line(service: str, variable: str, value: str, tmp_path: Path) -> None:
    """As in one container."""
    assert refused(service, tmp_path, **(GOOD | {variable: value})).startswith(f"carrel: {variable}: ")


@pytest.mark.parametrize(
    ("service", "variable"),
    [("gateway", "PORT"), ("retriever", "RETRIEVER_PORT"), ("chat_ws", "CHAT_PORT")],
)
def test_a_taken_port_is_one_line(service: str, variable: str, tmp_path: Path) -> None:
    """Its own one: those of the others are not its business."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refused(service, tmp_path, **GOOD, **{variable: port, "HOST": "127.0.0.1"})

    assert line.startswith(f"carrel: {variable}: port {port}")


def test_a_second_retriever_on_one_index_is_refused(tmp_path: Path) -> None:
    """The embedded index is one process's."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        line = refused("retriever", tmp_path, **GOOD, RETRIEVER_PORT=str(free_ports(1)[0]))

    assert f"DATA_DIR: {tmp_path} is in use by another Carrel" in line
