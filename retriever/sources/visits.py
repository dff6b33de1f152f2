"""What a sync does with one page: asks for it, takes it in, or removes the document it was.

Owns the order of writes: a page is known before its document is, and what became of it is kept before it is
counted, so that a pass that ends anywhere leaves no document nobody knows of.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from retriever.documents.catalogue import Catalogue
from retriever.documents.preparation import Submission
from retriever.ingest import Ingest
from retriever.sources.listings import Listed
from retriever.sources.plan import conditions, document_id, media_type, validators
from retriever.sources.progress import Progress
from retriever.sources.records import Outcome, Page, Source
from retriever.sources.shelf import Shelf
from retriever.web.replies import FetchError, Fetches, Reply
from shared.errors import CarrelError, NotFoundError

LOOKED_UP_AT_ONCE = 200
OWNER_KEY = "data_source"
"""The metadata key that says which source a document is of."""
_OUTCOMES: dict[str, Outcome] = {"created": "added", "replaced": "replaced", "unchanged": "unchanged"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visitor:
    """Who visits the pages of one source for one job."""

    source: Source
    progress: Progress
    fetches: Fetches


class Visits:
    """Makes visits. ``now_us`` gives the time in microseconds since 1970."""

    def __init__(
        self,
        shelf: Shelf,
        catalogue: Catalogue,
        ingest: Ingest,
        *,
        page_bytes: int,
        now_us: Callable[[], int],
    ) -> None:
        self._shelf, self._catalogue, self._ingest = shelf, catalogue, ingest
        self._page_bytes, self._now_us = page_bytes, now_us

    async def owned(self, source_id: str, document_ids: Sequence[str]) -> dict[str, bool]:
        """Return for each document that exists whether it is of the source."""
        owned: dict[str, bool] = {}
        for first in range(0, len(document_ids), LOOKED_UP_AT_ONCE):
            snapshot = await self._catalogue.snapshot(document_ids[first : first + LOOKED_UP_AT_ONCE])
            for name, record in snapshot.records.items():
                owned[name] = record.given["metadata"].get(OWNER_KEY) == source_id
        return owned

    async def visit(self, by: Visitor, page: Page, *, lastmod: str, owned: bool | None) -> None:
        """Bring one page up to date; ``owned`` is None where there is no document, else whether it is ours.

        Raises
        ------
        CarrelError
            If the index is lost; everything else becomes the page's outcome.
        """
        if not await self._begun(by, page, owned=owned):
            return
        asked = {} if by.progress.full or not owned else conditions(page.etag, page.last_modified)
        try:
            reply = await by.fetches.fetch(page.url, headers=asked, limit=self._page_bytes)
            await self._take(by, replace(page, lastmod=lastmod), reply)
        except FetchError as error:
            if error.is_gone and owned:
                await self.remove(by, page, str(error))
            else:
                await self.fail(by, page, str(error))
        except CarrelError as error:
            if error.retryable:
                raise
            await self.fail(by, page, error.detail)

    async def take_in(self, by: Visitor, page: Page, submission: Submission, *, owned: bool | None) -> None:
        """Bring one page up to date whose content is at hand; ``page`` is as it is to be known.

        Raises
        ------
        CarrelError
            If the index is lost; everything else becomes the page's outcome.
        """
        if not await self._begun(by, page, owned=owned):
            return
        try:
            await self._submit(by, page, replace(page, fetched=self._now_us()), submission)
        except CarrelError as error:
            if error.retryable:
                raise
            await self.fail(by, page, error.detail)

    async def fail(self, by: Visitor, page: Page, reason: str) -> None:
        """A page was not had; its document, where there is one, stays."""
        await self._settle(by, page, "failed", reason)

    async def leave(self, by: Visitor, unlisted: Sequence[Page], reason: str) -> None:
        """Remove the documents of pages that are of the source no more; forget pages that have none."""
        owned = await self.owned(by.source.id, [page.document_id for page in unlisted])
        for page in unlisted:
            if owned.get(page.document_id):
                await self.remove(by, page, reason)
        nothing = [page.url for page in unlisted if not owned.get(page.document_id)]
        await self._shelf.forget_pages(by.source.id, nothing)

    async def _begun(self, by: Visitor, page: Page, *, owned: bool | None) -> bool:
        """Whether the page is to be had: then it is known before its document is."""
        if owned is False:
            reason = f"the document {page.document_id} was put by somebody else and is left alone"
            await self.fail(by, page, reason)
            return False
        if not page.job:
            await self._shelf.save_pages([page])
        by.progress.fetched()
        return True

    async def remove(self, by: Visitor, page: Page, reason: str) -> None:
        """Remove the document of a page; the page stays known until the next job, for this one's report."""
        try:
            await self._ingest.delete(page.document_id)
        except NotFoundError:
            _log.debug("document %s was gone already", page.document_id)
        await self._settle(
            by, replace(page, etag="", last_modified="", lastmod="", fetched=0), "removed", reason
        )

    async def untouched(self, by: Visitor, pages: Sequence[Page]) -> None:
        """Settle ``pages`` that need not be asked for."""
        settled = [replace(page, job=by.progress.id, outcome="unchanged", reason="") for page in pages]
        await self._shelf.save_pages(settled)
        for page in settled:
            by.progress.page(page)

    @staticmethod
    def page(source_id: str, listed: Listed, old: Page | None) -> Page:
        """Return what is known of a listed page."""
        return old or Page(source_id, str(listed.url), document_id(source_id, listed.url))

    async def _take(self, by: Visitor, page: Page, reply: Reply) -> None:
        etag, modified = validators(reply.headers)
        now = self._now_us()
        if reply.status == 304:
            await self._settle(by, replace(page, fetched=now), "unchanged")
            return
        by.progress.came(len(reply.body))
        read_as, charset = media_type(reply.headers.get("content-type", ""), reply.url)
        about = {OWNER_KEY: by.source.id}
        submission = Submission(reply.body, read_as, charset, url=str(reply.url), metadata=about)
        had = replace(page, etag=etag, last_modified=modified, fetched=now)
        await self._submit(by, page, had, submission)

    async def _submit(self, by: Visitor, page: Page, had: Page, submission: Submission) -> None:
        outcome = await self._ingest.put(page.document_id, submission)
        # A document whose page is still pending came in just before a pass was interrupted.
        is_new = page.outcome == "pending" and outcome.kind == "unchanged"
        await self._settle(by, had, "added" if is_new else _OUTCOMES[outcome.kind])

    async def _settle(self, by: Visitor, page: Page, outcome: Outcome, reason: str = "") -> None:
        settled = replace(page, job=by.progress.id, outcome=outcome, reason=reason[:500])
        await self._shelf.save_pages([settled])
        by.progress.page(settled)
