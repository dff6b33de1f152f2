"""An export becomes the living index whole, or nothing changes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from retriever.documents.records import META_ID
from retriever.index.identity import IDENTITY_ID, Identity
from retriever.index.importing import Importing
from retriever.index.lines import Beginning, End, Removed, read, write
from retriever.opening import OpeningStore
from retriever.ports import Point, Space
from shared.errors import InvalidRequestError, NotEmptyError, OverloadedError, UpstreamUnavailableError
from tests.retriever.index.test_export import ingest_into, put
from tests.support.exported import lines_of, opened, pieces
from tests.support.retriever_memory import MemoryCollections, MemoryStore, failing
from tests.support.retriever_room import ticking

LATER = 5_000_000


@pytest.fixture
async def lines() -> list[bytes]:
    """The export of two documents, one of them replaced, and a data source."""
    async with opened(MemoryCollections()) as store:
        for name in ("a.md", "b.md"):
            await put(ingest_into(store), name, f"# {name}\n\nA lamp of {name}.")
        await store.upsert([Point("00000000-0000-0000-0000-000000000001", {"kind": "data_source"})])
        written = await lines_of(store)
    return written


@pytest.fixture
def collections() -> MemoryCollections:
    return MemoryCollections()


@pytest.fixture
async def store(collections: MemoryCollections) -> AsyncIterator[OpeningStore]:
    async with opened(collections) as found:
        yield found


def importing(store: OpeningStore, *, silence_s: float = 60.0) -> Importing:
    return Importing(store, tick=ticking(LATER), silence_s=silence_s)


def content(memory: MemoryStore) -> dict[str, Point]:
    return {id: point for id, point in memory.points.items() if id not in (META_ID, IDENTITY_ID)}


async def test_all_of_it_is_there(
    store: OpeningStore, collections: MemoryCollections, lines: list[bytes]
) -> None:
    """Each point with its payload; another index version, so that no answer is remembered of the old one."""
    switched: list[bool] = []
    one = Importing(store, tick=ticking(LATER), switched=lambda: switched.append(True))
    imported = await one.take(pieces(lines), replace=False)
    assert (imported.documents, imported.chunks) == (2, 2)
    exported = [read(line) for line in lines]
    assert content(collections.stores[0]) == {p.id: p for p in exported if isinstance(p, Point)}
    assert collections.stores[0].points[META_ID].payload["generation"] == LATER
    assert collections.stores[1].points == {}
    assert switched == [True]
    await put(ingest_into(store), "c.md", "# c\n\nWritten to as before.")


async def test_it_keeps_what_the_export_says_it_is(
    store: OpeningStore, collections: MemoryCollections
) -> None:
    """Vectors of a model that is not here now are kept as what they are."""
    identity = Identity("f", Space("elsewhere", 2))
    point = Point("00000000-0000-0000-0000-000000000001", {"kind": "chunk"}, dense=[0.6, 0.8])
    given = [write(Beginning(identity)), write(point), write(End(2, 0))]
    await importing(store).take(pieces(given), replace=False)
    assert store.identity == identity
    assert collections.stores[0].points[point.id].dense == pytest.approx([0.6, 0.8])


async def test_what_was_superseded_does_not_count(
    store: OpeningStore, collections: MemoryCollections, lines: list[bytes]
) -> None:
    """Words that a document was removed reach what was written of it before."""
    records = [read(line) for line in lines[1:-1]]
    first = [p for p in records if isinstance(p, Point) and p.payload.get("document_id") == "a.md"]
    given = [lines[0], *map(write, first), write(Removed("a.md")), *lines[1:-1]]
    given.append(write(End(len(given), 2)))
    imported = await importing(store).take(pieces(given), replace=False)
    assert (imported.documents, imported.chunks) == (2, 2)


async def test_what_is_there_is_replaced_only_when_asked(
    store: OpeningStore, collections: MemoryCollections, lines: list[bytes]
) -> None:
    """A document, or a data source alone, is something."""
    await store.upsert([Point("00000000-0000-0000-0000-000000000009", {"kind": "data_source"})])
    with pytest.raises(NotEmptyError):
        await importing(store).take(pieces(lines), replace=False)
    await put(ingest_into(store), "z.md", "# z\n\nA lamp.")
    with pytest.raises(NotEmptyError):
        await importing(store).take(pieces(lines), replace=False)
    await importing(store).take(pieces(lines), replace=True)
    assert {p.payload.get("document_id") for p in content(collections.stores[0]).values()} == {
        "a.md",
        "b.md",
        None,
    }


def broken(lines: list[bytes]) -> dict[str, tuple[list[bytes], str]]:
    return {
        "nothing": ([], "not the export of an index"),
        "no beginning": (lines[1:], "not the export of an index"),
        "cut at a line": (lines[:-1], "not whole"),
        "cut in a line": ([*lines[:-1], lines[-1][:-3]], "not whole"),
        "a line lost": ([*lines[:3], *lines[4:]], "not whole"),
        "a record lost": ([*lines[:-2], write(End(len(lines) - 1, 3))], "not whole"),
        "behind the end": ([*lines, lines[1]], "goes on behind its end"),
        "two beginnings": ([lines[0], *lines], "begins twice"),
        "another thing": ([lines[0], b'{"x": 1}\n'], "none of an index"),
        "a vector of a size": (
            [lines[0], write(Point("00000000-0000-0000-0000-000000000001", {}, dense=[1.0]))],
            "another size",
        ),
        "an endless line": ([lines[0], b"x" * (17 * 1024 * 1024)], "longer"),
    }


@pytest.mark.parametrize("name", broken([b"\n"] * 6))
async def test_nothing_changes_by_what_is_broken(
    name: str, store: OpeningStore, collections: MemoryCollections, lines: list[bytes]
) -> None:
    """Refused with the reason; the living index is what it was, and nothing stays beside it."""
    await put(ingest_into(store), "z.md", "# z\n\nA lamp.")
    before = dict(collections.stores[0].points)
    given, reason = broken(lines)[name]
    with pytest.raises(InvalidRequestError, match=reason):
        await importing(store).take(pieces(given), replace=True)
    assert collections.stores[0].points == before
    assert collections.stores[1].points == {}
    await importing(store).take(pieces(lines), replace=True)


async def test_a_sender_that_falls_silent(store: OpeningStore, lines: list[bytes]) -> None:
    """Writes do not wait for it for ever."""

    async def silent() -> AsyncIterator[bytes]:
        yield lines[0]
        await asyncio.Event().wait()

    with pytest.raises(InvalidRequestError, match="in time"):
        await importing(store, silence_s=0.01).take(silent(), replace=False)
    await put(ingest_into(store), "z.md", "# z\n\nA lamp.")


async def test_a_lost_engine_changes_nothing(
    store: OpeningStore, collections: MemoryCollections, lines: list[bytes]
) -> None:
    """Also where what is half there cannot be removed now."""
    before = dict(collections.stores[0].points)
    clears = 0

    def lost(name: str) -> None:
        nonlocal clears
        clears += name == "clear"
        if name == "switch" or (name == "clear" and clears == 2):
            raise UpstreamUnavailableError("lost")

    collections.before = lost
    with pytest.raises(UpstreamUnavailableError):
        await importing(store).take(pieces(lines), replace=False)
    assert collections.stores[0].points == before
    collections.before = failing(UpstreamUnavailableError("lost"))
    assert (await importing(store).take(pieces(lines), replace=False)).documents == 2


async def test_one_at_a_time(store: OpeningStore, lines: list[bytes]) -> None:
    """While another index is being built there is no room for this one."""
    async with store.building:
        with pytest.raises(OverloadedError):
            await importing(store).take(pieces(lines), replace=False)
