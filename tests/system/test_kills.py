"""kill -9 of each process in turn, under questions: it comes back, and nothing promised is missing."""

import asyncio
import os
import signal
import time

import httpx
import pytest

from tests.support import book
from tests.support.fleet import Client, audit
from tests.support.system import Carrel

pytestmark = pytest.mark.system

AFFECTED = {"gateway": None, "retriever": "retriever", "chat_ws": "chat_ws", "postgres": "chat_ws"}
"""The service whose health shows that a process is gone; the gateway's own absence shows by itself."""


async def health_while_away(carrel: Carrel, victim: str) -> list[str]:
    """Kill ``victim`` and return the states that /health gave of it until all was ready again."""
    states = []
    async with httpx.AsyncClient(base_url=carrel.address, timeout=5, trust_env=False) as http:
        killed = carrel.pids()[victim]
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while True:
            try:
                answer = await http.get("/health")
                service = AFFECTED[victim]
                states.append(answer.json()["services"][service]["status"] if service else "ok")
                ready = (await http.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                states.append("away")
                ready = False
            if ready and states[-1] == "ok" and carrel.pids().get(victim, killed) != killed:
                return states
            assert time.monotonic() < deadline, f"{victim} was not back within 5 s: {states}"
            await asyncio.sleep(0.02)


async def test_each_process_is_killed_under_questions(own_carrel: Carrel) -> None:
    """Back within 5 s, health told of it, every acknowledged message and every document is there."""
    own_carrel.start()
    own_carrel.carrel("ingest", book.write(own_carrel.folder / "book"))
    clients = [Client(own_carrel.address, pause_s=0.1) for _ in range(4)]
    stop = asyncio.Event()
    fleet = [asyncio.ensure_future(client.run(stop)) for client in clients]

    told = {}
    for victim in AFFECTED:
        await asyncio.sleep(1)
        told[victim] = await health_while_away(own_carrel, victim)
    await asyncio.sleep(1)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*fleet), 60)

    for victim, states in told.items():
        assert {"away", "down"} & set(states), f"health never said that {victim} was gone: {states}"
    problems = [problem for client in clients for problem in await audit(client)]
    assert not problems
    assert sum(client.completed for client in clients) > 20
    done = own_carrel.carrel("ingest", own_carrel.folder / "book")
    assert "5 unchanged" in done.stdout
    assert own_carrel.stop() == 0
