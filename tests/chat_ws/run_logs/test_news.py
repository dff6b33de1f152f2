import asyncio
import signal

import pytest

from chat_ws.run_logs import news as module
from chat_ws.run_logs.link import CHANNEL, Link
from chat_ws.run_logs.news import News
from shared.tasks import cancel, spawn
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


class Hearing:
    """A replica that hears, and what it heard."""

    def __init__(self, server: RedisServer, *, deadline_s: float = 20) -> None:
        self.link = Link(server.url, deadline_s=deadline_s)
        self.gone: list[str] = []
        self.losses: list[Exception] = []
        self.hurries = 0
        self.news = News(self.link, gone=self.gone.append, lost=self.losses.append)
        self.news.hurried = self._hurry
        self.task = spawn(self.news.run(pause_s=0.01), name="hear")

    def _hurry(self) -> None:
        self.hurries += 1

    async def close(self) -> None:
        await cancel(self.task)
        await self.link.redis.aclose(close_connection_pool=True)


def listeners(server: RedisServer) -> int:
    return int(server.ask("PUBSUB", "NUMSUB", CHANNEL)[1])


async def test_what_is_called_out_is_heard(server: RedisServer) -> None:
    """News wake who waits for that run and nobody else; deletions and hurry are told."""
    hearing = Hearing(server)
    await eventually(lambda: listeners(server) == 1, within=20)
    with hearing.news.of("run_1") as one, hearing.news.of("run_1") as same, hearing.news.of("run_2") as two:
        server.ask("PUBLISH", CHANNEL, "+run_1")
        await eventually(lambda: one.is_set() and same.is_set(), within=20)
        assert not two.is_set()
        await hearing.news.tell_gone(["run_1", "run_2"])
        await hearing.news.hurry()
        await eventually(lambda: hearing.hurries == 1, within=20)
        assert hearing.gone == ["run_1", "run_2"]
    assert not hearing.news._waiting
    server.ask("PUBLISH", CHANNEL, "+run_1")
    server.ask("PUBLISH", CHANNEL, "")
    server.ask("PUBLISH", CHANNEL, "\xff")
    await hearing.news.hurry()
    await eventually(lambda: hearing.hurries == 2, within=20)
    assert hearing.losses == []
    await hearing.close()


async def test_a_server_that_goes_is_noticed_and_heard_again(server: RedisServer) -> None:
    """Killed: the loss is told at once, and the next server is listened to."""
    hearing = Hearing(server)
    await eventually(lambda: listeners(server) == 1, within=20)
    server.kill()
    await eventually(lambda: len(hearing.losses) > 0, within=20)
    server.start()
    await eventually(lambda: listeners(server) == 1, within=20)
    await hearing.news.hurry()
    await eventually(lambda: hearing.hurries == 1, within=20)
    await hearing.close()


async def test_a_server_that_hangs_is_noticed(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a silence it is asked; without an answer it is lost. One that has nothing to say is not."""
    monkeypatch.setattr(module, "QUIET_S", 0.02)
    hearing = Hearing(server, deadline_s=1)
    await eventually(lambda: listeners(server) == 1, within=20)
    await asyncio.sleep(0.2)
    assert hearing.losses == []
    server.signal(signal.SIGSTOP)
    await eventually(lambda: len(hearing.losses) > 0, within=20)
    server.signal(signal.SIGCONT)
    # The server may still count the listener that has hung up: a single call may be heard by nobody.
    async with asyncio.timeout(20):
        while hearing.hurries == 0:
            await hearing.news.hurry()
            await asyncio.sleep(0.01)
    await hearing.close()
