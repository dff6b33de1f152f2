"""Puts documents into the index and takes them out.

Owns that a reader never sees half a change: the chunks of a new revision are written first, then the
record that names it (this one write is the change), then the old revision is removed. What a killed
process leaves behind is never found, and removed at the next start.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from weakref import WeakValueDictionary

from retriever.documents.catalogue import Catalogue
from retriever.documents.preparation import Preparation, Submission
from retriever.documents.records import (
    CONTENT,
    Record,
    content_hash,
    meta_point,
    of_kind,
    of_revision,
    record_point,
    summary,
)
from retriever.embedding.vectors import Vectors
from retriever.index.gate import Gate
from retriever.ports import AnyOf, Between, Equals, Parsing, Point, VectorStore, Where
from shared.contracts.retriever import DocumentSummary
from shared.errors import CarrelError, InvalidRequestError, NotFoundError

SHARED_GRACE_US = 15 * 60 * 1_000_000
"""On a shared engine another retriever may be in the middle of a write: younger leftovers stay."""
SWEEP_PAGE = 256

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a put did."""

    kind: Literal["created", "replaced", "unchanged"]
    document: DocumentSummary


class Ingest:
    """Writes documents; ``now_us`` gives the time in microseconds since 1970."""

    def __init__(
        self,
        store: VectorStore,
        catalogue: Catalogue,
        parsing: Parsing,
        *,
        now_us: Callable[[], int],
        vectors: Vectors | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._store, self._catalogue, self._now_us = store, catalogue, now_us
        self._vectors, self._gate = vectors or Vectors(), gate or Gate()
        self.preparation = Preparation(parsing)
        self._started = now_us()
        self._last = self._started
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.outcomes: Counter[tuple[str]] = Counter()
        """Documents that were given or taken away, by what became of them."""

    async def put(self, document_id: str, submission: Submission) -> Outcome:
        """Make ``submission`` the document of this id; returns when it is searchable.

        Raises
        ------
        InvalidRequestError
            If it cannot be read as its media type, or holds no text.
        """
        try:
            outcome = await self._put(document_id, submission)
        except CarrelError:
            self.outcomes["refused",] += 1
            raise
        self.outcomes[outcome.kind,] += 1
        return outcome

    async def _put(self, document_id: str, submission: Submission) -> Outcome:
        digest = await asyncio.to_thread(_hash, submission)
        async with self._lock(document_id):
            old = await self._catalogue.get(document_id)
            if old is not None and (old.content_hash, old.format) == (digest, self._vectors.format):
                return Outcome("unchanged", summary(old))
            blank = self._blank(document_id, submission, digest, old)
            record, points = await self.preparation.first(blank, submission)
            record = await self._replace(record, points, old=old)
            return Outcome("replaced" if old else "created", summary(record))

    async def delete(self, document_id: str) -> None:
        """Remove a document.

        Raises
        ------
        NotFoundError
            If there is no such document.
        """
        async with self._lock(document_id):
            if await self._catalogue.get(document_id) is None:
                raise NotFoundError("There is no such document")
            own = Equals("document_id", document_id)
            async with self._gate.open():
                await self._store.delete(of_kind("record", own))
                await self._store.upsert([meta_point(self.tick())])
                await self._tidy(Where((AnyOf("kind", CONTENT), own)))
        self.outcomes["removed",] += 1

    async def sweep(self) -> int:
        """Remove what killed processes left behind; return of how many revisions."""
        before = self._started - (0 if self._store.exclusive else SHARED_GRACE_US)
        where = Where((AnyOf("kind", CONTENT), Between("revision", lt=before)))
        stale: set[tuple[str, int]] = set()
        after: str | None = None
        while True:
            page, after = await self._store.scroll(
                where, limit=SWEEP_PAGE, after=after, keys=["document_id", "revision"]
            )
            found = {(str(p.payload["document_id"]), int(p.payload["revision"])) for p in page}
            records = (await self._catalogue.snapshot(name for name, _ in found)).records
            stale |= {
                pair for pair in found if pair[0] not in records or records[pair[0]].revision != pair[1]
            }
            if after is None:
                break
        for document_id, revision in stale:
            await self._store.delete(of_revision(document_id, revision))
        return len(stale)

    async def refresh(self) -> int:
        """Make documents anew that lack what the index can hold, from their sources; return how many.

        One that can no longer be read stays as it is.
        """
        done, after = 0, None
        while True:
            page, after = await self._store.scroll(
                of_kind("record"), limit=SWEEP_PAGE, after=after, keys=["document_id", "format"]
            )
            for point in page:
                if point.payload["format"] != self._vectors.format:
                    done += await self._refresh(str(point.payload["document_id"]))
            if after is None:
                return done

    async def _refresh(self, document_id: str) -> bool:
        async with self._lock(document_id):
            old = await self._catalogue.get(document_id)
            if old is None or old.format == self._vectors.format:
                return False
            source = await self._catalogue.source(old)
            blank = replace(old, revision=self.tick(old))
            try:
                record, points = await self.preparation.again(blank, source)
            except InvalidRequestError as error:
                _log.warning("document %s cannot be indexed anew: %s", document_id, error)
                return False
            await self._replace(record, points, old=old, needed=True)
            return True

    async def _replace(
        self, bare: Record, points: list[Point], *, old: Record | None, needed: bool = False
    ) -> Record:
        """Write a revision with its vectors, and return its record; ``needed``: not without them."""
        while True:
            space = self._vectors.space
            if needed:
                record, whole = await self._vectors.attached_in(space, bare, points)
            else:
                record, whole = await self._vectors.attached(bare, points)
            async with self._gate.open():
                if self._vectors.space == space:  # else the index was switched meanwhile
                    await self._write(record, whole, old=old)
                    return record

    async def _write(self, record: Record, points: list[Point], *, old: Record | None) -> None:
        try:
            await self._store.upsert(points)
        except CarrelError:
            await self._tidy(of_revision(record.document_id, record.revision))
            raise
        # From here on the outcome of a failed write is unknown, so nothing is cleaned up after it.
        await self._store.upsert([record_point(record), meta_point(record.revision)])
        if old is not None:
            await self._tidy(of_revision(old.document_id, old.revision))

    async def _tidy(self, where: Where) -> None:
        """Remove what no search finds any more; the next start's sweep does what fails here."""
        try:
            await self._store.delete(where)
        except CarrelError as error:
            _log.warning("leftovers stay until the next start: %s", error)

    def _blank(self, document_id: str, submission: Submission, digest: str, old: Record | None) -> Record:
        revision = self.tick(old)
        return Record(
            document_id=document_id,
            title="",
            url="",
            media_type=submission.media_type,
            metadata={},
            content_hash=digest,
            characters=0,
            chunk_count=0,
            created=old.created if old else revision,
            updated=revision,
            revision=revision,
            format="",
            given=submission.given,
        )

    def tick(self, old: Record | None = None) -> int:
        """Return the revision of a change: the time, but later than any before, and than ``old``'s."""
        self._last = max(self._now_us(), self._last + 1, old.revision + 1 if old else 0)
        return self._last

    def _lock(self, document_id: str) -> asyncio.Lock:
        lock = self._locks.get(document_id)
        if lock is None:
            lock = self._locks[document_id] = asyncio.Lock()
        return lock


def _hash(submission: Submission) -> str:
    return content_hash(
        submission.content,
        media_type=submission.media_type,
        charset=submission.charset,
        given=submission.given,
    )
