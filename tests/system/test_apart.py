"""The services apart, as in compose.yaml: two gateways, two chat services, one retriever."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import book
from tests.support.apart import SECRETS, Many, many
from tests.support.chat_client import LOST, Frame, ask, opened, receive, session, told

pytestmark = pytest.mark.system
QUESTION = "What is a Fresnel lens?"
ANSWER = "A Fresnel lens is a lens made of rings of glass"


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Many]:
    """All of them, with the small book taken in."""
    with many(tmp_path) as found:
        found.carrel("ingest", book.write(tmp_path / "book"))
        yield found


async def asked(address: str, token: str) -> list[Frame]:
    """Ask until it is acknowledged and answered, as a client does; a minute at most."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with opened(address, token) as socket:
                    frames = await ask(socket, QUESTION)
            except LOST:
                await asyncio.sleep(0.1)
                continue
            if frames[0]["type"] == "message-ack" and frames[-1].get("status") == "completed":
                assert ANSWER in told(frames[1:])[0]
                return frames
            assert frames[-1]["type"] == "run-end" or frames[-1]["retryable"], frames
            await asyncio.sleep(0.1)


async def resumed(address: str, token: str, run: list[Frame]) -> list[Frame]:
    """Follow a run again from its beginning, elsewhere."""
    async with opened(address, token) as socket:
        await socket.send(json.dumps({"type": "run-resume", "run_id": run[0]["run_id"], "starting_after": 0}))
        return [await receive(socket) for _ in run]


async def conversations(address: str, token: str) -> list[Any]:
    """What the visitor finds; who meets a service that has just gone is told to ask again."""
    async with asyncio.timeout(30), httpx.AsyncClient(base_url=address, timeout=10, trust_env=False) as http:
        while True:
            answer = await http.get("/v1/conversations", headers={"Authorization": f"Bearer {token}"})
            if answer.status_code == 200:
                found: list[Any] = answer.json()["items"]
                return found
            assert (answer.status_code, answer.headers["retry-after"].isdecimal()) == (503, True)
            await asyncio.sleep(0.1)


async def test_any_gateway_and_any_chat_service_will_do(apart: Many) -> None:
    """Asked through one, resumed through the other; a chat service and a gateway are killed."""
    one, two = apart.gateways
    token = await session(one.address)
    _, *run = await asked(one.address, token)
    assert await resumed(two.address, token, run) == run
    _, *run = await asked(two.address, token)
    assert await resumed(one.address, token, run) == run
    assert await conversations(one.address, token) == await conversations(two.address, token)
    assert len(await conversations(one.address, token)) == 2

    apart.chats[0].end(signal.SIGKILL)
    for gateway in (one, two):
        await asked(gateway.address, token)
    one.end(signal.SIGKILL)
    _, *run = await asked(two.address, token)
    assert len(await conversations(two.address, token)) >= 5

    for back in (apart.chats[0], one):
        back.start()
        back.ready()
    apart.chats[1].end(signal.SIGKILL)
    assert await resumed(one.address, token, run) == run
    await asked(one.address, token)


def test_each_is_a_process_of_its_own(apart: Many) -> None:
    """It holds its own secrets alone, leaves no folder behind where it keeps nothing, and ends with 0."""
    theirs = {
        "gateway": {"INTERNAL_TOKEN", "SESSION_SECRET", "ADMIN_API_KEY", "REDIS_URL"},
        "retriever": {"INTERNAL_TOKEN", "REDIS_URL"},
        "chat_ws": {"INTERNAL_TOKEN", "DATABASE_URL", "REDIS_URL"},
    }
    for service in apart.services:
        assert service.held & {*SECRETS, *apart.engines} == theirs[service.service]
        assert service.data_dir.exists() == (service.service == "retriever")
    health = httpx.get(f"{apart.gateways[1].address}/health", timeout=10, trust_env=False).json()
    assert health["status"] == "ok"
    assert [service.end() for service in reversed(apart.services)] == [0] * 5
