"""A job as it runs: what it has come to so far, for the report and for who watches.

Pure but for the clock, which its caller brings. What happened to a page stands in the page's own record, so
that a job that was interrupted counts on from there.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from retriever.sources.records import MAX_REPORTED, Job, Outcome, Page
from shared.contracts.data_sources import JobStatus

_COUNTED: dict[Outcome, str] = {
    "unchanged": "unchanged",
    "added": "embedded",
    "replaced": "embedded",
    "removed": "removed",
    "failed": "failed",
}


class Progress:
    """One job's state."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._changed: Callable[[], None] = lambda: None
        self._found = self._passed_over = self._fetched = 0
        self._pages: dict[str, Page] = {}
        self._counted: Counter[str] = Counter()
        self._lists: dict[str, str] = {}
        self.bytes = 0

    def on_change(self, call: Callable[[], None]) -> None:
        """Let ``call`` be called after each change."""
        self._changed = call

    @property
    def job(self) -> Job:
        """The job with all that is known of it."""
        return replace(self._job, **self._report())

    @property
    def brief(self) -> Job:
        """The job with its counts alone."""
        return replace(self._job, counts=self.counts())

    @property
    def id(self) -> str:
        """The job's id."""
        return self._job.id

    @property
    def full(self) -> bool:
        """Whether every page is to be fetched whole."""
        return self._job.full

    def done(self, url: str) -> bool:
        """Whether this job has dealt with the page at ``url``."""
        return url in self._pages

    def begin(self, pages: list[Page]) -> None:
        """Start counting anew, from those of ``pages`` that this job has dealt with."""
        self._pages, self._lists = {}, {}
        self._counted.clear()
        for page in pages:
            if page.job == self.id and page.outcome != "pending":
                self._count(page)
        self._changed()

    def found(self, number: int, *, passed_over: int = 0) -> None:
        """So many pages are wanted, and so many are listed beside them."""
        self._found, self._passed_over = number, passed_over
        self._changed()

    def fetched(self) -> None:
        """A page is asked for."""
        self._fetched += 1

    def came(self, size: int) -> None:
        """So many bytes of a page came."""
        self.bytes += size

    def page(self, page: Page) -> None:
        """This is what became of a page."""
        self._count(page)
        self._changed()

    def failed_list(self, url: str, reason: str) -> None:
        """A list, or an address in one, could not be used."""
        if len(self._lists) < MAX_REPORTED:
            self._lists[url] = reason

    def turn(self, status: JobStatus, *, reason: str = "", started: int = 0, finished: int = 0) -> Job:
        """Take ``status``; return the job as it is to be kept."""
        self._job = replace(
            self._job,
            status=status,
            reason=reason or self._job.reason,
            started=self._job.started or started,
            finished=finished or self._job.finished,
        )
        self._changed()
        return self.job

    def counts(self) -> dict[str, int]:
        """Return the counts alone."""
        listed = {"found": self._found, "passed_over": self._passed_over}
        return {**listed, "fetched": self._fetched, **self._counted}

    def _count(self, page: Page) -> None:
        if (before := self._pages.get(page.url)) is not None:
            self._counted[_COUNTED[before.outcome]] -= 1
        self._pages[page.url] = page
        self._counted[_COUNTED[page.outcome]] += 1

    def _report(self) -> dict[str, Any]:
        pages = sorted(self._pages.values(), key=lambda page: page.url)
        changed = [page for page in pages if page.outcome in ("added", "replaced", "removed")]
        failed = [(page.url, page.reason) for page in pages if page.outcome == "failed"]
        return {
            "counts": self.counts(),
            "changes": [
                {"url": page.url, "document_id": page.document_id, "change": page.outcome}
                for page in changed[:MAX_REPORTED]
            ],
            "failures": [
                {"url": url, "reason": reason}
                for url, reason in [*self._lists.items(), *failed][:MAX_REPORTED]
            ],
        }
