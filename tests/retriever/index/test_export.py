"""An export is the index at one moment, whatever is written while it is made."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from retriever.documents.preparation import Submission
from retriever.documents.records import point_id
from retriever.index import lines
from retriever.index.export import PAGE, Export
from retriever.index.identity import Identity, wanted
from retriever.index.lines import Beginning, End, Line, Removed
from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from retriever.ports import Point, Space
from shared.errors import UpstreamUnavailableError
from tests.support.exported import lines_of, opened
from tests.support.retriever_memory import MemoryCollections, failing
from tests.support.retriever_room import InProcess, ticking


@pytest.fixture
async def collections() -> MemoryCollections:
    return MemoryCollections()


@pytest.fixture
async def store(collections: MemoryCollections) -> AsyncIterator[OpeningStore]:
    async with opened(collections) as found:
        yield found


def ingest_into(store: OpeningStore) -> Ingest:
    from retriever.documents.catalogue import Catalogue

    return Ingest(store, Catalogue(store), InProcess(), now_us=ticking(), gate=store.gate)


async def put(ingest: Ingest, document_id: str, text: str) -> None:
    await ingest.put(document_id, Submission(text.encode(), "text/markdown"))


def counting(read: list[Line]) -> tuple[dict[str, str], set[str]]:
    """The titles of the documents that count, and the ids of the content that belongs to them."""
    titles: dict[str, str] = {}
    parts: dict[str, set[str]] = {}
    for line in read:
        if isinstance(line, Removed):
            titles.pop(line.document_id, None)
            parts.pop(line.document_id, None)
        elif isinstance(line, Point) and line.payload["kind"] == "record":
            titles[line.payload["document_id"]] = line.payload["title"]
        elif isinstance(line, Point) and "document_id" in line.payload:
            parts.setdefault(line.payload["document_id"], set()).add(line.id)
    return titles, {id for name in titles for id in parts[name]}


async def test_everything_is_in_it(store: OpeningStore) -> None:
    """Documents with their parts, what others keep in the index, a beginning, and an end that counts."""
    ingest = ingest_into(store)
    for number in range(PAGE + 3):
        await put(ingest, f"{number}.md", f"# Lamp {number}\n\nA lamp.")
    await store.upsert([Point(point_id("data_source", "s"), {"kind": "data_source", "id": "s"})])
    read = [lines.read(line) for line in await lines_of(store)]
    assert read[0] == Beginning(wanted(None))
    assert read[-1] == End(len(read) - 1, PAGE + 3)
    titles, _ = counting(read)
    assert titles == {f"{n}.md": f"Lamp {n}" for n in range(PAGE + 3)}
    kinds = [line.payload["kind"] for line in read if isinstance(line, Point)]
    assert kinds.count("chunk") == kinds.count("source") == PAGE + 3
    assert kinds.count("data_source") == 1
    assert not {"meta", "index"} & set(kinds)


async def test_what_changes_meanwhile_is_caught_up_with(
    store: OpeningStore, collections: MemoryCollections
) -> None:
    """Replaced, added and removed in the middle: the lines hold what the index holds at their end."""
    ingest = ingest_into(store)
    for number in range(8):
        await put(ingest, f"{number}.md", f"# Before {number}\n\nA lamp.")
    stream = Export(store).stream()
    written = [await anext(stream) for _ in range(7)]
    await put(ingest, "0.md", "# After 0\n\nA lamp.")
    await put(ingest, "7.md", "# After 7\n\nA lamp.")
    await put(ingest, "new.md", "# New\n\nA lamp.")
    await ingest.delete("1.md")
    written += [line async for line in stream]
    read = [lines.read(line) for line in b"".join(written).splitlines()]
    titles, parts = counting(read)
    expected = {f"{n}.md": f"Before {n}" for n in range(2, 7)}
    assert titles == expected | {"0.md": "After 0", "7.md": "After 7", "new.md": "New"}
    content = {
        p.id for p in collections.stores[0].points.values() if p.payload["kind"] in ("chunk", "source")
    }
    assert parts == content
    assert read[-1] == End(len(read) - 1, 8)


async def test_a_document_replaced_while_it_is_read(
    store: OpeningStore, collections: MemoryCollections
) -> None:
    """Its half-removed old revision does not count; the new one is written whole."""
    ingest = ingest_into(store)
    await put(ingest, "a.md", "# Old\n\nA lamp.")
    memory = collections.stores[0]
    replaced = asyncio.Event()
    plain = memory.read

    async def read(*args: object, **named: object) -> object:
        if not replaced.is_set():
            replaced.set()
            await put(ingest, "a.md", "# New\n\nA lamp.")
        return await plain(*args, **named)  # type: ignore[arg-type]

    memory.read = read  # type: ignore[assignment, method-assign]
    read_back = [lines.read(line) for line in await lines_of(store)]
    titles, parts = counting(read_back)
    assert titles == {"a.md": "New"}
    assert parts == {p.id for p in memory.points.values() if p.payload["kind"] in ("chunk", "source")}
    assert Removed("a.md") in read_back


async def test_a_slow_reader_holds_nobody_up(store: OpeningStore) -> None:
    """When the last lines wait to be read, the index is written to again."""
    ingest = ingest_into(store)
    await put(ingest, "a.md", "# A\n\nA lamp.")
    stream = Export(store).stream()
    # With one document, all behind the third line was read behind the gate.
    for _ in range(4):
        await anext(stream)
    async with asyncio.timeout(5):
        await put(ingest, "b.md", "# B\n\nA lamp.")
    rest = b"".join([line async for line in stream])
    assert isinstance(lines.read(rest.splitlines()[-1]), End)


async def test_a_lost_index_cuts_it(store: OpeningStore, collections: MemoryCollections) -> None:
    """What fails in the middle is raised, and there is no end line."""
    await put(ingest_into(store), "a.md", "# A\n\nA lamp.")
    collections.stores[0].before = failing(UpstreamUnavailableError("lost"), "scroll", after=1)
    with pytest.raises(UpstreamUnavailableError):
        await lines_of(store)


async def test_a_switch_in_the_middle_cuts_it(store: OpeningStore) -> None:
    """Vectors of two kinds never come into one export."""
    await put(ingest_into(store), "a.md", "# A\n\nA lamp.")
    stream = Export(store).stream()
    await anext(stream)
    store.identity = Identity("f", Space("other", 3))
    with pytest.raises(UpstreamUnavailableError, match="switched"):
        _ = [line async for line in stream]
