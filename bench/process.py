"""A process under measurement: started on one core, known to be the one that answers, weighed, ended.

Owns what /proc tells of it and of its children. Everything that is started here is ended here, by its id.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START_S = 20.0
STOP_S = 4.0


class CannotMeasureError(Exception):
    """Something is not as it must be for a figure to mean anything; the message is for people."""


@dataclass(frozen=True)
class Launch:
    """How a process is started, and the port it is to listen on."""

    name: str
    command: Sequence[str]
    port: int
    env: Mapping[str, str] = field(default_factory=dict)


class Process:
    """A running process with its children."""

    def __init__(self, launch: Launch, *, core: int, folder: Path) -> None:
        self.name, self.port = launch.name, launch.port
        self._log = folder / f"{launch.name}-{launch.port}.log"
        with self._log.open("wb") as log:
            self._popen = subprocess.Popen(
                ["taskset", "-c", str(core), *launch.command],
                env={"PATH": os.environ["PATH"], "HOME": str(folder), **launch.env},
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # Ctrl-C is for us alone: we end it, whether it is paused or not.
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return once it listens; raise when it ended, or when somebody else listens."""
        deadline = time.monotonic() + START_S
        while not (inodes := _listeners(self.port)):
            if self._popen.poll() is not None or time.monotonic() > deadline:
                raise CannotMeasureError(f"{self.name} did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.02)
        if not any(f"socket:[{inode}]" in _open_files(pid) for pid in self._tree() for inode in inodes):
            raise CannotMeasureError(f"port {self.port} is answered by another process than {self.name}")

    def cpu_s(self) -> float:
        """Return the seconds on a core so far, over all threads and children."""
        return sum(_cpu_ns(pid) for pid in self._tree()) / 1e9

    def memory_kb(self) -> float:
        """Return the memory, over all children; what is shared is counted in shares (PSS)."""
        return float(sum(pss_kb(pid) for pid in self._tree()))

    def pause(self) -> None:
        """Take it off its core."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it and its children; none is left."""
        tree = list(self._tree())
        self.resume()
        self._signal(signal.SIGTERM, tree[:1])
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL, tree)
            self._popen.wait()

    def _signal(self, signum: signal.Signals, pids: Sequence[int] | None = None) -> None:
        for pid in self._tree() if pids is None else pids:
            try:
                os.kill(pid, signum)
            except ProcessLookupError:
                continue

    def _tree(self) -> Iterator[int]:
        if self._popen.poll() is None:
            yield from tree(self._popen.pid)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def tree(pid: int) -> Iterator[int]:
    """Yield ``pid`` and its children's ids, theirs too."""
    yield pid
    for children in _read_all(f"/proc/{pid}/task/*/children"):
        for child in children.split():
            yield from tree(int(child))


def _cpu_ns(pid: int) -> int:
    return sum(int(text.split()[0]) for text in _read_all(f"/proc/{pid}/task/*/schedstat"))


def pss_kb(pid: int) -> int:
    """Return the memory of ``pid``; what is shared is counted in shares. 0 when it has ended."""
    lines = (line for text in _read_all(f"/proc/{pid}/smaps_rollup") for line in text.splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _read_all(pattern: str) -> Iterator[str]:
    for path in Path("/").glob(pattern.removeprefix("/")):
        try:
            yield path.read_text()
        except OSError:
            continue  # it ended meanwhile


def _listeners(port: int) -> list[str]:
    """Return the inodes of the IPv4 sockets that listen on ``port``."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]


def _open_files(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.add(os.readlink(link))
        except OSError:
            continue
    return found
