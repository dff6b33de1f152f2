"""One pass over an archive: fetched where it has an address, read, and the documents brought in line with it.

An archive that cannot be read to its end changes nothing. It is read in threads, a few files at a time.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import IO

from retriever.documents.preparation import Submission
from retriever.sources.archive.members import ArchiveError, Meter
from retriever.sources.archive.selection import Chosen, Selection, select
from retriever.sources.archive.survey import contents, survey
from retriever.sources.archive.vault import Kept, Vault
from retriever.sources.discovery import UnreadableError
from retriever.sources.plan import conditions, validators
from retriever.sources.records import Page
from retriever.sources.shelf import Shelf
from retriever.sources.visits import OWNER_KEY, Visitor, Visits
from retriever.web.replies import FetchError
from shared.contracts.data_sources import DataSourceRequest

AT_ONCE = 4
READ_S = 300.0
"""How long a thread may read without having something to tell."""


_File = tuple[str, bytes]
"""A file's name in the archive, and its content."""


class ArchiveSync:
    """Makes passes over archives."""

    def __init__(
        self,
        shelf: Shelf,
        visits: Visits,
        vault: Vault,
        *,
        archive_bytes: int,
        file_bytes: int,
        job_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        read_s: float = READ_S,
    ) -> None:
        self._shelf, self._visits, self._vault = shelf, visits, vault
        self._archive_bytes, self._file_bytes, self._job_bytes = archive_bytes, file_bytes, job_bytes
        self._clock, self._read_s = clock, read_s

    async def run(self, by: Visitor) -> None:
        """Bring the documents of a source up to date with its archive.

        Raises
        ------
        UnreadableError
            If it cannot be had or read: nothing was changed.
        CarrelError
            If the index is lost; made again, the pass goes on where it was.
        """
        while True:
            kept = await self._current(by)
            try:
                with await asyncio.to_thread(self._vault.open, kept) as file:
                    await self._follow(by, file, kept)
            except FileNotFoundError:
                continue  # another took its place meanwhile
            except ArchiveError as error:
                raise UnreadableError(f"the archive cannot be read: {error}") from None
            except OSError as error:
                raise UnreadableError(
                    f"the archive cannot be read from the disk: {error.strerror}"
                ) from error
            # Whoever uploads while a job is going asks no other one: this job is to end with what stands.
            if await self._vault.find(by.source.id) in (kept, None):
                return

    async def _current(self, by: Visitor) -> Kept:
        source, url = by.source, by.source.request.url
        kept = await self._vault.find(source.id)
        kept = kept if kept is not None and kept.url == (url or "") else None
        if url:
            return await self._fetched(by, url, kept)
        if kept is None:
            raise UnreadableError(f"no archive was uploaded: PUT /v1/data-sources/{source.id}/archive")
        return kept

    async def _fetched(self, by: Visitor, url: str, kept: Kept | None) -> Kept:
        asked = conditions(kept.etag, kept.last_modified) if kept and not by.progress.full else {}
        async with self._vault.incoming() as incoming:
            try:
                reply = await by.fetches.download(
                    url, headers=asked, limit=self._archive_bytes, into=incoming
                )
                if reply.status == 304 and kept is not None:
                    return kept
                etag, modified = validators(reply.headers)
                return await self._vault.keep(
                    incoming, by.source.id, url=url, etag=etag, last_modified=modified
                )
            except (FetchError, ArchiveError) as error:
                raise UnreadableError(f"{url} cannot be read: {error}") from None

    async def _follow(self, by: Visitor, file: IO[bytes], kept: Kept) -> None:
        known = await self._shelf.pages(by.source.id)
        by.progress.begin(list(known.values()))
        found = await asyncio.to_thread(self._selected, file, kept, by.source.request)
        if not found.documents:
            raise UnreadableError(
                f"the archive holds no documents that are wanted, of {found.passed_over} files"
            )
        for name, reason in found.failures:
            by.progress.failed_list(name, reason)
        todo = dict(list(found.documents.items())[: by.source.request.max_pages])
        if left := len(found.documents) - len(todo):
            by.progress.failed_list(
                by.source.request.url or "archive",
                f"{left} further files are in it; max_pages is {len(todo)}",
            )
        by.progress.found(len(todo), passed_over=found.passed_over)
        await self._take_all(by, todo, known, file, kept)
        gone = [
            page for path, page in known.items() if path not in found.documents and not _is_told(by, page)
        ]
        await self._visits.leave(by, gone, "it is no longer in the archive")

    def _selected(self, file: IO[bytes], kept: Kept, request: DataSourceRequest) -> Selection:
        meter = self._meter(kept, _Patience(self._clock, self._read_s))
        found = survey(file, meter, file_bytes=self._file_bytes)
        return select(found, request, kept.source_id)

    def _files(self, file: IO[bytes], kept: Kept, wanted: Collection[str]) -> Callable[[], _File | None]:
        """Return what gives the next of the ``wanted`` files, in a thread; each has its time."""
        patience = _Patience(self._clock, self._read_s)
        files = contents(file, self._meter(kept, patience), wanted)

        def following() -> _File | None:
            patience.begin()
            return next(files, None)

        return following

    def _meter(self, kept: Kept, patience: "_Patience") -> Meter:
        return Meter(packed=kept.bytes, most=self._job_bytes, check=patience.check)

    async def _take_all(
        self, by: Visitor, todo: Mapping[str, Chosen], known: Mapping[str, Page], file: IO[bytes], kept: Kept
    ) -> None:
        pages = {
            path: known.get(path) or Page(by.source.id, path, chosen.document_id)
            for path, chosen in todo.items()
        }
        owned = await self._visits.owned(by.source.id, [page.document_id for page in pages.values()])
        left: dict[str, Chosen] = {}
        as_before: list[Page] = []
        for path, chosen in todo.items():
            page = pages[path]
            if by.progress.done(path) and page.etag == chosen.tag and page.outcome != "removed":
                continue
            if chosen.problem:
                await self._visits.fail(by, replace(page, etag=chosen.tag), chosen.problem)
            elif not by.progress.full and owned.get(page.document_id) and _is_same(page, chosen):
                as_before.append(page)
            else:
                left[chosen.name] = chosen
        await self._visits.untouched(by, as_before)
        if left:
            await self._take(by, self._files(file, kept, left), left, pages, owned)

    async def _take(
        self,
        by: Visitor,
        following: Callable[[], _File | None],
        chosen: Mapping[str, Chosen],
        pages: Mapping[str, Page],
        owned: Mapping[str, bool],
    ) -> None:
        turn = asyncio.Lock()

        async def work() -> None:
            while True:
                async with turn:
                    came = await asyncio.to_thread(following)
                if came is None:
                    return
                wanted = chosen[came[0]]
                page = replace(pages[wanted.path], etag=wanted.tag)
                about = {OWNER_KEY: by.source.id}
                submission = Submission(came[1], wanted.media_type, url=wanted.url, metadata=about)
                await self._visits.take_in(by, page, submission, owned=owned.get(page.document_id))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


def _is_same(page: Page, chosen: Chosen) -> bool:
    return page.etag == chosen.tag and page.outcome in ("unchanged", "added", "replaced")


def _is_told(by: Visitor, page: Page) -> bool:
    """Whether this job has removed it already."""
    return by.progress.done(page.url) and page.outcome == "removed"


class _Patience:
    """How long a thread reads without having something to tell."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock, self._seconds = clock, seconds
        self.begin()

    def begin(self) -> None:
        """Begin to wait for the next."""
        self._until = self._clock() + self._seconds

    def check(self) -> None:
        """Raise :class:`ArchiveError` when it takes too long."""
        if self._clock() > self._until:
            raise ArchiveError(f"reading it takes longer than {self._seconds:g} s")
