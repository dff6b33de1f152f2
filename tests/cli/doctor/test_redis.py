"""cli.doctor.redis: a real server, and ones that do not let us in."""

from pathlib import Path

import pytest

from cli.doctor.redis import check
from tests.support.ports import free_ports
from tests.support.redis_server import RedisServer


def test_none_is_needed() -> None:
    """Without REDIS_URL that is said."""
    assert [one.colour for one in check("")] == ["green"]


@pytest.mark.integration
def test_a_real_server(tmp_path: Path) -> None:
    """It tells its version."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        (finding,) = check(server.url)
        version = str(server.ask("INFO", "server")["redis_version"])
    finally:
        server.kill()

    assert version in finding.found
    assert finding.colour == ("green" if version >= "6.2" else "red")


@pytest.mark.integration
def test_a_refused_password_is_red(tmp_path: Path) -> None:
    """And is told apart from silence."""
    server = RedisServer(tmp_path, "--requirepass", "the-right-one")
    server.start()
    try:
        (finding,) = check(server.url)
    finally:
        server.kill()

    assert (finding.colour, "password" in finding.found) == ("red", True)


def test_nobody_there_is_red() -> None:
    """It follows from the network, and the password is not told."""
    (finding,) = check(f"redis://:a-secret@127.0.0.1:{free_ports(1)[0]}/0")

    assert (finding.colour, finding.needs) == ("red", ("reach of REDIS_URL",))
    assert "a-secret" not in f"{finding}"
