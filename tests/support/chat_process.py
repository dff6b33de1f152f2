"""``python -m chat_ws`` as a process of its own, over a real database: started, asked, weighed, killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.chat_service import TOKEN, identity
from tests.support.ports import free_ports
from tests.support.system import eventually

_ROOT = Path(__file__).parents[2]


class ChatProcess:
    """One chat service. Its retriever is nobody: questions are stored, and their runs fail."""

    def __init__(self, database_url: str, folder: Path, **variables: str) -> None:
        [self.port] = free_ports(1)
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = folder / "chat_ws.log"
        self._env = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database_url,
            "INTERNAL_TOKEN": TOKEN,
            "CHAT_PORT": str(self.port),
            "RETRIEVER_URL": f"http://127.0.0.1:{free_ports(1)[0]}",
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, ready: bool = True) -> None:
        """Start it and, unless told otherwise, wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chat_ws"], env=self._env, cwd=_ROOT, stdout=log, stderr=log
            )
        if ready:
            eventually(self.is_ready, within=40, what=f"chat_ws is ready\n{self.log.read_text()[-2000:]}")

    def is_ready(self) -> bool:
        """Whether it can do its job now."""
        try:
            return httpx.get(f"{self.address}/health/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def memory_kb(self) -> int:
        """What is resident."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def running(self) -> Iterator["ChatProcess"]:
        """Run within the block."""
        self.start()
        try:
            yield self
        finally:
            self.kill()


def handshake_headers(visitor: str = "visitor_1") -> str:
    """The headers of a WebSocket handshake, as the gateway sends them."""
    lines = {**identity(visitor), "Sec-WebSocket-Protocol": "carrel.v1"}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items())
