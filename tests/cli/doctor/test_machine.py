"""cli.doctor.machine: what the system tells, read from files as it writes them."""

import socket
from pathlib import Path

from cli.doctor.configuration import read
from cli.doctor.machine import available, check, taken
from tests.support.ports import free_ports


def test_the_containers_limit_counts_too(tmp_path: Path) -> None:
    """The nearer of the two is what may still be taken; no limit is none."""
    meminfo, most, now = tmp_path / "meminfo", tmp_path / "max", tmp_path / "current"
    meminfo.write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    now.write_text("1000\n")
    most.write_text("max\n")
    assert available(meminfo, ((most, now),)) == 8000 * 1024
    most.write_text("5000\n")
    assert available(meminfo, ((most, now),)) == 4000
    assert available(tmp_path / "none", ()) is None


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """By its variable; a running Carrel's own are not looked at."""
    free = free_ports(2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        told = {"PORT": str(free[0]), "RETRIEVER_PORT": str(port), "CHAT_PORT": str(free[1])}
        configuration, _ = read({"DATA_DIR": str(tmp_path), "HOST": "127.0.0.1", **told})

        assert taken(configuration) == {"RETRIEVER_PORT": port}
        assert [one.name for one in check(configuration, in_use=False) if one.colour == "red"] == ["ports"]
        assert not [one for one in check(configuration, in_use=True) if one.colour == "red"]
