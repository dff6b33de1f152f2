"""``carrel reindex`` begins a rebuild, watches it, and says how it ended."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli.connection import ALL_WELL, INTERRUPTED, NOTHING_TRIED
from cli.reindex import GOES_ON, reindex, run
from cli.settings import CliSettings
from shared.clients.index import IndexClient
from tests.shared.clients.test_index import REPORT
from tests.support.cli_server import fake_client


def telling(*states: dict[str, Any]) -> tuple[IndexClient, list[str]]:
    """A server whose rebuild is in one state after the other; and the methods it was asked with."""
    left: Iterator[dict[str, Any]] = iter(states)
    methods: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, json=REPORT | {"rebuild": next(left)})

    return IndexClient(fake_client(server)), methods


def test_it_is_watched_until_the_switch(capsys: pytest.CaptureFixture[str]) -> None:
    """Begun once, then looked at until it no longer runs."""
    running = {"status": "running", "done": 1, "total": 2}
    client, methods = telling(running, running, {"status": "idle", "done": 2, "total": 2})
    waited: list[float] = []
    assert run(client, as_json=False, pause=waited.append) == ALL_WELL
    assert methods == ["POST", "GET", "GET"]
    assert len(waited) == 2
    assert "2 documents, 5 chunks, m" in capsys.readouterr().out


def test_watching_begins_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """With --watch the server is only asked; --json prints the report."""
    client, methods = telling({"status": "idle"})
    assert run(client, as_json=True, watch_only=True, pause=lambda _: None) == ALL_WELL
    assert methods == ["GET"]
    assert json.loads(capsys.readouterr().out)["documents"] == 2


def test_a_rebuild_that_waits_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """What failed is told, and that the server goes on."""
    client, _ = telling({"status": "running"}, {"status": "waiting", "reason": "the model is away"})
    assert run(client, as_json=False, pause=lambda _: None) == GOES_ON
    assert "the model is away" in capsys.readouterr().err


def test_interrupting_leaves_it_going(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends the watching alone."""
    client, _ = telling({"status": "running"})

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    assert run(client, as_json=False, pause=interrupt) == INTERRUPTED
    assert "--watch" in capsys.readouterr().err


def test_a_server_that_is_not_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is begun, and what to do is said."""
    monkeypatch.setattr("cli.connection._PATIENCE_S", 0.0)
    settings = CliSettings(carrel_url="http://127.0.0.1:9", admin_api_key="k" * 32)
    assert reindex(settings=settings, as_json=False) == NOTHING_TRIED
    assert "carrel up" in capsys.readouterr().err
