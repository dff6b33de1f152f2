"""The whole of Carrel under a real supervisord, in a folder of its own."""

import os
import re
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
from supervisor.xmlrpc import SupervisorTransport

from cli.supervision.layout import Layout
from tests.support.ports import free_ports
from tests.support.secret_shapes import found

_T = TypeVar("_T")
CARREL = Path(sys.executable).with_name("carrel")


def eventually(check: Callable[[], _T], *, within: float, what: str) -> _T:
    """Return the first true result of ``check``, or fail after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        if result := check():
            return result
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.05)


class Carrel:
    """One Carrel: its processes, its ports, its data folder."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.layout = Layout(folder / "data")
        self.log = folder / "log"
        ports = free_ports(3)
        self.address = f"http://127.0.0.1:{ports[0]}"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DATA_DIR": str(self.layout.data_dir),
            "PORT": str(ports[0]),
            "RETRIEVER_PORT": str(ports[1]),
            "CHAT_PORT": str(ports[2]),
            **variables,
        }
        self.prefix: tuple[str, ...] = ()
        """What the command is put behind, such as a program that gives it a world of its own."""
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    def start(self, *, within: float = 40) -> float:
        """Start, and return after how many seconds it said it was ready."""
        begun = time.monotonic()
        self.begin()
        eventually(self._said_ready, within=within, what=f"ready\n{self.log.read_text()[-3000:]}")
        return time.monotonic() - begun

    def begin(self) -> None:
        """Start, and wait for nothing."""
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.prefix, CARREL, "up"],
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def control(self, command: str, program: str) -> None:
        """Have the supervisor do ``command`` (``stopProcess``, ``startProcess``) to ``program``."""
        transport = SupervisorTransport(None, None, f"unix://{self.layout.run_dir}/supervisor.sock")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport) as proxy:
            getattr(proxy.supervisor, command)(program)

    def stop(self, signum: int = signal.SIGTERM, *, within: float = 25) -> int:
        """Send ``signum`` to the supervisor and return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signum)
        code = self._process.wait(within)
        self._process = None
        return code

    def wait(self, *, within: float) -> int:
        """Wait until it ends by itself and return its exit code."""
        assert self._process is not None
        return self._process.wait(within)

    def close(self) -> None:
        """End whatever is left."""
        if self._process is not None and self._process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self.log.exists():
            self.check_for_secrets(self.log.read_bytes(), where="the log")

    def pids(self) -> dict[str, int]:
        """Return the process id of each program that runs."""
        transport = SupervisorTransport(None, None, f"unix://{self.layout.run_dir}/supervisor.sock")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport) as proxy:
            processes: Any = proxy.supervisor.getAllProcessInfo()
        return {info["name"]: info["pid"] for info in processes if info["pid"]}

    def everything(self) -> list[int]:
        """Return every process that belongs to this Carrel, the database's own among them."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    env = (entry / "environ").read_bytes()
                except OSError:
                    continue
                if f"DATA_DIR={self.layout.data_dir}".encode() in env.split(b"\0"):
                    found.append(int(entry.name))
        return found

    def carrel(self, *arguments: str | Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line against this Carrel."""
        command = [str(CARREL), *(str(argument) for argument in arguments)]
        done = subprocess.run(
            command, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=90, check=False
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        self.check_for_secrets((done.stdout + done.stderr).encode(), where=f"carrel {arguments[0]}")
        return done

    def check_for_secrets(self, text: bytes, *, where: str) -> None:
        """Assert that ``text``, which anybody may come to see, holds no key of ours and nothing like one."""
        folder = self.layout.secrets
        ours = [path.read_text().strip() for path in folder.iterdir()] if folder.is_dir() else []
        given = [value for name, value in self.env.items() if name.endswith(("_KEY", "_SECRET", "_TOKEN"))]
        assert not list(found(text, known=[*ours, *given])), where

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET ``path`` from the gateway."""
        return httpx.get(self.address + path, headers=headers, timeout=10, trust_env=False)

    @property
    def admin_key(self) -> str:
        """The owner's key, made at the first start."""
        return (self.layout.secrets / "admin_api_key").read_text().strip()

    def _said_ready(self) -> bool:
        assert self._process is not None
        text = self.log.read_bytes()[self._seen :].decode("utf-8", "replace")
        assert self._process.poll() is None, text
        return re.search(f"^Carrel is ready: {re.escape(self.address)}$", text, re.MULTILINE) is not None
