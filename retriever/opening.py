"""The living index of a running service: opened late, watched, and refused clearly while it is not there.

Owns opening with retries, the state that health tells, and the switch to an index that was built beside it.
The service listens before the engine is even imported; until it is open, and while it is lost, every call
fails at once with the reason.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from retriever.index.gate import Gate
from retriever.index.identity import IDENTITY_ID, UNTOLD, Identity, identity_point, to_identity
from retriever.ports import Collections, Hit, Point, Schema, Signal, Space, Stored, VectorStore, Where
from shared.errors import CarrelError, UpstreamUnavailableError

WATCH_EVERY_S = 3.0
RETRY_AFTER_MS = 2000

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Whether the store can be used, and the reason or the name of the engine."""

    open: bool
    detail: str


class OpeningStore:
    """A :class:`retriever.ports.VectorStore` in front of the living one of what ``make`` makes.

    ``run`` keeps it open until it is cancelled. A collection that is not there is made as ``target`` says;
    one that is there is opened as what it is, which ``identity`` tells.
    """

    def __init__(
        self,
        make: Callable[[], Awaitable[Collections]],
        *,
        target: Identity,
        watch_every_s: float = WATCH_EVERY_S,
    ) -> None:
        self._make, self.target, self._watch_every_s = make, target, watch_every_s
        self._collections: Collections | None = None
        self._store: VectorStore | None = None
        self.identity = UNTOLD
        self.gate = Gate()
        self.building = asyncio.Lock()
        """Held by whoever builds the next index: there is one place for it."""
        self.state = State(open=False, detail="the index is being opened")
        self.opened = asyncio.Event()

    @property
    def space(self) -> Space | None:
        """The space of the vectors it holds."""
        return self.identity.space

    @property
    def exclusive(self) -> bool:
        return self._store is not None and self._store.exclusive

    async def run(self) -> None:
        """Open the store, again and again until it opens, then watch that it stays."""
        while True:
            try:
                await self._check()
            except CarrelError as error:
                self._turn(State(open=False, detail=error.detail), cause=error.__cause__)
            except Exception as error:
                reason = f"it cannot be opened: {type(error).__name__}"
                self._turn(State(open=False, detail=reason), cause=error)
            await asyncio.sleep(self._watch_every_s)

    async def _check(self) -> None:
        if self._collections is None:
            self._collections = await self._make()
        if self.state.open and await self._collections.moved():
            self._turn(State(open=False, detail="another retriever has switched the index"))
            self._store = None
        if self._store is None:
            self._store = await self._collections.living()
        if self.state.open:
            await self._store.ping()
            return
        await self._store.ensure(self.target.schema)
        self.identity = await _identified(self._store, self.target)
        kind = "embedded engine" if self._store.exclusive else "Qdrant"
        self._turn(State(open=True, detail=f"{kind}, {self.identity.words}"))
        self.opened.set()

    async def beside(self) -> VectorStore:
        """Return the collection in which the next index is built, open; what was begun of it is kept."""
        store = await self._open_collections().beside()
        await store.ensure(self.target.schema)
        if await _identified(store, self.target) == self.target:
            return store
        await store.close()
        return await self.afresh(self.target)

    async def afresh(self, identity: Identity) -> VectorStore:
        """Return an empty collection beside the living one, open, for an index of ``identity``."""
        await self.clear()
        store = await self._open_collections().beside()
        await store.ensure(identity.schema)
        await _identified(store, identity)
        return store

    async def clear(self) -> None:
        """Remove what was built beside."""
        await self._open_collections().clear()

    async def switch(self, built: VectorStore, identity: Identity) -> None:
        """Make ``built`` the living index. The gate is closed, so nobody is in the middle of a write."""
        collections = self._open_collections()
        await collections.switch()
        old, self._store = self._store, built
        self.identity = identity
        self._turn(replace(self.state, detail=f"{self.state.detail.split(',')[0]}, {self.identity.words}"))
        if old is not None:
            await old.close()
        try:
            await collections.clear()
        except CarrelError as error:
            _log.warning("the old index stays beside the new one: %s", error.detail)

    def _open_collections(self) -> Collections:
        if self._collections is None or not self.state.open:
            raise UpstreamUnavailableError(f"The index is not available: {self.state.detail}")
        return self._collections

    def _turn(self, state: State, *, cause: BaseException | None = None) -> None:
        """Take ``state``; a change of it is one line in the log, with the trace of what caused it."""
        if state == self.state:
            return
        self.state = state
        if state.open:
            _log.info("index up: %s", state.detail)
        else:
            _log.warning("index down: %s", state.detail, exc_info=cause)

    async def _through(self, call: Callable[[VectorStore], Awaitable[_T]]) -> _T:
        """Call the open store; one that cannot be reached is not tried again before the next check."""
        if self._store is None or not self.state.open:
            detail = f"The index is not available: {self.state.detail}"
            raise UpstreamUnavailableError(detail, retry_after_ms=RETRY_AFTER_MS)
        try:
            return await call(self._store)
        except UpstreamUnavailableError as error:
            if not self._store.exclusive:
                self._turn(State(open=False, detail=error.detail))
            raise

    async def ensure(self, schema: Schema) -> None:
        """Opening is done by :meth:`run`."""

    async def ping(self) -> None:
        await self._through(lambda store: store.ping())

    async def upsert(self, points: Sequence[Point]) -> None:
        async with self.gate.open():
            await self._through(lambda store: store.upsert(points))

    async def delete(self, where: Where) -> None:
        async with self.gate.open():
            await self._through(lambda store: store.delete(where))

    async def search(
        self, signals: Sequence[Signal], *, where: Where, keys: Sequence[str] | None = None
    ) -> list[list[Hit]]:
        return await self._through(lambda store: store.search(signals, where=where, keys=keys))

    async def retrieve(self, ids: Sequence[str], *, keys: Sequence[str] | None = None) -> list[Stored]:
        return await self._through(lambda store: store.retrieve(ids, keys=keys))

    async def scroll(
        self, where: Where, *, limit: int, after: str | None = None, keys: Sequence[str] | None = None
    ) -> tuple[list[Stored], str | None]:
        return await self._through(lambda store: store.scroll(where, limit=limit, after=after, keys=keys))

    async def read(
        self, where: Where, *, limit: int, after: str | None = None
    ) -> tuple[list[Point], str | None]:
        return await self._through(lambda store: store.read(where, limit=limit, after=after))

    async def newest(
        self,
        where: Where,
        *,
        by: str,
        limit: int,
        until: int | None = None,
        keys: Sequence[str] | None = None,
    ) -> list[Stored]:
        return await self._through(
            lambda store: store.newest(where, by=by, limit=limit, until=until, keys=keys)
        )

    async def count(self, where: Where) -> int:
        return await self._through(lambda store: store.count(where))

    async def flush(self) -> None:
        await self._through(lambda store: store.flush())

    async def close(self) -> None:
        store, self._store = self._store, None
        self.state = State(open=False, detail="the service is stopping")
        if store is not None:
            await store.close()
        if self._collections is not None:
            await self._collections.close()


async def _identified(store: VectorStore, target: Identity) -> Identity:
    """What an opened collection says it is; an empty one becomes the target."""
    if found := await store.retrieve([IDENTITY_ID]):
        return to_identity(found[0].payload)
    if await store.count(Where()):
        return UNTOLD
    await store.upsert([identity_point(target)])
    return target
