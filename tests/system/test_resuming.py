"""Sockets are cut at random, replicas killed: an answer arrives whole, or says that it does not."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.chat_processes import TOKEN, chat_processes, retriever, words_of
from tests.support.dropping import Dropping, Told
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.integration

CLIENTS = 12
WORDS = 60
INTERVAL_S = 0.02
LIFE_S = (0.05, 0.5)


class Crowd:
    """Clients that each ask one question of chat services at ``ports``."""

    def __init__(self, ports: list[int]) -> None:
        self.clients = [
            Dropping(f"visitor_{number}", ports, token=TOKEN, life_s=LIFE_S, seed=1)
            for number in range(CLIENTS)
        ]
        self.asking = [
            asyncio.ensure_future(client.ask(f"Question {number}?"))
            for number, client in enumerate(self.clients)
        ]

    async def told(self) -> list[Told]:
        """What they were told; each answer is stored as it was told, and nothing came that must not."""
        async with asyncio.timeout(120):
            told = await asyncio.gather(*self.asking)
        for number, (client, one) in enumerate(zip(self.clients, told, strict=True)):
            assert one.wrong == []
            whole = "".join(words_of(f"Question {number}?", WORDS))
            message = await client.message(one)
            assert message["status"] == one.status
            assert message["content"] == (
                whole if one.status == "completed" else whole[: len(message["content"])]
            )
            if one.status == "completed" and not one.gaps:
                assert one.text == whole
        return told


@pytest.mark.parametrize("replicas", [1, 2])
async def test_cut_sockets_lose_nothing(replicas: int, database_url: str, tmp_path: Path) -> None:
    """Every answer arrives whole, numbered without a gap and without a double, resumed here and there."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with (
            retriever(words=WORDS, interval_s=INTERVAL_S) as retriever_url,
            chat_processes(
                replicas,
                tmp_path,
                DATABASE_URL=database_url,
                RETRIEVER_URL=retriever_url,
                REDIS_URL=server.url,
            ) as processes,
        ):
            told = await Crowd([process.port for process in processes]).told()
    finally:
        server.kill()
    assert Counter(one.status for one in told) == {"completed": CLIENTS}
    assert sum(one.gaps for one in told) == 0
    assert sum(one.sockets for one in told) > CLIENTS


async def test_killed_replicas_lose_no_question(database_url: str, tmp_path: Path) -> None:
    """Killed in turn under all of it: each run ends, complete or incomplete, and is stored as it was told."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with (
            retriever(words=WORDS, interval_s=INTERVAL_S) as retriever_url,
            chat_processes(
                2, tmp_path, DATABASE_URL=database_url, RETRIEVER_URL=retriever_url, REDIS_URL=server.url
            ) as processes,
        ):
            crowd = Crowd([process.port for process in processes])
            for victim in (0, 1, 0):
                await asyncio.sleep(0.3)
                processes[victim].kill()
                processes[victim].launch()
                await processes[victim].ready()
            told = await crowd.told()
    finally:
        server.kill()
    assert set(Counter(one.status for one in told)) <= {"completed", "incomplete"}


async def test_without_redis_one_replica_is_enough(database_url: str, tmp_path: Path) -> None:
    """A single chat service that is killed ends its runs at its next start, and answers on."""
    async with (
        retriever(words=WORDS, interval_s=INTERVAL_S) as retriever_url,
        chat_processes(1, tmp_path, DATABASE_URL=database_url, RETRIEVER_URL=retriever_url) as processes,
    ):
        crowd = Crowd([processes[0].port])
        await asyncio.sleep(0.5)
        processes[0].kill()
        processes[0].launch()
        told = await crowd.told()
    assert set(Counter(one.status for one in told)) <= {"completed", "incomplete"}
