"""cli.supervision.watchdog"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from supervisor.states import ProcessStates

from cli.supervision.layout import Layout
from cli.supervision.verdicts import CRASHES, FAILED_STARTS, HUNG_AFTER, Liveness
from cli.supervision.watchdog import Watchdog, answers_postgres

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "0"); self.end_headers()
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass
class FakeSupervisor:
    """Answers as supervisor's RPC interface does."""

    processes: list[dict[str, Any]] = field(default_factory=list)
    shut_down: int = 0

    def getAllProcessInfo(self) -> list[dict[str, Any]]:
        return self.processes

    def shutdown(self) -> None:
        self.shut_down += 1


def running(name: str, pid: int, *, age_s: int) -> dict[str, Any]:
    """What supervisor says of a program that runs."""
    return {"name": name, "pid": pid, "state": ProcessStates.RUNNING, "start": 1_000, "now": 1_000 + age_s}


@pytest.fixture
def supervisor() -> FakeSupervisor:
    return FakeSupervisor()


@pytest.fixture
def watchdog(tmp_path: Path, supervisor: FakeSupervisor) -> Watchdog:
    layout = Layout(tmp_path)
    layout.run_dir.mkdir()
    return Watchdog(
        rpc=SimpleNamespace(supervisor=supervisor),
        layout=layout,
        ports={"gateway": 1, "retriever": 1, "chat_ws": 1},
        address="http://127.0.0.1:7860",
        timeout_s=0.3,
    )


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


def test_a_hung_process_is_killed(
    watchdog: Watchdog, supervisor: FakeSupervisor, server: tuple[subprocess.Popen[str], int]
) -> None:
    """A process that was well and then stands still is killed, so that supervisor starts it again."""
    process, port = server
    watchdog.ports["chat_ws"] = port
    supervisor.processes = [running("chat_ws", process.pid, age_s=1)]
    watchdog.ready = True
    watchdog.probe(now=0)
    os.kill(process.pid, signal.SIGSTOP)

    for count in range(HUNG_AFTER):
        assert process.poll() is None
        watchdog.probe(now=count)

    assert process.wait(5) == -signal.SIGKILL


def test_what_hung_before_the_watchdog_began_is_killed(
    watchdog: Watchdog, supervisor: FakeSupervisor, server: tuple[subprocess.Popen[str], int]
) -> None:
    """A watchdog that was itself started again does not give an old process the time of a new one."""
    process, port = server
    watchdog.ports["chat_ws"] = port
    supervisor.processes = [running("chat_ws", process.pid, age_s=3600)]
    os.kill(process.pid, signal.SIGSTOP)

    for count in range(HUNG_AFTER):
        assert process.poll() is None
        watchdog.probe(now=count)

    assert process.wait(5) == -signal.SIGKILL


def test_what_hangs_right_after_its_start_was_well(
    watchdog: Watchdog, supervisor: FakeSupervisor, server: tuple[subprocess.Popen[str], int]
) -> None:
    """What starts is probed at once and alone, before the next round: one answer, and it is no slow start."""
    process, port = server
    hung = running("gateway", os.getpid(), age_s=1)
    supervisor.processes = [
        hung,
        running("chat_ws", process.pid, age_s=0) | {"state": ProcessStates.STARTING},
    ]
    watchdog._liveness["gateway"] = Liveness(pid=hung["pid"], was_well=True)
    watchdog.ports["chat_ws"], watchdog.ready = port, True
    watchdog.probe(now=0, starting=True)
    assert watchdog.settled
    assert watchdog._liveness["gateway"].failures == 0
    watchdog.event("PROCESS_STATE_EXITED", "chat_ws", expected=False, now=0)
    assert not watchdog.settled
    os.kill(process.pid, signal.SIGSTOP)
    supervisor.processes.remove(hung)

    for count in range(HUNG_AFTER):
        assert process.poll() is None
        watchdog.probe(now=count)

    assert process.wait(5) == -signal.SIGKILL


def test_a_process_that_is_not_running_is_not_probed(watchdog: Watchdog, supervisor: FakeSupervisor) -> None:
    """A process that is starting or stopping is supervisor's business."""
    supervisor.processes = [running("chat_ws", 0, age_s=0) | {"state": ProcessStates.BACKOFF}]

    for count in range(10):
        watchdog.probe(now=count * 100.0)

    assert supervisor.shut_down == 0


def test_backups_are_no_part_of_being_alive(watchdog: Watchdog, supervisor: FakeSupervisor) -> None:
    """The program that makes them answers no probe, and may fail as often as it likes."""
    supervisor.processes = [{"name": "backup", "pid": 1, "state": ProcessStates.RUNNING}]
    for count in range(20):
        watchdog.probe(now=count * 100.0)
        watchdog.event("PROCESS_STATE_EXITED", "backup", expected=False, now=count, tries=count)
    assert supervisor.shut_down == 0


def test_the_address_is_said_once(
    watchdog: Watchdog,
    server: tuple[subprocess.Popen[str], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """When everything is ready, one line says where, and no second one follows."""
    watchdog.probe(now=0)
    watchdog.ports["gateway"] = server[1]

    watchdog.probe(now=1)
    watchdog.probe(now=2)

    assert capsys.readouterr().err == "Carrel is ready: http://127.0.0.1:7860\n"


def test_a_crash_loop_ends_everything(
    watchdog: Watchdog, supervisor: FakeSupervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    """So many unexpected ends leave a marker with the reason, one line, and shut supervisor down."""
    for count in range(CRASHES):
        assert supervisor.shut_down == 0
        watchdog.event("PROCESS_STATE_EXITED", "retriever", expected=False, now=count)

    assert supervisor.shut_down == 1
    assert "retriever" in watchdog.layout.failure.read_text()
    assert capsys.readouterr().err.splitlines()[-1].startswith("carrel: retriever ended 10 times")


def test_starts_that_fail_at_once_end_everything(watchdog: Watchdog, supervisor: FakeSupervisor) -> None:
    """A program that never comes up is not tried for a minute."""
    for tries in range(1, FAILED_STARTS + 1):
        assert supervisor.shut_down == 0
        watchdog.event("PROCESS_STATE_BACKOFF", "postgres", expected=False, now=tries, tries=tries)

    assert supervisor.shut_down == 1


def test_a_fatal_process_ends_everything(watchdog: Watchdog, supervisor: FakeSupervisor) -> None:
    """What supervisor gives up on is never a running Carrel."""
    watchdog.event("PROCESS_STATE_FATAL", "postgres", expected=False, now=0)

    assert supervisor.shut_down == 1


def test_ends_while_stopping_are_not_crashes(watchdog: Watchdog, supervisor: FakeSupervisor) -> None:
    """Once supervisor stops, and for ends that are expected, nothing is counted."""
    for count in range(CRASHES):
        watchdog.event("PROCESS_STATE_EXITED", "gateway", expected=True, now=count)
    watchdog.event("SUPERVISOR_STATE_CHANGE_STOPPING", "", expected=False, now=0)
    for count in range(CRASHES):
        watchdog.event("PROCESS_STATE_EXITED", "gateway", expected=False, now=count)

    assert supervisor.shut_down == 0


async def test_a_database_that_takes_and_does_not_answer_is_not_well(tmp_path: Path) -> None:
    """A stopped server still takes connections: only its answer counts."""
    path = tmp_path / ".s.PGSQL.5432"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        assert not answers_postgres(tmp_path, timeout_s=0.2)
        silent.bind(str(path))
        silent.listen()
        assert not await asyncio.to_thread(answers_postgres, tmp_path, timeout_s=0.2)
    path.unlink()

    async def refuse_ssl(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(refuse_ssl, path):
        assert await asyncio.to_thread(answers_postgres, tmp_path, timeout_s=2)
