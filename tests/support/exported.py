"""Indexes that are taken out and in, without HTTP."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from retriever.index.export import Export
from retriever.index.identity import Identity, wanted
from retriever.opening import OpeningStore
from retriever.ports import Collections, Point, VectorStore, Where
from shared.tasks import cancel, spawn


@asynccontextmanager
async def opened(collections: Collections, *, target: Identity | None = None) -> AsyncIterator[OpeningStore]:
    """The living index of ``collections``, open."""

    async def make() -> Collections:
        return collections

    store = OpeningStore(make, target=target or wanted(None), watch_every_s=0.001)
    task = spawn(store.run(), name="open")
    await store.opened.wait()
    try:
        yield store
    finally:
        await cancel(task)
        await store.close()


async def lines_of(store: OpeningStore) -> list[bytes]:
    """The whole export of ``store``, line by line."""
    return b"".join([piece async for piece in Export(store).stream()]).splitlines(keepends=True)


async def pieces(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    """``lines`` as they come over a network: cut anywhere."""
    whole = b"".join(lines)
    for first in range(0, len(whole), 1000):
        yield whole[first : first + 1000]


async def points_of(store: VectorStore) -> dict[str, Point]:
    """Every point of ``store`` with its vectors, by id."""
    found: dict[str, Point] = {}
    after: str | None = None
    while True:
        page, after = await store.read(Where(), limit=100, after=after)
        found |= {point.id: point for point in page}
        if after is None:
            return found
