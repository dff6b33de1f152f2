"""A Redis of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """It may be killed, frozen and started again."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()
