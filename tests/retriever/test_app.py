"""The application is put together without opening anything, and opens late."""

import asyncio
import threading
from pathlib import Path

import httpx
import pytest

from retriever.app import Adapters, create_app
from retriever.qdrant import QdrantCollections
from tests.support.ports import free_ports
from tests.support.retriever_app import built, settings, signed
from tests.support.retriever_memory import MemoryCollections, MemoryStore
from tests.support.waiting import eventually


async def test_the_service_listens_before_its_index_is_open() -> None:
    """The lifespan returns at once, however long the engine takes; it closes what it opened."""
    gate = asyncio.Event()
    memory = MemoryStore()

    async def make() -> MemoryCollections:
        await gate.wait()
        return MemoryCollections(memory)

    app = create_app(settings(), adapters=Adapters(make, watch_every_s=0.001))
    transport = httpx.ASGITransport(app=app)
    async with (
        asyncio.timeout(5),
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://x", headers=signed()) as http,
    ):
        refused = await http.post("/v1/search", json={"query": "x"})
        assert (refused.status_code, refused.json()["retryable"]) == (503, True)
        assert refused.headers["x-request-id"]
        gate.set()
        await eventually(lambda: app.state.store.state.open)
        assert (await http.post("/v1/search", json={"query": "x"})).status_code == 200
    assert memory.closed


async def test_stopping_before_it_opened() -> None:
    """A service that is stopped while its index opens stops."""
    app = built()
    async with asyncio.timeout(5), app.router.lifespan_context(app):
        pass


@pytest.mark.integration
async def test_the_embedded_engine_is_the_default(tmp_path: Path) -> None:
    """Without QDRANT_URL the engine opens in the data folder, and its thread ends with the service."""
    app = create_app(settings().model_copy(update={"data_dir": tmp_path}))
    async with app.router.lifespan_context(app):
        await eventually(lambda: app.state.store.state.open)
        assert (tmp_path / "qdrant").is_dir()
    await eventually(lambda: not any(t.name.startswith("qdrant") for t in threading.enumerate()))


async def test_a_server_that_cannot_be_reached_is_down_not_a_crash() -> None:
    """With QDRANT_URL set and nobody there, the process lives and says so."""
    (port,) = free_ports(1)
    app = create_app(settings(qdrant_url=f"http://127.0.0.1:{port}"))
    async with app.router.lifespan_context(app):
        await eventually(lambda: "cannot be reached" in app.state.store.state.detail)
        assert isinstance(app.state.store._collections, QdrantCollections)
        assert not app.state.vitals.ready
