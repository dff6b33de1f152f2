"""After opening, the index is tidied once."""

import asyncio

import pytest

from retriever.chunking import chunk
from retriever.documents.records import SCHEMA, chunk_points
from retriever.opening import OpeningStore
from retriever.parsers.markdown import parse
from retriever.ports import VectorStore
from retriever.upkeep import keep_up
from shared.errors import UpstreamUnavailableError
from shared.tasks import cancel, spawn
from tests.retriever.documents.test_records import RECORD
from tests.support.retriever_memory import MemoryStore, failing
from tests.support.retriever_room import Room
from tests.support.waiting import eventually


async def test_leftovers_are_removed_after_opening_also_when_it_has_to_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Upkeep waits for the index, is put off when the index is lost, and is done once."""
    memory = MemoryStore()
    await memory.upsert(list(chunk_points(RECORD, chunk(parse("# Left\n\nover")))))

    async def make() -> VectorStore:
        return memory

    opening = OpeningStore(make, schema=SCHEMA)
    room = Room(store=opening, now_us=lambda: 10**12)  # type: ignore[arg-type]  # a store that opens stands where one in memory does
    opened = spawn(opening.run(), name="open")
    memory.before = failing(UpstreamUnavailableError("lost"), "scroll")
    task = spawn(keep_up(opening, room.ingest, retry_s=0.001), name="upkeep")
    await eventually(lambda: "put off" in caplog.text)
    memory.before = lambda _: None
    await asyncio.wait_for(task, 5)
    await cancel(opened)
    await opening.close()
    assert memory.points == {}
