import httpx
import pytest

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
