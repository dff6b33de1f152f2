"""The store opens late, is refused clearly until then, and comes back by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from retriever.index.identity import UNTOLD, Identity, wanted
from retriever.opening import OpeningStore
from retriever.ports import Equals, Point, Signal, Space, Where
from shared.errors import InternalError, UpstreamTimeoutError, UpstreamUnavailableError
from shared.tasks import cancel, spawn
from tests.support.retriever_memory import MemoryCollections, MemoryStore, failing, making
from tests.support.waiting import eventually

TARGET = wanted(None)
LOST = UpstreamUnavailableError("the engine is gone")


@asynccontextmanager
async def running(store: OpeningStore) -> AsyncIterator[None]:
    task = spawn(store.run(), name="open")
    try:
        yield
    finally:
        await cancel(task)
        await store.close()


def over(memory: MemoryStore) -> OpeningStore:
    return OpeningStore(making(memory), target=TARGET, watch_every_s=0.001)


async def test_before_it_is_open_every_call_says_so() -> None:
    """A call before the opening fails at once, may be tried again, and names the reason."""
    store = over(MemoryStore())
    with pytest.raises(UpstreamUnavailableError, match="being opened") as caught:
        await store.count(Where())
    assert caught.value.retryable
    assert caught.value.retry_after_ms
    assert not store.exclusive


async def test_every_call_goes_through_when_open() -> None:
    """The opened store answers every method of the port."""
    memory = MemoryStore()
    collections = MemoryCollections(memory)
    store = OpeningStore(making(collections), target=TARGET, watch_every_s=0.001)
    async with running(store):
        await store.opened.wait()
        await store.ensure(TARGET.schema)
        await store.ping()
        await store.upsert([])
        await store.delete(Where())
        assert await store.search([Signal(1)][:0], where=Where()) == []
        assert await store.retrieve([]) == []
        assert await store.scroll(Where(), limit=1) == ([], None)
        assert await store.newest(Where(), by="created", limit=1) == []
        assert await store.count(Where((Equals("kind", "record"),))) == 0
        await store.flush()
        assert store.exclusive
    assert memory.closed
    assert collections.closed
    assert not store.state.open


async def test_opening_is_tried_again() -> None:
    """An engine that cannot be opened yet is opened when it can be; the reason is told meanwhile."""
    memory = MemoryStore(failing(LOST, "ensure"))
    store = over(memory)
    async with running(store):
        await eventually(lambda: store.state.detail == LOST.detail)
        memory.before = lambda _: None
        await eventually(lambda: store.state.open)


async def test_an_unknown_error_is_no_end() -> None:
    """An error that is none of ours is told by its name only, and opening goes on."""
    told: list[str] = []

    async def make() -> MemoryCollections:
        told.append(store.state.detail)
        if len(told) == 1:
            raise OSError("/secret/path")
        return MemoryCollections()

    store = OpeningStore(make, target=TARGET, watch_every_s=0.001)
    async with running(store):
        await eventually(lambda: store.state.open)
    assert "OSError" in told[1]
    assert "secret" not in told[1]


async def test_a_lost_server_is_noticed_and_found_again() -> None:
    """A server that stops answering is down at the first failed call, and up when it answers again."""
    memory = MemoryStore()
    memory.exclusive = False
    store = over(memory)
    async with running(store):
        await eventually(lambda: store.state.open)
        memory.before = failing(LOST, "ping", "ensure", "count")
        await eventually(lambda: not store.state.open)
        memory.before = lambda _: None
        await eventually(lambda: store.state.open)


async def test_a_failed_call_opens_the_breaker_of_a_server_only() -> None:
    """What one call finds unreachable the next does not wait for; only for a server, only then."""
    for exclusive, error, still_open in (
        (False, LOST, False),
        (True, LOST, True),
        (False, UpstreamTimeoutError(), True),
        (False, InternalError(), True),
    ):
        memory = MemoryStore()
        memory.exclusive = exclusive
        store = OpeningStore(making(memory), target=TARGET, watch_every_s=60)
        async with running(store):
            await store.opened.wait()
            memory.before = failing(error, "count")
            with pytest.raises(type(error)):
                await store.count(Where())
            assert store.state.open is still_open


async def test_closing_what_was_never_opened() -> None:
    """A service that stops before its index opened closes nothing."""
    await over(MemoryStore()).close()


OTHER = wanted(Space("other", 2))


async def test_an_index_says_what_it_is() -> None:
    """An empty one becomes what is wanted, a kept one stays what it is, one that does not say is told."""
    collections = MemoryCollections()
    for target, identity in ((TARGET, TARGET), (OTHER, TARGET)):
        store = OpeningStore(making(collections), target=target, watch_every_s=0.001)
        async with running(store):
            await store.opened.wait()
            assert store.identity == identity
            assert store.space is None
            assert "BM25" in store.state.detail
    old = MemoryStore()
    await old.upsert([Point("x", {"kind": "record"})])
    store = over(old)
    async with running(store):
        await store.opened.wait()
        assert store.identity == UNTOLD


async def test_the_index_is_switched() -> None:
    """What was built beside becomes the living one at once; the old one is closed and cleared."""
    collections = MemoryCollections()
    await OpeningStore(making(collections), target=TARGET).close()
    store = OpeningStore(making(collections), target=TARGET, watch_every_s=0.001)
    with pytest.raises(UpstreamUnavailableError, match="being opened"):
        await store.beside()
    async with running(store):
        await store.opened.wait()
        store.target = OTHER
        built = await store.beside()
        await built.upsert([Point("new", {"kind": "record"})])
        assert await store.count(Where((Equals("kind", "record"),))) == 0
        old = collections.stores[0]
        async with store.gate.closed():
            await store.switch(built, store.target)
        assert await store.count(Where((Equals("kind", "record"),))) == 1
        assert store.identity == OTHER
        assert store.state.detail.endswith("BM25 and other")
        assert old.closed


async def test_an_old_index_that_cannot_be_cleared_stays() -> None:
    """The switch holds all the same."""
    collections = MemoryCollections()
    store = OpeningStore(making(collections), target=TARGET, watch_every_s=0.001)
    async with running(store):
        await store.opened.wait()
        store.target = OTHER
        built = await store.beside()
        collections.before = failing(LOST, "clear")
        async with store.gate.closed():
            await store.switch(built, store.target)
        assert store.identity == OTHER


async def test_what_was_begun_beside_is_kept_only_where_it_is_what_is_wanted() -> None:
    """A build of the same identity goes on; another one is begun anew."""
    collections = MemoryCollections()
    store = OpeningStore(making(collections), target=TARGET, watch_every_s=0.001)
    async with running(store):
        await store.opened.wait()
        for target, kept in ((OTHER, 0), (OTHER, 1), (Identity("older", None), 0)):
            store.target = target
            built = await store.beside()
            assert await built.count(Where((Equals("kind", "record"),))) == kept
            await built.upsert([Point("begun", {"kind": "record"})])


async def test_a_switch_by_another_retriever_is_noticed() -> None:
    """The index is opened again, as what it is now."""
    collections = MemoryCollections()
    store = OpeningStore(making(collections), target=TARGET, watch_every_s=0.001)
    async with running(store):
        await store.opened.wait()
        theirs = OpeningStore(making(MemoryCollections(collections.stores[1])), target=OTHER)
        async with running(theirs):
            await theirs.opened.wait()
        collections.stores.reverse()
        collections.elsewhere = True
        await eventually(lambda: store.identity == OTHER)
        await eventually(lambda: store.state.open)
