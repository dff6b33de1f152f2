"""Supervisor's event listener: restarts what hangs, ends everything when a part cannot live.

Owns the one line that says where Carrel is ready, and the marker that makes the exit code 1. Standard output
is supervisor's event protocol; what people read goes to standard error.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.childutils import getRPCInterface
from supervisor.states import ProcessStates

from cli.supervision.alive import PORTS, answers_http
from cli.supervision.layout import Layout
from cli.supervision.verdicts import CRASH_WINDOW_S, CRASHES, FAILED_STARTS, CrashLoops, Liveness

PROBE_EVERY_S = 2.0
STARTING_EVERY_S = 0.2
"""How often what has not answered yet is probed: what hangs right after its start was well once, too."""
PROBE_TIMEOUT_S = 2.0
_ALIVE = (ProcessStates.STARTING, ProcessStates.RUNNING, ProcessStates.BACKOFF)
UNWATCHED = ("watchdog", "backup")
"""Programs that answer nobody, and without which Carrel serves."""
# An SSLRequest: the server answers it with one byte before any login, so it costs no session and no log line.
_SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


def answers_postgres(run_dir: Path, *, timeout_s: float) -> bool:
    """Whether the database server takes a connection and answers on it in time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout_s)
        try:
            sock.connect(str(run_dir / ".s.PGSQL.5432"))
            sock.sendall(_SSL_REQUEST)
            return sock.recv(1) in (b"N", b"S")
        except OSError:
            return False


@dataclass
class Watchdog:
    """Watches the programs of one supervisor, spoken to through ``rpc``."""

    rpc: Any
    layout: Layout
    ports: dict[str, int]
    address: str
    timeout_s: float = PROBE_TIMEOUT_S
    ready: bool = False
    settled: bool = False
    """Whether all that is to run does, and has answered."""
    stopping: bool = False
    _crashes: CrashLoops = field(default_factory=CrashLoops)
    _liveness: dict[str, Liveness] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    def event(self, name: str, process: str, *, expected: bool, now: float, tries: int = 0) -> None:
        """Take one event of supervisor's; ``tries`` are the starts in a row that lasted under a second."""
        if name == "SUPERVISOR_STATE_CHANGE_STOPPING":
            self.stopping = True
        elif self.stopping or process in UNWATCHED:
            return
        elif name == "PROCESS_STATE_FATAL":
            self.give_up(f"{process} cannot be started")
        elif name == "PROCESS_STATE_BACKOFF" or (name == "PROCESS_STATE_EXITED" and not expected):
            self.settled = False
            say(f"{process} ended unexpectedly and is started again")
            if tries >= FAILED_STARTS:
                self.give_up(f"{process} ended at once {tries} times in a row")
            elif self._crashes.ended(process, now=now):
                self.give_up(f"{process} ended {CRASHES} times within {CRASH_WINDOW_S:.0f} s")

    def probe(self, *, now: float, starting: bool = False) -> None:
        """Probe every running program; kill the hung, so that supervisor starts them again.

        ``starting``: only those that have not answered since they were started.
        """
        programs = self._programs()
        well = {name for name, (pid, _) in programs.items() if self._well(name, pid)}
        running = {name: one for name, one in programs.items() if one[0] and not (starting and name in well)}
        answered = dict(zip(running, self._pool.map(self._answers, running), strict=True))
        for name, (pid, age_s) in running.items():
            liveness = self._liveness.setdefault(name, Liveness())
            hung = liveness.observe(pid=pid, answered=answered[name], now=now, age_s=age_s)
            if hung and not self.stopping:
                say(f"{name} does not answer and is killed, to be started again")
                os.kill(pid, signal.SIGKILL)
        if not self.ready and not self.stopping and self._is_ready():
            self.ready = True
            say(f"Carrel is ready: {self.address}", plain=True)
        self.settled = self.ready and all(self._well(name, pid) for name, (pid, _) in programs.items())

    def give_up(self, reason: str) -> None:
        """End everything with exit code 1 and ``reason`` on one line."""
        say(f"{reason}: giving up")
        self.layout.failure.write_text(reason + "\n", "utf-8")
        self.stopping = True
        with contextlib.suppress(xmlrpc.client.Fault):
            self.rpc.supervisor.shutdown()

    def _programs(self) -> dict[str, tuple[int, float]]:
        """Return the id of each program that runs or is to (0: none yet), and how long it has, in seconds."""
        try:
            processes = self.rpc.supervisor.getAllProcessInfo()
        except xmlrpc.client.Fault:
            # Supervisor is on its way down and says no more.
            self.stopping = True
            return {}
        return {
            info["name"]: (info["pid"], info["now"] - info["start"])
            for info in processes
            if info["state"] in _ALIVE and info["name"] not in UNWATCHED
        }

    def _well(self, name: str, pid: int) -> bool:
        liveness = self._liveness.get(name)
        return liveness is not None and liveness.pid == pid and liveness.was_well

    def _answers(self, name: str) -> bool:
        if name == "postgres":
            return answers_postgres(self.layout.run_dir, timeout_s=self.timeout_s)
        return answers_http(self.ports[name], timeout_s=self.timeout_s)

    def _is_ready(self) -> bool:
        return answers_http(self.ports["gateway"], "/health/ready", timeout_s=self.timeout_s)


def say(text: str, *, plain: bool = False) -> None:
    """Write one line to people."""
    sys.stderr.write(f"{'' if plain else 'carrel: '}{text}\n")
    sys.stderr.flush()


def _fields(text: str) -> dict[str, str]:
    return dict(pair.split(":", 1) for pair in text.split() if ":" in pair)


def read_event() -> tuple[str, dict[str, str]]:
    """Read one event of supervisor's: its name and its payload's fields."""
    header = _fields(sys.stdin.readline())
    if not header:
        raise EOFError
    return header["eventname"], _fields(sys.stdin.read(int(header["len"])))


def main() -> None:
    """Listen and probe until supervisor goes."""
    env = os.environ
    watchdog = Watchdog(
        rpc=getRPCInterface({"SUPERVISOR_SERVER_URL": env["SUPERVISOR_SERVER_URL"]}),
        layout=Layout(Path(env["DATA_DIR"])),
        ports={name: int(env[variable]) for name, (variable, _) in PORTS.items()},
        address=f"http://127.0.0.1:{env['PORT']}",
    )
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    next_probe = next_round = 0.0
    while True:
        wait = max(0.0, next_probe - time.monotonic())
        if select.select([sys.stdin], [], [], wait)[0]:
            try:
                name, payload = read_event()
            except EOFError:
                return
            expected = payload.get("expected") == "1"
            watchdog.event(
                name,
                payload.get("processname", ""),
                expected=expected,
                now=time.monotonic(),
                tries=int(payload.get("tries", 0)),
            )
            sys.stdout.write("RESULT 2\nOKREADY\n")
            sys.stdout.flush()
            if not watchdog.settled:
                next_probe = min(next_probe, time.monotonic() + STARTING_EVERY_S)
        now = time.monotonic()
        if now >= next_probe:
            watchdog.probe(now=now, starting=now < next_round)
            if now >= next_round:
                next_round = time.monotonic() + PROBE_EVERY_S
            next_probe = next_round if watchdog.settled else time.monotonic() + STARTING_EVERY_S


if __name__ == "__main__":
    main()
