"""One suite for all adapters of the collections port: the living index, the one beside it, the switch."""

import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from qdrant_client import AsyncQdrantClient

from retriever.embedded import EmbeddedCollections
from retriever.ports import Collections, Point, Schema, VectorStore, Where
from retriever.qdrant import QdrantCollections
from tests.support.retriever_memory import MemoryCollections

pytestmark = pytest.mark.integration

Reopened = Callable[[], Collections]
SCHEMA = Schema(sparse=("text",), keywords=("kind",))
OTHER = Schema(sparse=("text",), keywords=("kind",), dense_size=2)
OLD, NEW = (str(uuid5(NAMESPACE_URL, name)) for name in ("old", "new"))


@pytest.fixture(params=["memory", "embedded", "qdrant"])
async def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopened]:
    """What makes the collections as the next process finds them."""
    if request.param == "memory":
        memory = MemoryCollections()
        yield lambda: memory
    elif request.param == "embedded":
        yield lambda: EmbeddedCollections(tmp_path / "qdrant")
    else:
        client = AsyncQdrantClient(":memory:")
        yield lambda: QdrantCollections(client, collection="test")
        await client.close()


async def opened(store: VectorStore, schema: Schema = SCHEMA) -> VectorStore:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Payload indexes have no effect in the local Qdrant")
        await store.ensure(schema)
    return store


async def holds(store: VectorStore) -> set[str]:
    found, _ = await store.scroll(Where(), limit=10)
    return {point.id for point in found}


async def test_what_is_built_beside_becomes_the_living_index(reopened: Reopened) -> None:
    """Until the switch the living one is the old one, also for the next process; from then on the new one."""
    collections = reopened()
    old = await opened(await collections.living())
    await old.upsert([Point(OLD, {"kind": "record"})])
    new = await opened(await collections.beside(), OTHER)
    await new.upsert([Point(NEW, {"kind": "record"}, dense=(1.0, 0.0))])
    assert await holds(old) == {OLD}
    await new.close()
    await old.close()

    collections = reopened()
    living = await opened(await collections.living())
    assert await holds(living) == {OLD}
    begun = await opened(await collections.beside(), OTHER)
    assert await holds(begun) == {NEW}
    await collections.switch()
    assert not await collections.moved()
    await living.close()
    await collections.clear()
    assert await holds(begun) == {NEW}
    await begun.close()

    collections = reopened()
    living = await opened(await collections.living())
    assert await holds(living) == {NEW}
    beside = await opened(await collections.beside())
    assert await holds(beside) == set()
    await beside.close()
    await living.close()


async def test_there_and_back(reopened: Reopened) -> None:
    """A second switch comes back to the first place."""
    for expected in (OLD, NEW, OLD):
        collections = reopened()
        living, beside = await opened(await collections.living()), await opened(await collections.beside())
        await beside.upsert([Point(expected, {"kind": "record"})])
        await beside.close()
        await living.close()
        await collections.switch()
        await collections.clear()
        found = await opened(await collections.living())
        assert await holds(found) == {expected}
        await found.close()


async def test_clearing_nothing_is_harmless(reopened: Reopened) -> None:
    """Where nothing was built beside, there is nothing to remove."""
    collections = reopened()
    living = await opened(await collections.living())
    await collections.clear()
    assert await holds(living) == set()
    await living.close()


async def test_a_switch_elsewhere_is_seen() -> None:
    """A server is shared: another retriever's switch is noticed, one's own is not one."""
    client = AsyncQdrantClient(":memory:")
    mine, theirs = (QdrantCollections(client, collection="test") for _ in range(2))
    for collections in (mine, theirs):
        await opened(await collections.living())
    await opened(await theirs.beside(), OTHER)
    await theirs.switch()
    assert not await theirs.moved()
    assert await mine.moved()
    await mine.living()
    assert not await mine.moved()
    await client.close()


async def test_whether_there_is_one(reopened: Reopened) -> None:
    """Before the living one was made for the first time there is none; afterwards, switched or not."""
    collections = reopened()
    assert not await collections.exist()
    living = await opened(await collections.living())
    await living.upsert([Point(OLD, {"kind": "record"})])
    assert await collections.exist()
    await living.close()
    beside = await opened(await collections.beside())
    await beside.upsert([Point(NEW, {"kind": "record"})])
    await beside.close()
    await collections.switch()
    await collections.clear()
    assert await reopened().exist()
