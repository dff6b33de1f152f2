"""Data sources, pages and jobs in the engine: kept, read, listed, removed. Owns how they are asked for."""

from collections.abc import Iterable, Sequence

from retriever.documents.records import of_kind
from retriever.ports import Between, Point, VectorStore
from retriever.sources.records import (
    SOURCE_KIND,
    Job,
    Page,
    Source,
    job_kind,
    job_point,
    job_point_id,
    of_pages,
    of_source,
    page_point,
    source_point,
    source_point_id,
    to_job,
    to_page,
    to_source,
)
from shared.errors import InvalidRequestError, NotFoundError

PAGE = 250
BATCH = 64
KEPT_JOBS = 20


class Shelf:
    """What is kept of sources. A write is durable when it returns."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    async def find(self, source_id: str) -> Source | None:
        """Return a source, where there is one."""
        found = await self._store.retrieve([source_point_id(source_id)])
        return to_source(found[0].payload) if found else None

    async def source(self, source_id: str) -> Source:
        """Return a source.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        found = await self.find(source_id)
        if found is None:
            raise NotFoundError("There is no such data source")
        return found

    async def save_source(self, source: Source) -> None:
        """Keep ``source``."""
        await self._store.upsert([source_point(source)])

    async def list_sources(self, *, limit: int, cursor: str | None = None) -> tuple[list[Source], str | None]:
        """Return a page of the sources, the newest first, and the cursor of the next."""
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 16):
            raise InvalidRequestError("This is not a cursor that a list of sources gave", param="cursor")
        until = None if cursor is None else int(cursor)
        where = of_kind(SOURCE_KIND)
        found = await self._store.newest(where, by="created", limit=limit + 1, until=until)
        sources = [to_source(point.payload) for point in found]
        return sources[:limit], str(sources[limit].created) if len(sources) > limit else None

    async def every_source(self) -> list[Source]:
        """Return all sources."""
        sources: list[Source] = []
        after: str | None = None
        while True:
            found, after = await self._store.scroll(of_kind(SOURCE_KIND), limit=PAGE, after=after)
            sources += [to_source(point.payload) for point in found]
            if after is None:
                return sources

    async def remove_source(self, source_id: str) -> None:
        """Forget a source, its pages and its jobs; its documents are not touched."""
        await self._store.delete(of_pages(source_id))
        await self._store.delete(of_kind(job_kind(source_id)))
        # Last: while it stands, what is left can be removed by asking again.
        await self._store.delete(of_source(source_id))

    async def job(self, job_id: str) -> Job | None:
        """Return a job, where there is one."""
        found = await self._store.retrieve([job_point_id(job_id)])
        return to_job(found[0].payload) if found else None

    async def last_job(self, source_id: str) -> Job | None:
        """Return the newest job of a source."""
        found = await self._store.newest(of_kind(job_kind(source_id)), by="created", limit=1)
        return to_job(found[0].payload) if found else None

    async def save_job(self, job: Job) -> None:
        """Keep ``job``."""
        await self._store.upsert([job_point(job)])

    async def prune_jobs(self, source_id: str) -> None:
        """Forget all but the newest jobs of a source."""
        where = of_kind(job_kind(source_id))
        found = await self._store.newest(where, by="created", limit=KEPT_JOBS, keys=["created"])
        if len(found) == KEPT_JOBS:
            oldest = int(found[-1].payload["created"])
            await self._store.delete(of_kind(job_kind(source_id), Between("created", lt=oldest)))

    async def pages(self, source_id: str) -> dict[str, Page]:
        """Return what is known of all pages of a source, by address."""
        pages: dict[str, Page] = {}
        after: str | None = None
        while True:
            found, after = await self._store.scroll(of_pages(source_id), limit=PAGE, after=after)
            pages |= {page.url: page for page in (to_page(point.payload) for point in found)}
            if after is None:
                return pages

    async def save_pages(self, pages: Sequence[Page]) -> None:
        """Keep what is known of ``pages``."""
        points: list[Point] = [page_point(page) for page in pages]
        for first in range(0, len(points), BATCH):
            await self._store.upsert(points[first : first + BATCH])

    async def forget_pages(self, source_id: str, urls: Iterable[str]) -> None:
        """Forget the pages of a source at ``urls``."""
        names = list(urls)
        for first in range(0, len(names), BATCH):
            await self._store.delete(of_pages(source_id, tuple(names[first : first + BATCH])))
