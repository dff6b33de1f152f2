"""Health says honestly what the retriever can and cannot do."""

from pathlib import Path

import httpx
import pytest

from retriever.embedding.cohere import make_embedder
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.health import Vitals
from shared.errors import UpstreamUnavailableError
from tests.support.cohere_room import connected
from tests.support.embedders import WordEmbedder
from tests.support.retriever_app import built, client
from tests.support.retriever_memory import MemoryCollections, MemoryStore, failing


async def test_an_open_index_is_healthy_and_ready() -> None:
    """With the index open everything is ok, and the answers are said to be extractive."""
    async with client(built()) as http:
        health = (await http.get("/health")).json()
        assert health["status"] == "ok"
        assert health["checks"]["qdrant"] == {"status": "ok", "detail": "embedded engine, BM25"}
        assert "words alone" in health["checks"]["embedding"]["detail"]
        assert health["checks"]["cohere"] == {"status": "ok", "detail": "not configured: extractive answers"}
        assert (await http.get("/health/ready")).status_code == 200


async def test_a_key_is_believed_until_a_call_fails() -> None:
    """With a key the model's name is told; no call is made for it."""
    async with client(built(cohere_api_key="k", cohere_base_url="http://127.0.0.1:9")) as http:
        health = (await http.get("/health")).json()
        assert health["status"] == "ok"
        assert health["checks"]["cohere"] == {"status": "ok", "detail": "command-a-03-2025"}


async def test_an_embedder_that_is_not_well_is_told(tmp_path: Path) -> None:
    """Of the model and the embedder the one that is not well speaks."""
    app = built(cohere_api_key="k", cohere_base_url="http://127.0.0.1:9", data_dir=tmp_path)
    budget = Budget(tmp_path / "used.json", limit=10)
    embedder = GuardedEmbedder(make_embedder(app.state.settings, connected("http://127.0.0.1:9")), budget)
    vitals = Vitals(app.state.store, app.state.vectors, [GuardedModel(app.state.cohere, budget), embedder])
    assert vitals.health().checks["cohere"].detail == "command-a-03-2025"
    with pytest.raises(UpstreamUnavailableError), embedder.watch.over("embed_query"):
        raise UpstreamUnavailableError("Cohere answers HTTP 429", retry_after_ms=1000)
    check = vitals.health().checks["cohere"]
    assert (check.status, check.detail) == ("degraded", "Cohere answers HTTP 429: search by words only")


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


async def test_what_finds_by_meaning_is_told() -> None:
    """The model while it works; degraded while it fails, or while nobody makes the index's vectors."""
    embedder = WordEmbedder()
    collections = MemoryCollections()
    app = built(collections, embedders=(embedder,))
    async with client(app) as http:
        assert (await http.get("/health")).json()["checks"]["embedding"] == {
            "status": "ok",
            "detail": "words",
        }
        embedder.before = failing(UpstreamUnavailableError("the model is broken"), "query")
        answer = (await http.post("/v1/search", json={"query": "lens"})).json()
        assert answer["degraded"] == ["dense"]
        health = (await http.get("/health")).json()
        assert health["status"] == "degraded"
        assert "the model is broken" in health["checks"]["embedding"]["detail"]
        embedder.before = lambda _: None
        await http.post("/v1/search", json={"query": "lens"})
        assert (await http.get("/health")).json()["status"] == "ok"
    async with client(built(collections)) as http:
        check = (await http.get("/health")).json()["checks"]["embedding"]
        assert check["status"] == "degraded"
        assert "nobody makes vectors of words" in check["detail"]
