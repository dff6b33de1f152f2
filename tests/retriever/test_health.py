"""Health says honestly what the retriever can and cannot do."""

import httpx
import pytest

from shared.errors import UpstreamUnavailableError
from tests.support.retriever_app import built, client
from tests.support.retriever_memory import MemoryStore, failing


async def test_an_open_index_is_healthy_and_ready() -> None:
    """With the index open everything is ok, and the answers are said to be extractive."""
    async with client(built()) as http:
        health = (await http.get("/health")).json()
        assert health["status"] == "ok"
        assert health["checks"]["qdrant"] == {"status": "ok", "detail": "embedded engine"}
        assert health["checks"]["cohere"] == {"status": "ok", "detail": "not configured: extractive answers"}
        assert (await http.get("/health/ready")).status_code == 200


async def test_a_key_is_believed_until_a_call_fails() -> None:
    """With a key the model's name is told; no call is made for it."""
    async with client(built(cohere_api_key="k", cohere_base_url="http://127.0.0.1:9")) as http:
        health = (await http.get("/health")).json()
        assert health["status"] == "ok"
        assert health["checks"]["cohere"] == {"status": "ok", "detail": "command-a-03-2025"}


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_without_its_index_the_service_lives_but_is_down(path: str) -> None:
    """Until the index is open the process answers, is not ready, and tells why."""
    app = built(MemoryStore(failing(UpstreamUnavailableError("in use by another process"), "ensure")))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://retriever") as http,
    ):
        assert (await http.get("/health/live")).status_code == 200
        response = await http.get(path)
        assert response.status_code == 503
        assert response.json()["status"] == "down"
