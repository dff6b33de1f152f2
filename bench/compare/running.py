"""A process with all its children: started without a pin, weighed, ended by its id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bench.process import CannotMeasureError, tree

STOP_S = 25.0


class Running:
    """One process at a time, of one command."""

    def __init__(self, command: Sequence[str | Path], *, folder: Path, env: Mapping[str, str]) -> None:
        self._command, self._folder = command, folder
        self._env = {"PATH": os.environ["PATH"], "HOME": str(folder), **env}
        self._log = folder / "log"
        self._popen: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it, and wait for nothing."""
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                [str(part) for part in self._command],
                env=self._env,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for us alone: we end it.
                start_new_session=True,
            )

    def pids(self) -> list[int]:
        """Return the ids of all that belongs to it; none when it has ended."""
        return list(tree(self._popen.pid)) if self._popen is not None and self._popen.poll() is None else []

    def check(self) -> None:
        """Raise when it ended by itself."""
        if self._popen is None or self._popen.poll() is not None:
            tail = self._log.read_text("utf-8", "replace")[-2000:]
            raise CannotMeasureError(f"{self._command[0]} ended:\n{tail}")

    def end(self) -> None:
        """End it and its children; none is left."""
        if self._popen is None:
            return
        everybody = self.pids()
        self._popen.terminate()
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._popen = None
        _gone(everybody)


def listened_on(port: int) -> bool:
    """Return whether somebody on this machine takes connections at ``port``."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def _gone(pids: Sequence[int]) -> None:
    """Wait a little for processes whose parent has ended, then end them too."""
    deadline = time.monotonic() + 1
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
