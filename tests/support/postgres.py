"""The embedded PostgreSQL of the supervision, as a process that tests start, kill and ask."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import psycopg2

from cli.supervision.layout import DATABASE, Layout, private_dir

_START_S = 20.0
_ROOT = Path(__file__).parents[2]


class PostgresServer:
    """One server over the data folder ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._layout = Layout(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = DATABASE) -> str:
        """Return the address of ``database``."""
        return self._layout.database_url.replace(f"/{DATABASE}?", f"/{database}?")

    def start(self) -> None:
        """Start it and wait until it answers."""
        private_dir(self._layout.run_dir)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.supervision.postgres"],
            env={"DATA_DIR": str(self._layout.data_dir), "PATH": os.environ["PATH"]},
            cwd=_ROOT,
        )
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg2.OperationalError:
                assert self._process.poll() is None, "PostgreSQL has ended"
                assert time.monotonic() < deadline, "PostgreSQL does not start"
                Event().wait(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Send it ``how`` and wait for its end, and for that of its own processes, which may outlive it."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(20)
        deadline = time.monotonic() + _START_S
        while self._works_in(self._layout.postgres.resolve()):
            assert time.monotonic() < deadline, "PostgreSQL's own processes do not end"
            Event().wait(0.01)

    def _works_in(self, folder: Path) -> bool:
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if link.readlink() == folder:
                    return True
        return False

    def execute(self, sql: str, *values: Any, database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Run one statement outside a transaction; return its rows."""
        connection = psycopg2.connect(self.url(database), connect_timeout=5)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()
