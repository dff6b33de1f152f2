"""One suite for the run logs in memory and in Redis, followed where the run runs and elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from chat_ws.ports import RunLogs
from chat_ws.run_logs.log import RunLog
from chat_ws.run_logs.memory import MemoryRunLogs
from tests.support.redis_server import RedisServer
from tests.support.run_frames import first, number_of, numbers, sharing, write
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
MAX_BYTES = 100


@dataclass
class Place:
    """Where a run is written, and where it is followed."""

    writer: RunLogs
    reader: RunLogs

    def begin(self) -> tuple[str, RunLog]:
        """Begin a run."""
        run_id = f"run_{uuid4().hex}"
        return run_id, self.writer.open(run_id)

    async def read(self, run_id: str, *, after: int = 0, live: bool = True) -> list[int | None]:
        """The numbers that a reader gets; None is a gap."""
        return await numbers(self.reader.read(run_id, after=after, live=live))

    async def settled(self, run_id: str, count: int) -> None:
        """Wait until the reader's side has frame ``count``."""
        assert await first(self.reader.read(run_id, after=count - 1)) == count


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(Path(tmp_path_factory.mktemp("redis")))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["memory", "redis-here", "redis-elsewhere"])
async def place(request: pytest.FixtureRequest, server: RedisServer) -> AsyncIterator[Place]:
    if request.param == "memory":
        memory = MemoryRunLogs(max_bytes=MAX_BYTES)
        yield Place(memory, memory)
        return
    server.ask("FLUSHALL")
    async with sharing(server.url, server.url, max_bytes=MAX_BYTES) as (here, there):
        yield Place(here, here if request.param == "redis-here" else there)


async def test_a_run_is_read_whole_live_and_later(place: Place) -> None:
    """From its first frame, from the middle, from its end: exactly the rest, in order, up to the end."""
    run_id, log = place.begin()
    write(log, 1, 3)
    await place.settled(run_id, 3)
    readers = [asyncio.ensure_future(place.read(run_id, after=after)) for after in (0, 2, 5)]
    for number in range(4, 9):
        await asyncio.sleep(0)
        write(log, number, number)
    write(log, 9, 9, end=True)
    assert await asyncio.gather(*readers) == [
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [3, 4, 5, 6, 7, 8, 9],
        [6, 7, 8, 9],
    ]
    for after in range(10):
        assert await place.read(run_id, after=after, live=False) == list(range(after + 1, 10))


async def test_frames_are_what_was_written(place: Place) -> None:
    """Text of every kind comes back as it was."""
    run_id, log = place.begin()
    write(log, 1, 1, end=True)
    await place.settled(run_id, 1)
    async with aclosing(place.reader.read(run_id, after=0)) as entries:
        [frame] = [entry async for entry in entries]
    assert frame == {"type": "run-end", "sequence_number": 1, "delta": {"text": "é\u2028"}}


async def test_past_the_bound_there_is_one_gap(place: Place) -> None:
    """The oldest frames go; who wants them is told once, and gets all that is kept."""
    run_id, log = place.begin()
    write(log, 1, 30, size=10, end=True)
    await place.settled(run_id, 30)
    assert await place.read(run_id) == [None, *range(21, 31)]
    assert await place.read(run_id, after=20) == list(range(21, 31))
    assert await place.read(run_id, after=30, live=False) == []


async def test_many_frames_at_once(place: Place) -> None:
    """More than fit into one reading come all the same, in order."""
    run_id, log = place.begin()
    write(log, 1, 300, size=0, end=True)
    await place.settled(run_id, 300)
    assert await place.read(run_id) == list(range(1, 301))


async def test_two_runs_are_two(place: Place) -> None:
    """Followers of different runs get their own, also when both grow at the same time."""
    (one, log), (two, other) = place.begin(), place.begin()
    write(log, 1, 1)
    write(other, 1, 1)
    await place.settled(one, 1)
    await place.settled(two, 1)
    readers = [asyncio.ensure_future(place.read(run_id)) for run_id in (one, two)]
    write(log, 2, 5, end=True)
    write(other, 2, 3, end=True)
    assert await asyncio.gather(*readers) == [[1, 2, 3, 4, 5], [1, 2, 3]]


async def test_what_was_discarded_is_nowhere(place: Place) -> None:
    """After a deletion by either side nobody finds a frame, and what its run still says is not kept."""
    for side in (place.writer, place.reader):
        run_id, log = place.begin()
        write(log, 1, 3)
        await place.settled(run_id, 3)
        await side.discard([run_id])
        await eventually(lambda log=log: log.gone, within=20)  # type: ignore[misc]  # no type is inferred for a lambda with a default
        write(log, 4, 4, end=True)
        assert await place.read(run_id, live=False) == []
        assert place.writer.bytes == 0


async def test_an_unknown_run_has_no_frames(place: Place) -> None:
    """Nothing is kept of it, and that is no error."""
    assert await place.read("run_unknown", live=False) == []


async def test_a_reader_may_leave(place: Place) -> None:
    """Who leaves in the middle leaves nothing behind; the others read on."""
    run_id, log = place.begin()
    write(log, 1, 2)
    await place.settled(run_id, 2)
    entries = place.reader.read(run_id, after=0)
    assert number_of(await anext(entries)) == 1
    await entries.aclose()
    leaving = asyncio.ensure_future(place.read(run_id))
    await asyncio.sleep(0.01)
    leaving.cancel()
    await asyncio.wait([leaving])
    write(log, 3, 3, end=True)
    assert await place.read(run_id) == [1, 2, 3]


async def test_it_is_well_and_closes_twice(place: Place) -> None:
    """The health report has a line for it; hurry is harmless, and so is closing again."""
    await place.writer.hurry()
    assert place.reader.check().status == "ok"
    await place.writer.close()
    await place.writer.close()
