"""One pass over a source: what is new is taken in, what changed is replaced, what is gone is removed.

A pass may end anywhere and be made again: what a job has done with a page is kept with the page. What cannot
be read removes nothing.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from retriever.documents.records import instant
from retriever.sources.archive.sync import ArchiveSync
from retriever.sources.discovery import Discovery, discover
from retriever.sources.listings import Listed
from retriever.sources.plan import is_known
from retriever.sources.progress import Progress
from retriever.sources.records import Page, Source
from retriever.sources.shelf import Shelf
from retriever.sources.visits import Visitor, Visits
from retriever.web.replies import Fetches
from retriever.web.urls import parse

AT_ONCE = 6


class TooMuchReadError(Exception):
    """A job has read as many bytes as one may."""


class Sync:
    """Makes passes. ``now_us`` gives the time in microseconds since 1970."""

    def __init__(
        self,
        shelf: Shelf,
        visits: Visits,
        archives: ArchiveSync,
        *,
        job_bytes: int,
        now_us: Callable[[], int],
    ) -> None:
        self._shelf, self._visits, self._archives = shelf, visits, archives
        self._job_bytes, self._now_us = job_bytes, now_us

    async def run(self, source: Source, progress: Progress, fetches: Fetches) -> None:
        """Bring the documents of ``source`` up to date.

        Raises
        ------
        UnreadableError
            If the source cannot be read: nothing was changed.
        TooMuchReadError
            If the job's bytes were used up before its pages were.
        CarrelError
            If the index is lost; made again, the pass goes on where it was.
        """
        by = Visitor(source, progress, fetches)
        if source.request.kind == "archive":
            await self._archives.run(by)
        else:
            await self._follow(by)

    async def _follow(self, by: Visitor) -> None:
        source, progress = by.source, by.progress
        known = await self._shelf.pages(source.id)
        progress.begin(list(known.values()))
        found = await discover(source.request, by.fetches)
        for address, reason in found.failures:
            progress.failed_list(address, reason)
        wanted = _wanted(source, found, known)
        todo = dict(list(wanted.items())[: source.request.max_pages])
        if len(wanted) > len(todo):
            reason = f"{len(wanted) - len(todo)} further pages are listed; max_pages is {len(todo)}"
            progress.failed_list(source.request.url or "urls", reason)
        progress.found(len(todo), passed_over=found.passed_over)
        await self._visit_all(by, {url: page for url, page in todo.items() if not progress.done(url)}, known)
        if found.complete:
            unlisted = [p for p in known.values() if p.url not in wanted and not progress.done(p.url)]
            await self._visits.leave(by, unlisted, "it is no longer listed")

    async def _visit_all(self, by: Visitor, todo: Mapping[str, Listed], known: Mapping[str, Page]) -> None:
        pages = {url: self._visits.page(by.source.id, listed, known.get(url)) for url, listed in todo.items()}
        owned = await self._visits.owned(by.source.id, [page.document_id for page in pages.values()])
        now = instant(self._now_us())
        as_before = [
            page
            for url, page in pages.items()
            if not by.progress.full
            and owned.get(page.document_id)
            and is_known(known.get(url), lastmod=todo[url].lastmod, now=now)
        ]
        await self._visits.untouched(by, as_before)
        left = iter([listed for url, listed in todo.items() if not by.progress.done(url)])

        async def work(left: Iterator[Listed]) -> None:
            for listed in left:
                if by.progress.bytes >= self._job_bytes:
                    raise TooMuchReadError(f"more than {self._job_bytes} bytes were read (SYNC_MAX_BYTES)")
                page = pages[str(listed.url)]
                await self._visits.visit(by, page, lastmod=listed.lastmod, owned=owned.get(page.document_id))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work(left))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


def _wanted(source: Source, found: Discovery, known: Mapping[str, Page]) -> dict[str, Listed]:
    """A feed tells only its newest pages: what it told before is still of it, and asked for."""
    if source.request.kind != "feed":
        return found.pages
    # Of another kind the source may have been before: a file of an archive has no address.
    before = {url: Listed(parse(url)) for url, page in known.items() if page.fetched and "://" in url}
    return found.pages | {url: listed for url, listed in before.items() if url not in found.pages}
