import asyncio

import pytest

from chat_ws.run_logs.link import Link, key_of
from chat_ws.run_logs.memory import MemoryRunLogs
from chat_ws.run_logs.shipping import BATCH_RUNS, Shipping
from tests.support.redis_server import RedisServer
from tests.support.run_frames import sharing, write
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
RUN = key_of("run")


async def test_a_stream_is_a_copy_of_the_log(server: RedisServer) -> None:
    """Its ids are the frames' numbers; what goes from the log goes from the stream; it expires by itself."""
    async with sharing(server.url, max_bytes=50) as (logs,):
        log = logs.open("run")
        write(log, 1, 3, size=10)
        await eventually(lambda: server.ask("XLEN", RUN) == 3)
        # Longer than any silence while it runs, the window after its end.
        assert 290_000 < server.ask("PTTL", RUN) <= 300_000
        write(log, 4, 9, size=10, end=True)
        await eventually(lambda: server.ask("XINFO", "STREAM", RUN)[7] == b"9-0")
        assert [entry[0] for entry in server.ask("XRANGE", RUN, "-", "+")] == [
            b"5-0",
            b"6-0",
            b"7-0",
            b"8-0",
            b"9-0",
        ]
        assert 50_000 < server.ask("PTTL", RUN) <= 60_000


async def test_more_than_fits_into_one_trip(server: RedisServer) -> None:
    """Many runs and large logs take several trips, and all arrive."""
    async with sharing(server.url) as (logs,):
        opened = [logs.open(f"run_{number}") for number in range(2 * BATCH_RUNS + 1)]
        for log in opened:
            write(log, 1, 2)
        write(opened[0], 3, 12, size=200 * 1024)
        await eventually(lambda: server.ask("DBSIZE") == len(opened))
        await eventually(lambda: server.ask("XLEN", key_of("run_0")) == 12)


async def test_what_is_written_twice_is_there_once(server: RedisServer) -> None:
    """After an answer that was lost all is sent again; a new server gets all that is kept."""
    async with sharing(server.url) as (logs,):
        write(logs.open("run"), 1, 3)
        await eventually(lambda: server.ask("EXISTS", RUN) == 1)
        logs._shipping.lose(TimeoutError())
        await eventually(lambda: not logs._shipping._behind)
        assert server.ask("XLEN", RUN) == 3
        server.ask("FLUSHALL")
        server.ask("SCRIPT", "FLUSH")
        write(logs.open("other"), 1, 1)
        await eventually(lambda: server.ask("EXISTS", key_of("other")) == 1)
        assert logs.check().status == "ok"
        logs._shipping.lose(TimeoutError())
        await eventually(lambda: server.ask("XLEN", RUN) == 3)


async def test_what_is_forgotten_is_shipped_no_more(server: RedisServer) -> None:
    """A run whose log is gone before it was shipped leaves nothing."""
    memory, link = MemoryRunLogs(), Link(server.url)
    shipping = Shipping(link, memory, window_s=60)
    for run_id in ("run", "kept"):
        write(memory.open(run_id), 1, 1)
        shipping.ship(run_id)
    memory.forget("run")
    await shipping.flush()
    assert server.ask("KEYS", "*") == [key_of("kept").encode()]
    assert set(shipping._shipped) == {"kept"}
    await link.redis.aclose(close_connection_pool=True)


async def test_leaving_takes_what_is_left_along(server: RedisServer) -> None:
    """What was told last is in the stream when the process is gone; a lost Redis is not waited for."""
    async with sharing(server.url) as (logs,):
        write(logs.open("run"), 1, 2, end=True)
    assert server.ask("XLEN", RUN) == 2
    async with sharing(server.url) as (logs,):
        server.kill()
        write(logs.open("run"), 1, 2, end=True)
    server.start()


@pytest.mark.parametrize(
    "answer", [b"$-1\r\n", b":0\r\n", b"-OOM no\r\n", b"-ERR wrong\r\n", b"+OK\r\n", b"*x"]
)
async def test_rubbish_is_no_answer(answer: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server that does not do what it is asked is a lost one; the log goes on without it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(answer)
        writer.close()

    path = tmp_path_factory.mktemp("pretender") / "redis.sock"
    async with (
        await asyncio.start_unix_server(serve, path),
        sharing(f"unix://{path}", deadline_s=1) as (logs,),
    ):
        log = logs.open("run")
        write(log, 1, 3, end=True)
        await eventually(lambda: logs.check().status == "degraded")
        assert log.last == 3
