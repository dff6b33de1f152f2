import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from shared.serve import config, listen
from tests.support.server import serving

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, sys
from shared.serve import listen, serve

asked = asyncio.Event()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            print(kind, flush=True)
            if kind == "lifespan.startup" and "refuses" in sys.argv:
                await send({"type": "lifespan.startup.failed", "message": "no"})
                return
            await send({"type": kind + ".complete"})
            if kind == "lifespan.shutdown":
                return
    if scope["path"] == "/ask":
        asked.set()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})

async def drain():
    print("draining", flush=True)
    if "forever" in sys.argv:
        await asyncio.Event().wait()
    await asked.wait()
    print("drained", flush=True)

sock = listen("127.0.0.1", 0, variable="PORT")
print(sock.getsockname()[1], flush=True)
last = (lambda: print("last", flush=True)) if "last" in sys.argv else None
serve(app, sock=sock, graceful_s=1, drain=None if "undrained" in sys.argv else drain, last=last)
print("over", flush=True)
"""


class Process:
    """The program above, with what it prints."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        self._lines = self.process.stdout
        self.port = self.line()

    def line(self) -> str:
        return self._lines.readline().strip()

    def get(self, path: str) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False).text


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    """The program, killed at the latest."""
    process = Process(*arguments)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.communicate(timeout=10)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_it_drains_while_it_still_serves(sig: signal.Signals) -> None:
    """Asked to end, the service drains, answers meanwhile, and ends without a complaint."""
    with running() as program:
        assert program.line() == "lifespan.startup"
        assert program.get("/") == "here"
        program.process.send_signal(sig)
        assert program.line() == "draining"
        assert program.get("/ask") == "here"
        assert program.line() == "drained"
        assert program.line() == "lifespan.shutdown"
        _, err = program.process.communicate(timeout=10)
        assert "Traceback" not in err
        assert program.process.returncode == 0


def test_a_second_signal_ends_the_draining() -> None:
    """Whoever asks twice does not wait for a drain that takes for ever."""
    with running("forever") as program:
        program.line()
        assert program.get("/") == "here"
        program.process.terminate()
        assert program.line() == "draining"
        program.process.terminate()
        assert program.line() == "lifespan.shutdown"
        program.process.wait(10)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_what_is_last_is_done_last(sig: signal.Signals) -> None:
    """It is done when the service has shut down, before the signal ends the process."""
    with running("undrained", "last") as program:
        program.line()
        assert program.get("/") == "here"
        program.process.send_signal(sig)
        assert [program.line(), program.line()] == ["lifespan.shutdown", "last"]
        program.process.wait(10)


def test_without_a_drain_it_simply_ends() -> None:
    """A service with nothing to drain shuts down at once."""
    with running("undrained") as program:
        program.line()
        assert program.get("/") == "here"
        program.process.terminate()
        assert program.line() == "lifespan.shutdown"
        program.process.wait(10)


def test_a_start_that_fails_is_exit_code_three() -> None:
    """A service whose start failed says so with its exit code."""
    with running("refuses") as program:
        assert program.process.wait(10) == 3


def test_a_taken_port_is_one_line_and_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the variable that would help."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            listen("127.0.0.1", port, variable="CHAT_PORT")
    assert ended.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith(f"carrel: CHAT_PORT: cannot listen on 127.0.0.1:{port}: ")


def test_an_address_that_is_not_ours_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Also an IPv6 address or a name is tried, and refused in one line."""
    for host in ("203.0.113.1", "::2"):
        with pytest.raises(SystemExit):
            listen(host, 0, variable="PORT")
    assert capsys.readouterr().err.count("\n") == 2


def test_how_every_service_is_served() -> None:
    """No access log beside ours, no server header, no compression that a client could make us undo."""
    configuration = config(None, graceful_s=3, ws_max_size=1024)
    assert not configuration.access_log
    assert not configuration.server_header
    assert not configuration.ws_per_message_deflate
    assert configuration.ws == "websockets-sansio"
    assert (configuration.timeout_graceful_shutdown, configuration.ws_max_size) == (3, 1024)


async def test_the_tests_serve_in_the_same_way() -> None:
    """The server of the tests answers on a free port."""
    async with serving(FastAPI()) as port, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/nothing")
    assert (answer.status_code, answer.headers.get("server")) == (404, None)
