"""The embedded PostgreSQL of the supervision, as a process that tests start, kill and ask."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import psycopg2

from cli.supervision.layout import DATABASE, DATABASE_USER, Layout, private_dir

_START_S = 60.0
_ROOT = Path(__file__).parents[2]
_MAIN = """import json, sys
from cli.supervision import postgres
postgres.SETTINGS |= json.loads(sys.argv[1])
postgres.main()
"""


class PostgresServer:
    """One server over the data folder ``folder``, with ``settings`` beside our own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._layout, self._settings = Layout(folder), settings
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = DATABASE) -> str:
        """Return the address of ``database``."""
        return self._layout.database_url.replace(f"/{DATABASE}?", f"/{database}?")

    @property
    def socket(self) -> str:
        """The Unix socket it listens on."""
        return str(self._layout.run_dir / ".s.PGSQL.5432")

    def url_at(self, port: int, like: str, query: str = "") -> str:
        """Return the address of the database that ``like`` is of, through ``port`` of this machine."""
        database = like.split("/")[3].split("?")[0]
        return f"postgresql://{DATABASE_USER}@127.0.0.1:{port}/{database}{query}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        private_dir(self._layout.run_dir)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, json.dumps(self._settings)],
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

    @property
    def runs(self) -> bool:
        """Whether the process that was started runs."""
        return self._process is not None and self._process.poll() is None

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
