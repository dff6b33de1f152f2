"""Builds another index beside the living one and switches to it.

Owns when that is: when the living index is not what this version and its embedder make, or when somebody
asks. The living one serves, and is written to, all the while; what is written meanwhile is caught up with,
the last of it behind the closed gate. A build that was interrupted goes on where it was.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from retriever.documents.catalogue import Catalogue, revisions
from retriever.documents.records import (
    DOCUMENT_KINDS,
    INDEX_KINDS,
    Record,
    meta_point,
    of_revision,
    record_point,
)
from retriever.embedding.vectors import Vectors
from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from retriever.ports import AnyOf, Equals, NoneOf, Point, VectorStore, Where
from shared.errors import CarrelError, InvalidRequestError

RETRY_S = 30.0
PAGE = 250
BATCH = 64
LAST = 4
"""With so few documents left, the gate is closed and they are done behind it."""
PASSES = 20
"""After so many the gate is closed, however much is written meanwhile."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a rebuild is; ``reason`` says why the last attempt ended without a switch."""

    status: Literal["idle", "running", "waiting"] = "idle"
    done: int = 0
    total: int = 0
    reason: str = ""
    started: int = 0
    """Microseconds since 1970; 0 where none was begun."""
    finished: int = 0


class Rebuild:
    """Rebuilds one at a time. ``run`` goes on until it is cancelled."""

    def __init__(
        self,
        store: OpeningStore,
        ingest: Ingest,
        vectors: Vectors,
        *,
        now_us: Callable[[], int],
        retry_s: float = RETRY_S,
    ) -> None:
        self._store, self._ingest, self._vectors = store, ingest, vectors
        self._now_us, self._retry_s = now_us, retry_s
        self._wanted = asyncio.Event()
        self._afresh = False
        self.progress = Progress()

    def ask(self) -> None:
        """Have the index built anew, whatever it is; while one is being built, that one will do."""
        if self.progress.status == "idle":
            self._afresh = True
            self.progress = Progress("running", started=self._now_us())
            self._wanted.set()

    async def run(self) -> None:
        """Build when the living index is not what is wanted, and whenever asked."""
        await self._store.opened.wait()
        while True:
            self._wanted.clear()
            if self._afresh or not self._store.identity.covers(self._store.target):
                await self._attempt()
            elif self.progress.status == "waiting":
                self.progress = replace(self.progress, status="idle", reason="")
            if self.progress.status == "waiting":
                await asyncio.sleep(self._retry_s)
            else:
                await self._wanted.wait()

    def look(self) -> None:
        """See whether the living index, which has become another, is what is wanted."""
        self._wanted.set()

    async def _attempt(self) -> None:
        started = self.progress.started if self.progress.status != "idle" else self._now_us()
        self.progress = Progress("running", started=started)
        _log.info("the index is built anew: %s", self._store.target.words)
        try:
            async with self._store.building:
                if self._afresh:
                    await self._store.clear()
                    self._afresh = False
                await self._build(await self._store.beside())
        except CarrelError as error:
            _log.warning("the rebuild is put off: %s", error.detail)
            self.progress = replace(self.progress, status="waiting", reason=error.detail)
            return
        except Exception:
            _log.exception("the rebuild failed")
            reason = "something went wrong on our side"
            self.progress = replace(self.progress, status="waiting", reason=reason)
            return
        self.progress = replace(self.progress, status="idle", finished=self._now_us())
        _log.info("the index is switched: %d documents, %s", self.progress.done, self._store.target.words)

    async def _build(self, built: VectorStore) -> None:
        try:
            for _ in range(PASSES):
                if await self._pass(built) <= LAST:
                    break
            async with self._store.gate.closed():
                await self._pass(built)
                await self._copy_the_rest(built)
                await built.upsert([meta_point(self._ingest.tick())])
                await built.flush()
                await self._store.switch(built, self._store.target)
        except BaseException:
            await built.close()
            raise

    async def _pass(self, built: VectorStore) -> int:
        """Make ``built`` hold what the living index held at the beginning; return how much that changed."""
        living, there = await revisions(self._store), await revisions(built)
        for document_id in there.keys() - living.keys():
            await built.delete(Where((AnyOf("kind", DOCUMENT_KINDS), Equals("document_id", document_id))))
        todo = [id for id, revision in living.items() if there.get(id) != revision]
        self.progress = replace(self.progress, total=len(living), done=len(living) - len(todo))
        catalogue = Catalogue(self._store)
        for document_id in todo:
            record = await catalogue.get(document_id)
            if record is not None:
                await self._move(record, catalogue, built, before=there.get(document_id))
            self.progress = replace(self.progress, done=self.progress.done + 1)
        return len(todo)

    async def _move(
        self, old: Record, catalogue: Catalogue, built: VectorStore, *, before: int | None
    ) -> None:
        """Make one document anew; its record last, so that an interrupted one is made again."""
        source = await catalogue.source(old)
        try:
            record, points = await self._ingest.preparation.again(old, source)
        except InvalidRequestError as error:
            _log.warning("document %s is moved as it is: %s", old.document_id, error)
            record, points = await self._ingest.preparation.as_it_is(old, await catalogue.chunks(old), source)
        if before is not None:
            await built.delete(of_revision(old.document_id, before))
        record, whole = await self._vectors.attached_in(self._store.target.space, record, points)
        await built.upsert(whole)
        await built.upsert([record_point(record)])

    async def _copy_the_rest(self, built: VectorStore) -> None:
        """Whatever else is kept in the index: data sources, their pages and jobs."""
        others = Where((NoneOf("kind", INDEX_KINDS),))
        await built.delete(others)
        after: str | None = None
        while True:
            page, after = await self._store.scroll(others, limit=PAGE, after=after)
            for first in range(0, len(page), BATCH):
                await built.upsert([Point(point.id, point.payload) for point in page[first : first + BATCH]])
            if after is None:
                return
