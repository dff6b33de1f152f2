"""Carrel as many: each service alone, by the same entry, on a port of its own, over shared engines."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.ports import free_ports
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.system import CARREL, eventually

SECRETS = {
    "INTERNAL_TOKEN": "between-the-services-0123456789",
    "SESSION_SECRET": "of-the-sessions-of-visitors-0123456789",
    "ADMIN_API_KEY": "the-owner-of-many-0123456789",
}
PORTS = {"gateway": "PORT", "retriever": "RETRIEVER_PORT", "chat_ws": "CHAT_PORT"}


class Alone:
    """One service, ``carrel up`` with SERVICE; what is not its business is in its environment, too."""

    def __init__(self, folder: Path, service: str, name: str, **variables: str) -> None:
        [self.port] = free_ports(1)
        self.service, self.address = service, f"http://127.0.0.1:{self.port}"
        self.log, self.data_dir = folder / f"{name}.log", folder / name
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DATA_DIR": str(self.data_dir),
            "SERVICE": service,
            PORTS[service]: str(self.port),
            **SECRETS,
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its readiness is waited for by ``ready``."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([CARREL, "up"], env=self.env, stdout=log, stderr=log)

    def ready(self) -> None:
        """Wait until it says that it is ready."""
        eventually(self._is_ready, within=60, what=f"{self.service} is ready\n{self._said()}")

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._said()
        try:
            return httpx.get(f"{self.address}/health/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _said(self) -> str:
        return self.log.read_text()[-3000:]

    @property
    def held(self) -> set[str]:
        """The names in the environment of its process."""
        assert self._process is not None
        entries = Path(f"/proc/{self._process.pid}/environ").read_bytes().split(b"\0")
        return {entry.partition(b"=")[0].decode() for entry in entries}

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send ``signum``, unless it has ended, and return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signum)
        return self._process.wait(20)


@dataclass
class Many:
    """Two gateways, two chat services, one retriever, a PostgreSQL and a Redis."""

    retriever: Alone
    chats: list[Alone]
    gateways: list[Alone]
    folder: Path
    engines: dict[str, str] = field(default_factory=dict)

    @property
    def services(self) -> list[Alone]:
        """All that were started alone."""
        return [self.retriever, *self.chats, *self.gateways]

    def carrel(self, *arguments: str | Path) -> str:
        """Run a command of the command line as the owner, through the first gateway."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "CARREL_URL": self.gateways[0].address}
        done = subprocess.run(
            [str(CARREL), *map(str, arguments)],
            env=env | {"ADMIN_API_KEY": SECRETS["ADMIN_API_KEY"]},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def many(folder: Path) -> Iterator[Many]:
    """All of them, ready; afterwards nothing is left running."""
    database, redis = PostgresServer(folder / "managed"), RedisServer(folder)
    database.start()
    redis.start()
    engines = {"DATABASE_URL": database.url(), "REDIS_URL": redis.url}
    retriever = Alone(folder, "retriever", "retriever", **engines)
    found = {"RETRIEVER_URL": retriever.address, **engines}
    chats = [Alone(folder, "chat_ws", f"chat-{number}", **found) for number in (1, 2)]
    found["CHAT_URL"] = ",".join(chat.address for chat in chats)
    gateways = [Alone(folder, "gateway", f"gateway-{number}", **found) for number in (1, 2)]
    made = Many(retriever, chats, gateways, folder, engines)
    try:
        for service in made.services:
            service.start()
        for service in made.services:
            service.ready()
        yield made
    finally:
        for service in reversed(made.services):
            service.end(signal.SIGKILL)
        redis.kill()
        database.stop()
