import asyncio
import logging
import signal

import pytest

from chat_ws.run_logs.link import CHANNEL, key_of
from shared.errors import UpstreamUnavailableError
from tests.support.redis_server import RedisServer
from tests.support.run_frames import first, numbers, sharing, write
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


async def test_a_killed_redis_delays_no_frame(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """Where it runs a run is followed as ever; elsewhere a follower waits, and loses nothing."""
    caplog.set_level(logging.INFO)
    async with sharing(server.url, server.url) as (here, there):
        log = here.open("run")
        write(log, 1, 2)
        follower = asyncio.ensure_future(numbers(there.read("run", after=0)))
        assert await first(there.read("run", after=1)) == 2
        server.kill()
        await eventually(lambda: {here.check().status, there.check().status} == {"degraded"}, within=20)
        write(log, 3, 4)
        assert await numbers(here.read("run", after=0, live=False)) == [1, 2, 3, 4]
        for live in (True, False):
            with pytest.raises(UpstreamUnavailableError):
                await numbers(there.read("run", after=0, live=live))
        server.start()
        await eventually(lambda: {here.check().status, there.check().status} == {"ok"}, within=20)
        write(log, 5, 5, end=True)
        assert await follower == [1, 2, 3, 4, 5]
        assert await numbers(there.read("run", after=0)) == [1, 2, 3, 4, 5]
    assert [caplog.text.count(said) for said in ("Redis is lost", "Redis is back")] == [2, 2]


async def test_a_hung_redis_delays_no_frame(server: RedisServer) -> None:
    """Frozen and let go: nothing is doubled by what it still did of the old connections' wishes."""
    async with sharing(server.url, server.url, deadline_s=0.3) as (here, there):
        log = here.open("run")
        write(log, 1, 2)
        follower = asyncio.ensure_future(numbers(there.read("run", after=0)))
        assert await first(there.read("run", after=1)) == 2
        server.signal(signal.SIGSTOP)
        for number in range(3, 9):
            write(log, number, number)
            await asyncio.sleep(0.05)
        await eventually(lambda: here.check().status == "degraded", within=20)
        assert await numbers(here.read("run", after=0, live=False)) == [1, 2, 3, 4, 5, 6, 7, 8]
        with pytest.raises(UpstreamUnavailableError):
            await numbers(there.read("run", after=0))
        server.signal(signal.SIGCONT)
        write(log, 9, 9, end=True)
        assert await follower == [1, 2, 3, 4, 5, 6, 7, 8, 9]
        await eventually(lambda: server.ask("XLEN", key_of("run")) == 9, within=20)


async def test_news_that_is_missed_is_found(server: RedisServer) -> None:
    """A follower that hears nothing looks for itself."""
    async with sharing(server.url, server.url) as (here, there):
        write(here.open("run"), 1, 1)
        assert await first(there.read("run", after=0)) == 1
        follower = asyncio.ensure_future(numbers(there.read("run", after=1)))
        await eventually(lambda: "run" in there._news._waiting, within=20)
        there._news._waiting.clear()
        there._news._waiting["run"] = set()
        server.ask("XADD", key_of("run"), "2-0", "f", '{"type": "run-end", "sequence_number": 2}')
        assert await follower == [2]


async def test_nobody_listens_where_it_is_not_there_from_the_start() -> None:
    """An address where nobody answers is a loss that is told, and nothing else."""
    async with sharing("redis://127.0.0.1:1/0", deadline_s=0.5) as (logs,):
        log = logs.open("run")
        write(log, 1, 2, end=True)
        await eventually(lambda: logs.check().status == "degraded", within=20)
        assert await numbers(logs.read("run", after=0)) == [1, 2]
        await logs.discard(["run"])
        await logs.hurry()


async def test_a_stream_that_says_nonsense_is_a_lost_one(server: RedisServer) -> None:
    """What is not a frame is told to nobody."""
    async with sharing(server.url) as (logs,):
        server.ask("XADD", key_of("run"), "1-0", "g", "not a frame")
        with pytest.raises(UpstreamUnavailableError):
            await numbers(logs.read("run", after=0))


async def test_hurry_reaches_the_others(server: RedisServer) -> None:
    """Who is asked to hurry is told so."""
    async with sharing(server.url, server.url) as (here, there):
        heard: list[str] = []
        there._news.hurried = lambda: heard.append("hurry")
        await eventually(lambda: server.ask("PUBSUB", "NUMSUB", CHANNEL)[1] == 2, within=20)
        await here.hurry()
        await eventually(lambda: heard == ["hurry"], within=20)
