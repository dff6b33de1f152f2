"""Two systems under faults: one as it comes, one with a proxy on every way; and the table at the end."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import book
from tests.support.experiment import RESULTS, Row, table
from tests.support.postgres import PostgresServer
from tests.support.system import Carrel
from tests.support.wired import QUIET, Wired, wired

TABLE = "FAULTS_TABLE"
"""The variable that names the file to which the table is written, too."""


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrel]:
    """Carrel as it comes, everything embedded, with the small book in it."""
    folder = tmp_path_factory.mktemp("embedded")
    running = Carrel(folder, **QUIET)
    try:
        running.start(within=90)
        running.carrel("ingest", book.write(folder / "book"))
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    """Carrel with a proxy on every way between its parts, shared: each test heals what it broke."""
    folder = tmp_path_factory.mktemp("wired")
    with wired(folder, PostgresServer(folder / "pg", max_connections="20")) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def results(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the experiments write their rows, unless somebody named a file."""
    os.environ.setdefault(RESULTS, str(tmp_path_factory.mktemp("faults") / "rows"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of all experiments."""
    path = Path(os.environ.get(RESULTS, "/nonexistent"))
    if path.exists():
        text = table([Row(**json.loads(line)) for line in path.read_text("utf-8").splitlines()])
        terminalreporter.write_line(text)
        if name := os.environ.get(TABLE):
            Path(name).write_text(text, "utf-8")
