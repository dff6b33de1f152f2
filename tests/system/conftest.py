"""One running Carrel for the tests that do not break it, a new one for those that do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import book
from tests.support.system import Carrel


@pytest.fixture(scope="session")
def carrel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrel]:
    """A running Carrel with the small book in it, shared: leave it as it was."""
    folder = tmp_path_factory.mktemp("carrel")
    running = Carrel(folder)
    try:
        running.start()
        running.carrel("ingest", book.write(folder / "book"), "--base-url", "https://keepers.example/book/")
        yield running
    finally:
        running.close()


@pytest.fixture
def own_carrel(tmp_path: Path) -> Iterator[Carrel]:
    """A Carrel of the test's own, not started yet."""
    own = Carrel(tmp_path)
    try:
        yield own
    finally:
        own.close()
