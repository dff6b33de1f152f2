"""Another index is built beside the living one, which serves and is written to until the switch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from retriever.documents.catalogue import Catalogue
from retriever.documents.preparation import Submission
from retriever.documents.records import INDEX_FORMAT, INDEX_KINDS, format_of
from retriever.embedding.vectors import Vectors
from retriever.index.identity import IDENTITY_ID, Identity, wanted
from retriever.index.rebuild import Rebuild
from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from retriever.ports import Equals, Point, Where
from retriever.search import Search
from shared.contracts.retriever import SearchRequest
from shared.errors import UpstreamUnavailableError
from shared.tasks import cancel, spawn
from tests.support.embedders import WordEmbedder
from tests.support.retriever_memory import MemoryCollections, MemoryStore, failing, making
from tests.support.retriever_room import InProcess, ticking
from tests.support.waiting import eventually

LOST = UpstreamUnavailableError("lost")
OLD, NEW = WordEmbedder("old"), WordEmbedder("new")


class House:
    """The parts of a running retriever over two collections in memory."""

    def __init__(self, collections: MemoryCollections, target: Identity, *embedders: WordEmbedder) -> None:
        self.collections = collections
        self.store = OpeningStore(making(collections), target=target, watch_every_s=0.001)
        self.catalogue = Catalogue(self.store)
        self.vectors = Vectors(embedders, living=lambda: self.store.space)
        now = ticking(clock())
        self.ingest = Ingest(
            self.store, self.catalogue, InProcess(), now_us=now, vectors=self.vectors, gate=self.store.gate
        )
        self.search = Search(self.store, self.catalogue, self.vectors)
        self.rebuild = Rebuild(self.store, self.ingest, self.vectors, now_us=now, retry_s=0.001)

    async def put(self, document_id: str, text: str) -> None:
        await self.ingest.put(document_id, Submission(text.encode(), "text/markdown"))

    async def best(self, query: str) -> str:
        answer = await self.search.search(SearchRequest(query=query))
        assert answer.degraded == []
        return answer.passages[0].document_id

    @property
    def living(self) -> MemoryStore:
        return self.collections.stores[0]

    def of_kind(self, kind: str, store: MemoryStore | None = None) -> list[Point]:
        return [p for p in (store or self.living).points.values() if p.payload["kind"] == kind]


_clock = [1_000_000]


def clock() -> int:
    """Each retriever starts later than the one before."""
    _clock[0] += 1_000_000
    return _clock[0]


@asynccontextmanager
async def open_house(
    collections: MemoryCollections, target: Identity, *embedders: WordEmbedder, rebuilding: bool = True
) -> AsyncIterator[House]:
    house = House(collections, target, *embedders)
    tasks = [spawn(house.store.run(), name="open")]
    await house.store.opened.wait()
    if rebuilding:
        tasks.append(spawn(house.rebuild.run(), name="rebuild"))
    try:
        yield house
    finally:
        for task in reversed(tasks):
            await cancel(task)
        await house.store.close()


async def filled(count: int = 6) -> MemoryCollections:
    """An index with vectors of the old embedder, and something kept for somebody else."""
    collections = MemoryCollections()
    async with open_house(collections, wanted(OLD.space), OLD) as house:
        for number in range(count):
            await house.put(f"{number}.md", f"# Part {number}\n\nThe lens of lamp{number}.")
        await house.store.upsert([Point("source", {"kind": "data_source", "document_id": "0.md"})])
    return collections


async def switched(house: House) -> None:
    await eventually(lambda: house.store.identity == house.store.target)


async def test_another_embedder_builds_another_index() -> None:
    """Every document has the new vectors, everything else is kept, searches go on, the old one is gone."""
    collections = await filled()
    async with open_house(collections, wanted(NEW.space), NEW, OLD) as house:
        before = house.living
        await switched(house)
        assert house.living is not before
        assert len(house.of_kind("record")) == 6
        assert {record.payload["format"] for record in house.of_kind("record")} == {format_of(NEW.space)}
        assert all(chunk.dense is not None for chunk in house.of_kind("chunk"))
        assert [point.id for point in house.of_kind("data_source")] == ["source"]
        assert await house.best("lamp3") == "3.md"
        await eventually(lambda: house.rebuild.progress.status == "idle")
        assert (house.rebuild.progress.done, house.rebuild.progress.total) == (6, 6)
        assert house.collections.stores[1].points == {}


async def test_an_index_that_does_is_left_alone() -> None:
    """The same identity, or one whose vectors nobody can make now, is not built again."""
    collections = await filled()
    for target, embedders in ((wanted(OLD.space), [OLD]), (wanted(None), [])):
        async with open_house(collections, target, *embedders) as house:
            before = house.living
            await asyncio.sleep(0.01)
            assert house.living is before
            assert house.rebuild.progress.status == "idle"


async def test_whoever_asks_gets_a_new_index() -> None:
    """Also of the same identity; asking again while it is built is the same rebuild."""
    collections = await filled()
    async with open_house(collections, wanted(OLD.space), OLD) as house:
        before = house.living
        house.rebuild.ask()
        house.rebuild.ask()
        assert house.rebuild.progress.status == "running"
        await eventually(lambda: house.rebuild.progress.status == "idle")
        assert house.living is not before
        assert len(house.of_kind("record")) == 6
        assert house.rebuild.progress.finished > house.rebuild.progress.started


def during(number: int, act: Callable[[], None]) -> Callable[[str], None]:
    """Do something when the ``number``-th passages are embedded."""
    left = [number]

    def before(name: str) -> None:
        left[0] -= name == "passages"
        if left[0] == 0:
            act()

    return before


async def test_what_is_written_meanwhile_is_in_the_new_index() -> None:
    """A document replaced, one removed, one added while the index is built: as they are at the end."""
    collections = await filled(12)
    new = WordEmbedder("new")
    async with open_house(collections, wanted(new.space), new, OLD, rebuilding=False) as house:
        changes: list[asyncio.Task[None]] = []

        async def change() -> None:
            await house.put("0.md", "# Replaced\n\nA wick.")
            await house.ingest.delete("1.md")
            await house.put("added.md", "# Added\n\nA tower.")

        new.before = during(8, lambda: changes.append(spawn(change(), name="change")))
        task = spawn(house.rebuild.run(), name="rebuild")
        await switched(house)
        await asyncio.wait(changes)
        await cancel(task)
        names = {record.payload["document_id"] for record in house.of_kind("record")}
        assert names == {f"{n}.md" for n in range(12)} - {"1.md"} | {"added.md"}
        assert {chunk.payload["document_id"] for chunk in house.of_kind("chunk")} == names
        assert await house.best("wick") == "0.md"
        assert await house.best("tower") == "added.md"
        assert {record.payload["format"] for record in house.of_kind("record")} == {format_of(new.space)}


async def test_a_writer_is_not_caught_between_two_indexes() -> None:
    """A document embedded for the old index when the switch comes is embedded again for the new one."""
    collections = await filled(1)
    slow = WordEmbedder("old")
    new = WordEmbedder("new")
    async with open_house(collections, wanted(new.space), new, slow, rebuilding=False) as house:
        embedding, go_on = asyncio.Event(), asyncio.Event()
        passages = slow.passages

        async def late(texts: list[str]) -> object:
            embedding.set()
            await go_on.wait()
            return await passages(texts)

        slow.passages = late  # type: ignore[method-assign, assignment] # the moment cannot be met otherwise
        writing = spawn(house.put("late.md", "# Late\n\nA wick."), name="put")
        await embedding.wait()
        task = spawn(house.rebuild.run(), name="rebuild")
        await switched(house)
        go_on.set()
        await asyncio.wait([writing])
        await cancel(task)
        (record,) = [r for r in house.of_kind("record") if r.payload["document_id"] == "late.md"]
        assert record.payload["format"] == format_of(new.space)
        assert await house.best("wick") == "late.md"


async def test_a_failed_build_waits_and_goes_on_where_it_was() -> None:
    """What was embedded is not embedded again; the old index serves meanwhile, and the reason is told."""
    collections = await filled()
    new = WordEmbedder("new", before=failing(LOST, "passages", after=4))
    async with open_house(collections, wanted(new.space), new, OLD) as house:
        await eventually(lambda: house.rebuild.progress.status == "waiting")
        assert house.rebuild.progress.reason == "lost"
        assert await house.best("lamp3") == "3.md"
        embedded = new.embedded
        assert embedded == 4
        new.before = lambda _: None
        await switched(house)
        assert new.embedded == 6


async def test_a_killed_build_goes_on_after_a_restart() -> None:
    """The next process takes up what the last one had built."""
    collections = await filled()
    new = WordEmbedder("new", before=failing(LOST, "passages", after=4))
    async with open_house(collections, wanted(new.space), new, OLD) as house:
        await eventually(lambda: house.rebuild.progress.status == "waiting")
    new.before = lambda _: None
    async with open_house(collections, wanted(new.space), new, OLD) as house:
        await switched(house)
        assert new.embedded == 6
        assert len(house.of_kind("record")) == 6


async def test_a_document_that_cannot_be_read_any_more_is_moved_as_it_is() -> None:
    """Its chunks are kept and embedded: a rebuild loses nothing."""
    collections = await filled(2)
    for point in list(collections.stores[0].points.values()):
        if point.payload["kind"] == "source" and point.payload["document_id"] == "1.md":
            point.payload["text"] = ""  # type: ignore[index] # what no parser finds any text in
    async with open_house(collections, wanted(NEW.space), NEW, OLD) as house:
        await switched(house)
        assert await house.best("lamp1") == "1.md"
        assert all(chunk.dense is not None for chunk in house.of_kind("chunk"))


async def test_an_index_of_an_older_version_is_built_anew() -> None:
    """One that does not say what it is: cut and weighed as this version does."""
    collections = await filled()
    del collections.stores[0].points[IDENTITY_ID]
    async with open_house(collections, wanted(None)) as house:
        await switched(house)
        assert {record.payload["format"] for record in house.of_kind("record")} == {INDEX_FORMAT}
        assert all(point.dense is None for point in house.living.points.values())
        assert await house.store.count(Where((Equals("kind", "meta"),))) == 1
        assert {p.payload["kind"] for p in house.living.points.values()} == {*INDEX_KINDS, "data_source"}


async def test_the_answer_to_the_same_question_is_another_index_version() -> None:
    """What is cached of the old index is not told of the new one."""
    collections = await filled()
    async with open_house(collections, wanted(OLD.space), OLD) as house:
        before = (await house.search.search(SearchRequest(query="lamp3"))).index_version
        house.rebuild.ask()
        await eventually(lambda: house.rebuild.progress.status == "idle")
        assert (await house.search.search(SearchRequest(query="lamp3"))).index_version != before


async def test_an_error_of_our_own_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, told without its words, and tried again."""
    collections = await filled(2)
    new = WordEmbedder("new")

    def broken(_: str) -> None:
        raise KeyError("secret inside")

    new.before = broken
    async with open_house(collections, wanted(new.space), new, OLD) as house:
        await eventually(lambda: house.rebuild.progress.status == "waiting")
        assert house.rebuild.progress.reason == "something went wrong on our side"
        assert "secret inside" in caplog.text
        new.before = lambda _: None
        await switched(house)


async def test_an_index_that_became_what_is_wanted_ends_the_waiting() -> None:
    """A rebuild that was put off is not owed any more when another index was put in the place of the old."""
    collections = await filled(1)
    collections.before = failing(LOST, "switch")
    async with open_house(collections, wanted(NEW.space), NEW, OLD) as house:
        await eventually(lambda: house.rebuild.progress.status == "waiting")
        house.store.identity = house.store.target
        house.rebuild.look()
        await eventually(lambda: house.rebuild.progress.status == "idle")
        assert house.rebuild.progress.reason == ""


async def test_it_waits_for_an_import() -> None:
    """There is one place for the next index."""
    collections = await filled(1)
    async with open_house(collections, wanted(NEW.space), NEW, OLD, rebuilding=False) as house:
        async with house.store.building:
            task = spawn(house.rebuild.run(), name="rebuild")
            await eventually(lambda: house.rebuild.progress.status == "running")
            await asyncio.sleep(0)
            assert house.collections.stores[1].points == {}
        await switched(house)
        await cancel(task)
