"""The index is asked for, and what is no report is no answer."""

import httpx
import pytest

from shared.clients.index import IndexClient
from shared.errors import ForbiddenError, UpstreamUnavailableError
from tests.support.cli_server import fake_client, refused

REPORT = {
    "embedding_model": "m",
    "dimension": 3,
    "current": True,
    "documents": 2,
    "chunks": 5,
    "rebuild": {"status": "running", "done": 1, "total": 2, "later": "ignored"},
}


def test_reading_and_rebuilding() -> None:
    """Each is one request, and both tell what the index is."""
    asked: list[tuple[str, str]] = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        return httpx.Response(200 if request.method == "GET" else 202, json=REPORT)

    client = IndexClient(fake_client(server))
    assert client.read().rebuild.done == 1
    assert client.rebuild().embedding_model == "m"
    assert asked == [("GET", "/v1/index"), ("POST", "/v1/index/rebuild")]


def test_what_is_no_report() -> None:
    """A refusal is what it is; an answer of something else is no report."""
    with pytest.raises(ForbiddenError):
        IndexClient(fake_client(lambda _: refused(ForbiddenError()))).read()
    with pytest.raises(UpstreamUnavailableError, match="unknown"):
        IndexClient(fake_client(lambda _: httpx.Response(200, json={}))).read()
