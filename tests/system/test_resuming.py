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
    """Clients that ask chat services at ``ports`` once; with ``going_on`` until :meth:`told` is awaited."""

    def __init__(self, ports: list[int], *, going_on: bool = False) -> None:
        self._going_on = going_on
        self._asking = [
            asyncio.ensure_future(
                self._ask(Dropping(f"visitor_{number}", ports, token=TOKEN, life_s=LIFE_S, seed=1))
            )
            for number in range(CLIENTS)
        ]

    async def told(self) -> list[Told]:
        """What they were told; each answer is stored as it was told, and nothing came that must not."""
        self._going_on = False
        async with asyncio.timeout(120):
            return [one for told in await asyncio.gather(*self._asking) for one in told]

    async def _ask(self, client: Dropping) -> list[Told]:
        told = [await self._asked(client, 0)]
        while self._going_on:
            told.append(await self._asked(client, len(told)))
        return told

    async def _asked(self, client: Dropping, number: int) -> Told:
        question = f"Question {number}?"
        one = await client.ask(question)
        assert one.wrong == []
        whole = "".join(words_of(question, WORDS))
        message = await client.message(one)
        assert message["status"] == one.status
        assert message["content"] == (
            whole if one.status == "completed" else whole[: len(message["content"])]
        )
        if one.status == "completed" and not one.gaps:
            assert one.text == whole
        return one


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
    """Killed five times while questions go on: each run ends, whole or incomplete, and is stored as told."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with (
            retriever(words=WORDS, interval_s=INTERVAL_S) as retriever_url,
            chat_processes(
                2, tmp_path, DATABASE_URL=database_url, RETRIEVER_URL=retriever_url, REDIS_URL=server.url
            ) as processes,
        ):
            crowd = Crowd([process.port for process in processes], going_on=True)
            for victim in (0, 1, 0, 1, 1):
                await asyncio.sleep(0.3)
                processes[victim].kill()
                processes[victim].launch()
                await processes[victim].ready()
            told = await crowd.told()
    finally:
        server.kill()
    assert {one.status for one in told} <= {"completed", "incomplete"}
    # Each question was acknowledged once, and each acknowledgement is a run of its own.
    assert len({one.run_id for one in told}) == len(told) > CLIENTS


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
