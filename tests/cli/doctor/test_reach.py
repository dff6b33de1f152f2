"""cli.doctor.reach: where the settings lead, and whether that can be connected to."""

import socket
from pathlib import Path

import pytest

from cli.doctor.configuration import read
from cli.doctor.reach import check, connect, endpoints, line_of
from cli.doctor.verdicts.reach import Endpoint
from tests.support.ports import free_ports


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def found(tmp_path: Path, **variables: str) -> list[tuple[str, str, int]]:
    configuration, _ = read({"DATA_DIR": str(tmp_path), **variables})
    return [(one.variable, one.host, one.port) for one in endpoints(configuration)]


def test_each_setting_leads_to_its_port(tmp_path: Path) -> None:
    """Those that are written, and those that are meant where none is."""
    assert found(
        tmp_path,
        DATABASE_URL="postgresql://u:p@db.example/d",
        QDRANT_URL="https://q.example",
        COHERE_API_KEY="k" * 20,
        REDIS_URL="rediss://:p@r.example/0",
    ) == [
        ("DATABASE_URL", "db.example", 5432),
        ("QDRANT_URL", "q.example", 443),
        ("COHERE_BASE_URL", "api.cohere.com", 443),
        ("REDIS_URL", "r.example", 6379),
    ]


def test_what_is_embedded_or_a_socket_leads_nowhere(tmp_path: Path) -> None:
    """Nothing is asked that nobody configured."""
    assert found(tmp_path) == []
    assert found(tmp_path, DATABASE_URL="postgresql://u@/d?host=/run/pg", REDIS_URL="unix:///r.sock") == []


def test_several_hosts_are_each_a_line(tmp_path: Path) -> None:
    """As libpq takes them, with a port for all or one for each."""
    assert found(tmp_path, DATABASE_URL="postgresql://u@a.example:5433,b.example:5434/d") == [
        ("DATABASE_URL, host 1", "a.example", 5433),
        ("DATABASE_URL, host 2", "b.example", 5434),
    ]


def test_a_proxy_of_the_environment_is_asked_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the proxy has a way out, it is what must be reached."""
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "q.example")

    assert found(tmp_path, COHERE_API_KEY="k" * 20, QDRANT_URL="https://q.example") == [
        ("QDRANT_URL", "q.example", 443),
        ("COHERE_BASE_URL", "proxy.example", 3128),
    ]


def test_a_port_that_listens_connects() -> None:
    """The finding is green, under the variable's name."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        finding = check(Endpoint("QDRANT_URL", "127.0.0.1", listening.getsockname()[1]), on_space=False)

    assert (finding.colour, finding.name) == ("green", line_of("QDRANT_URL"))


def test_a_closed_port_refuses() -> None:
    """At once, and it is red."""
    assert check(Endpoint("QDRANT_URL", "127.0.0.1", free_ports(1)[0]), on_space=False).colour == "red"


def test_a_name_that_is_none_is_unknown() -> None:
    """Without a name server being asked: a label is longer than any may be."""
    assert connect(f"{'x' * 70}.example", 443, timeout_s=1).outcome == "unknown"


def test_silence_ends_in_time() -> None:
    """A port whose queue is full says nothing; that is told after the timeout."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(listening.getsockname())
            assert connect("127.0.0.1", listening.getsockname()[1], timeout_s=0.2).outcome == "silent"
        finally:
            for one in waiting:
                one.close()
