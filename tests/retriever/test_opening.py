"""The store opens late, is refused clearly until then, and comes back by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from retriever.documents.records import SCHEMA
from retriever.opening import OpeningStore
from retriever.ports import Signal, VectorStore, Where
from shared.errors import InternalError, UpstreamTimeoutError, UpstreamUnavailableError
from shared.tasks import cancel, spawn
from tests.support.retriever_memory import MemoryStore, failing
from tests.support.waiting import eventually

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
    async def make() -> VectorStore:
        return memory

    return OpeningStore(make, schema=SCHEMA, watch_every_s=0.001)


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
    store = over(memory)
    async with running(store):
        await store.opened.wait()
        await store.ensure(SCHEMA)
        await store.ping()
        await store.upsert([])
        await store.delete(Where())
        assert await store.search([Signal(1)][:0], where=Where()) == []
        assert await store.retrieve([]) == []
        assert await store.scroll(Where(), limit=1) == ([], None)
        assert await store.newest(Where(), by="created", limit=1) == []
        assert await store.count(Where()) == 0
        await store.flush()
        assert store.exclusive
    assert memory.closed
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

    async def make() -> VectorStore:
        told.append(store.state.detail)
        if len(told) == 1:
            raise OSError("/secret/path")
        return MemoryStore()

    store = OpeningStore(make, schema=SCHEMA, watch_every_s=0.001)
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
        store = OpeningStore(over(memory)._make, schema=SCHEMA, watch_every_s=60)
        async with running(store):
            await store.opened.wait()
            memory.before = failing(error, "count")
            with pytest.raises(type(error)):
                await store.count(Where())
            assert store.state.open is still_open


async def test_closing_what_was_never_opened() -> None:
    """A service that stops before its index opened closes nothing."""
    await over(MemoryStore()).close()
