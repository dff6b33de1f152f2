"""cli.supervision.alive: an answer is one, anything else is none; each service is asked on its own port."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.supervision.alive import answers_http, is_alive
from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[3]


class _Handler(http.server.BaseHTTPRequestHandler):
    """Well at its own health, and nowhere else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/live" else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a service that answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


def test_a_service_that_answers_is_well(port: int) -> None:
    """A probe sees an answer, sees that another is not the right one, and that a closed port gives none."""
    assert answers_http(port, timeout_s=2)
    assert not answers_http(port, "/elsewhere", timeout_s=2)
    assert not answers_http(free_ports(1)[0], timeout_s=2)


@pytest.mark.parametrize(
    ("service", "variable"),
    [("", "PORT"), ("gateway", "PORT"), ("retriever", "RETRIEVER_PORT"), ("chat_ws", "CHAT_PORT")],
)
def test_each_service_is_asked_on_its_own_port(service: str, variable: str, port: int) -> None:
    """Nothing else of the environment matters."""
    others = dict.fromkeys(("PORT", "RETRIEVER_PORT", "CHAT_PORT"), str(free_ports(1)[0]))

    assert is_alive({"SERVICE": service, **others, variable: str(port)})
    assert not is_alive({"SERVICE": service, **dict.fromkeys(others, str(port)), variable: others[variable]})


def test_what_has_no_port_is_alive_while_it_runs() -> None:
    """Backups answer nobody."""
    assert is_alive({"SERVICE": "backup"})


@pytest.mark.parametrize("well", [True, False])
def test_as_a_program_it_tells_by_its_exit_code(well: bool, port: int) -> None:
    """0 well, 1 not: what the image's health check is made of."""
    env = {"PORT": str(port if well else free_ports(1)[0])}
    command = [sys.executable, "-m", "cli.supervision.alive"]

    assert subprocess.run(command, env=env, cwd=ROOT, check=False).returncode == (0 if well else 1)
