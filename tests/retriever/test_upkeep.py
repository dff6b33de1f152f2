"""After opening, the index is tidied once."""

import pytest

from retriever.chunking import chunk
from retriever.documents.records import chunk_points
from retriever.index.identity import wanted
from retriever.opening import OpeningStore
from retriever.parsers.markdown import parse
from retriever.upkeep import keep_up
from shared.errors import UpstreamUnavailableError
from shared.tasks import cancel, spawn
from tests.retriever.documents.test_records import RECORD
from tests.support.embedders import WordEmbedder
from tests.support.retriever_memory import MemoryStore, failing, making
from tests.support.retriever_room import LAMPS, Room
from tests.support.waiting import eventually


async def test_leftovers_are_removed_after_opening_also_when_it_has_to_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Upkeep waits for the index, is put off when the index is lost, and is done once."""
    memory = MemoryStore()
    await memory.upsert(list(chunk_points(RECORD, chunk(parse("# Left\n\nover")))))

    opening = OpeningStore(making(memory), target=wanted(None))
    room = Room(store=opening, now_us=lambda: 10**12)  # type: ignore[arg-type]  # it opens a store in memory
    opened = spawn(opening.run(), name="open")
    memory.before = failing(UpstreamUnavailableError("lost"), "scroll")
    task = spawn(keep_up(opening, room.ingest, room.vectors, retry_s=0.001), name="upkeep")
    await eventually(lambda: "put off" in caplog.text)
    memory.before = lambda _: None
    await eventually(lambda: not memory.points)
    await cancel(task)
    await cancel(opened)
    await opening.close()


async def test_vectors_that_are_owed_are_made_when_they_can_be() -> None:
    """A document that was put while its vectors could not be made gets them without anybody's asking."""
    embedder = WordEmbedder(before=failing(UpstreamUnavailableError("away"), "passages"))
    opening = OpeningStore(making(memory := MemoryStore()), target=wanted(embedder.space))
    room = Room(store=opening, embedder=embedder)  # type: ignore[arg-type]  # it opens a store in memory
    tasks = [spawn(opening.run(), name="open")]
    await opening.opened.wait()
    tasks.append(spawn(keep_up(opening, room.ingest, room.vectors, retry_s=0.001), name="upkeep"))
    await room.put("lamps.md", LAMPS)
    assert room.vectors.owed.is_set()
    embedder.before = lambda _: None
    await eventually(lambda: any(point.dense is not None for point in memory.points.values()))
    for task in tasks:
        await cancel(task)
    await opening.close()
