"""cli.doctor.clock: our clock beside the Date of an answer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cli.doctor.clock import check, skew_s
from cli.doctor.configuration import read
from tests.support.ports import free_ports


@contextmanager
def clock_of(seconds: int) -> Iterator[str]:
    """A server whose clock is so many seconds ahead of ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(time.time()) + seconds)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("seconds", "colour"), [(0, "green"), (600, "red"), (-60, "yellow")])
def test_the_skew_is_told(tmp_path: Path, seconds: int, colour: str) -> None:
    """Whatever the answer's status is, it has the time."""
    with clock_of(seconds) as url:
        configuration, _ = read({"DATA_DIR": str(tmp_path), "PUBLIC_BASE_URL": url})
        (finding,) = check(configuration)

    assert (finding.colour, "PUBLIC_BASE_URL" in finding.found) == (colour, True)


def test_who_does_not_answer_tells_no_time(tmp_path: Path) -> None:
    """It is not compared then; what is wrong with the address is another line's."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert skew_s(url) is None
    configuration, _ = read({"DATA_DIR": str(tmp_path), "QDRANT_URL": url})
    assert check(configuration)[0].colour == "green"


def test_without_an_endpoint_it_is_said(tmp_path: Path) -> None:
    """Nobody is asked who was not configured."""
    assert "nothing outside" in check(read({"DATA_DIR": str(tmp_path)})[0])[0].found
