"""One suite for all adapters of the vector store port.

The embedded engine is the real one; the network adapter runs on the client's own local mode, which
checks that its requests are well formed and mean the same. The store in memory that other tests use
has to pass too.
"""

import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

from retriever.embedded import EmbeddedStore
from retriever.ports import (
    AnyOf,
    Between,
    Condition,
    Equals,
    NoneOf,
    Point,
    Schema,
    Signal,
    VectorStore,
    Where,
)
from retriever.qdrant import QdrantStore
from retriever.sparse import SparseVector
from tests.support.retriever_memory import MemoryStore

pytestmark = pytest.mark.integration

SCHEMA = Schema(sparse=("text", "title"), keywords=("kind", "document_id"), integers=("created",))
EVERYTHING = Where()
CHUNKS = Where((Equals("kind", "chunk"),))


def point_id(number: int) -> str:
    return str(uuid5(NAMESPACE_URL, str(number)))


def chunk(number: int, *terms: int, title: tuple[int, ...] = ()) -> Point:
    payload = {
        "kind": "chunk",
        "document_id": f"doc-{number % 3}",
        "created": 10**15 + number,
        "metadata": {"lang": "en" if number % 2 else "de", "a.b": "dotted", "tags": ["x", f"t{number}"]},
        "weight": number / 2,
        "text": f"chunk {number} é",
    }
    sparse = {"text": SparseVector(terms, tuple(1.0 for _ in terms))}
    if title:
        sparse["title"] = SparseVector(title, tuple(1.0 for _ in title))
    return Point(point_id(number), payload, sparse)


@pytest.fixture(params=["memory", "embedded", "qdrant"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorStore]:
    opened = await _open(request.param, tmp_path)
    yield opened
    await opened.close()


async def _open(kind: str, folder: Path) -> VectorStore:
    if kind == "memory":
        return MemoryStore()
    if kind == "embedded":
        embedded = EmbeddedStore(folder / "qdrant")
        await embedded.ensure(SCHEMA)
        return embedded
    from qdrant_client import AsyncQdrantClient

    remote = QdrantStore(AsyncQdrantClient(":memory:"), collection="test")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Payload indexes have no effect in the local Qdrant")
        await remote.ensure(SCHEMA)
    return remote


def looking_for(*terms: int, using: str = "text", limit: int = 10) -> Signal:
    return Signal(limit=limit, sparse=SparseVector(terms, tuple(1.0 for _ in terms)), using=using)


async def test_what_is_written_is_read_back(store: VectorStore) -> None:
    """A point comes back with its payload; only the payload keys that were asked for are read."""
    await store.upsert([chunk(1, 7)])
    (whole,) = await store.retrieve([point_id(1), point_id(2)])
    (part,) = await store.retrieve([point_id(1)], keys=["text"])
    assert whole.id == point_id(1)
    assert whole.payload == chunk(1, 7).payload
    assert part.payload == {"text": "chunk 1 é"}
    assert await store.retrieve([]) == []


async def test_upsert_replaces(store: VectorStore) -> None:
    """A point written twice exists once, with the later payload and vectors."""
    await store.upsert([chunk(1, 7)])
    await store.upsert([Point(point_id(1), {"kind": "other"}, {"text": SparseVector((8,), (1.0,))})])
    assert await store.count(EVERYTHING) == 1
    (old, new) = await store.search([looking_for(7), looking_for(8)], where=EVERYTHING)
    assert old == []
    assert [hit.payload for hit in new] == [{"kind": "other"}]


async def test_more_points_than_a_batch(store: VectorStore) -> None:
    """A write larger than one batch is written whole."""
    await store.upsert([chunk(number, number) for number in range(150)])
    assert await store.count(CHUNKS) == 150


async def test_search_ranks_rare_terms_first(store: VectorStore) -> None:
    """Each signal has its own hits, best first, and a rare term weighs more than a common one."""
    await store.upsert([chunk(number, 1) for number in range(10)])
    await store.upsert([chunk(20, 1, 4_000_000_000), chunk(21, 2, title=(5,))])
    text, title = await store.search(
        [looking_for(1, 4_000_000_000, limit=3), looking_for(5, using="title")], where=CHUNKS, keys=["text"]
    )
    assert [hit.id for hit in title] == [point_id(21)]
    assert text[0].id == point_id(20)
    assert text[0].score > 2 * text[1].score > 0
    assert len(text) == 3
    assert text[0].payload == {"text": "chunk 20 é"}


async def test_search_finds_only_what_has_a_term(store: VectorStore) -> None:
    """A point without any of the terms, or without that vector, is no hit."""
    await store.upsert([chunk(1, 7), Point(point_id(2), {"kind": "record"})])
    assert await store.search([looking_for(99), looking_for(7, using="title")], where=EVERYTHING) == [[], []]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Equals("document_id", "doc-1"), [1, 4]),
        (Equals('metadata."lang"', "de"), [0, 2, 4]),
        (Equals('metadata."a.b"', "dotted"), [0, 1, 2, 3, 4, 5]),
        (Equals('metadata."tags"', "t3"), [3]),
        (Equals('metadata."none"', "x"), []),
        (Equals("weight", 1), [2]),
        (Equals("weight", 1.5), [3]),
        (AnyOf("document_id", ("doc-0", "doc-2")), [0, 2, 3, 5]),
        (AnyOf("weight", (0, 2.5, "x")), [0, 5]),
        (Between("weight", gte=1, lt=2), [2, 3]),
        (Between("weight", gt=2), [5]),
        (NoneOf("document_id", ("doc-0", "doc-2")), [1, 4]),
        (NoneOf("document_id", ("none",)), [0, 1, 2, 3, 4, 5]),
        (Between("created", lte=10**15 + 1), [0, 1]),
    ],
)
async def test_conditions(store: VectorStore, condition: Condition, expected: list[int]) -> None:
    """A condition on a keyword, a nested key, a list or a number selects exactly what it says."""
    await store.upsert([chunk(number, 7) for number in range(6)])
    where = Where((Equals("kind", "chunk"), condition))
    found, _ = await store.scroll(where, limit=10)
    (hits,) = await store.search([looking_for(7)], where=where)
    ids = {point_id(number) for number in expected}
    assert {stored.id for stored in found} == ids
    assert {hit.id for hit in hits} == ids
    assert await store.count(where) == len(expected)


async def test_delete_removes_what_matches(store: VectorStore) -> None:
    """Deleting removes every point of the filter and no other."""
    await store.upsert([chunk(number, 7) for number in range(6)])
    await store.delete(Where((Equals("document_id", "doc-1"),)))
    (hits,) = await store.search([looking_for(7)], where=CHUNKS)
    assert {hit.id for hit in hits} == {point_id(number) for number in (0, 2, 3, 5)}


async def test_scroll_pages_through_everything(store: VectorStore) -> None:
    """Pages follow each other without a gap or a double, and the last one says so."""
    await store.upsert([chunk(number, 7) for number in range(7)])
    seen: list[str] = []
    after: str | None = None
    for _ in range(3):
        page, after = await store.scroll(CHUNKS, limit=3, after=after, keys=["created"])
        seen += [stored.id for stored in page]
    assert after is None
    assert sorted(seen) == sorted(point_id(number) for number in range(7))


async def test_newest_comes_first(store: VectorStore) -> None:
    """The largest integers come first, from the given one on."""
    await store.upsert([chunk(number, 7) for number in range(6)])
    newest = await store.newest(CHUNKS, by="created", limit=2, keys=["created"])
    older = await store.newest(CHUNKS, by="created", limit=9, until=10**15 + 1)
    assert [stored.payload["created"] - 10**15 for stored in newest] == [5, 4]
    assert [stored.id for stored in older] == [point_id(1), point_id(0)]


async def test_a_dense_vector_is_searched(tmp_path: Path) -> None:
    """A collection with a dense vector finds the nearest points by it."""
    store = EmbeddedStore(tmp_path / "qdrant")
    await store.ensure(Schema(sparse=("text",), dense_size=2))
    await store.upsert([Point(point_id(1), {}, dense=(1.0, 0.0)), Point(point_id(2), {}, dense=(0.0, 1.0))])
    (hits,) = await store.search([Signal(limit=1, dense=(0.9, 0.1))], where=EVERYTHING)
    await store.close()
    assert [hit.id for hit in hits] == [point_id(1)]


async def test_opening_twice_and_closing_twice_is_harmless(store: VectorStore) -> None:
    """An open store can be opened again without losing anything, flushed, pinged and closed twice."""
    await store.upsert([chunk(1, 7)])
    await store.ensure(SCHEMA)
    await store.ping()
    await store.flush()
    assert await store.count(EVERYTHING) == 1
    await store.close()


async def test_points_are_read_whole(store: VectorStore) -> None:
    """With their vectors, in pages; what has none says so, and what was read can be written again."""
    written = [chunk(n, 7, 9, title=(3,) if n % 2 else ()) for n in range(5)]
    written.append(Point(point_id(9), {"kind": "record", "document_id": "doc-0"}))
    await store.upsert(written)
    read: list[Point] = []
    after: str | None = None
    while True:
        page, after = await store.read(EVERYTHING, limit=2, after=after)
        assert len(page) <= 2
        read += page
        if after is None:
            break
    assert {p.id: p for p in read} == {p.id: p for p in written}
    some, _ = await store.read(CHUNKS, limit=100)
    assert {p.id for p in some} == {p.id for p in written[:5]}
    await store.upsert(read)
    assert await store.count(EVERYTHING) == 6
