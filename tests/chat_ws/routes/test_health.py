import asyncio
from typing import cast

import httpx
import pytest

from chat_ws.database.history import PostgresHistory
from tests.support.chat_fakes import Answerer
from tests.support.chat_service import NOWHERE, chatting

pytestmark = pytest.mark.integration


async def test_health_is_open_and_tells_the_truth(database_url: str) -> None:
    """Live, ready and health answer anybody; draining is still healthy and no longer ready."""
    async with (
        chatting(database_url, Answerer()) as chat,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{chat.port}", trust_env=False) as http,
    ):
        assert (await http.get("/health/live")).json() == {"status": "ok"}
        health = await http.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert (await http.get("/health/ready")).status_code == 200
        await chat.service.drain()
        assert (await http.get("/health")).status_code == 200
        assert (await http.get("/health/ready")).status_code == 503


async def test_health_without_a_database() -> None:
    """The process lives and says what it lacks."""
    async with (
        chatting(NOWHERE, Answerer(), prepared=False) as chat,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{chat.port}", trust_env=False) as http,
    ):
        assert (await http.get("/health/live")).status_code == 200
        for path in ("/health", "/health/ready"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["checks"]["postgres"]["status"]) == (503, "down")


async def test_health_while_the_pool_is_busy(database_url: str) -> None:
    """All connections at work is degraded and says why; the service is ready: whoever waits is served."""
    async with (
        chatting(database_url, Answerer(), database_connections=1) as chat,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{chat.port}", trust_env=False) as http,
    ):
        history = cast(PostgresHistory, chat.service.history)
        busy = asyncio.ensure_future(history._database.rows("SELECT pg_sleep(4)"))
        health, ready = await asyncio.gather(http.get("/health"), http.get("/health/ready"))
        assert (health.status_code, ready.status_code) == (200, 200)
        told = health.json()
        assert (told["status"], told["checks"]["postgres"]["status"]) == ("degraded", "degraded")
        assert "busy" in told["checks"]["postgres"]["detail"]
        await busy
        assert (await http.get("/health")).json()["status"] == "ok"
