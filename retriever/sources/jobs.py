"""Ingestion jobs: begun on request or by the clock, one at a time for a source, going on after a restart.

Owns which jobs run. A job is kept before it is answered; one that is kept as unfinished runs, whatever became
of the process that began it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from retriever.sources.discovery import UnreadableError
from retriever.sources.progress import Progress
from retriever.sources.records import Job, due_at
from retriever.sources.shelf import Shelf
from retriever.sources.sync import Sync, TooMuchReadError
from retriever.web.replies import Fetches
from shared.contracts.data_sources import UNFINISHED, JobStatus
from shared.errors import CarrelError, NotFoundError
from shared.tasks import cancel, spawn

AT_ONCE = 2
PASSES = 20
"""How often a pass is made again after the index was lost."""
_log = logging.getLogger(__name__)


@dataclass
class _Live:
    """A job of this process, and who waits for news of it."""

    progress: Progress
    source_id: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        news, self.news = self.news, asyncio.Event()
        news.set()


@dataclass(frozen=True)
class Rhythm:
    """How long is waited for what, in seconds."""

    retry_s: float = 5.0
    schedule_s: float = 30.0
    news_s: float = 0.25
    """Between two pieces of news of one job."""
    silence_s: float = 15.0
    """After so long the old news is told again, which keeps a stream open."""


class Jobs:
    """Runs jobs. ``make_fetches`` gives each its own way to the web."""

    def __init__(
        self,
        shelf: Shelf,
        sync: Sync,
        *,
        make_fetches: Callable[[], Fetches],
        now_us: Callable[[], int],
        rhythm: Rhythm | None = None,
    ) -> None:
        self._shelf, self._sync, self._make_fetches, self._now_us = shelf, sync, make_fetches, now_us
        self._rhythm = rhythm or Rhythm()
        self._live: dict[str, _Live] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._beginning = asyncio.Lock()
        self._resumed = False
        self._removing: set[str] = set()
        self.ended: Counter[tuple[str]] = Counter()
        """Jobs that ended here, by how."""

    @property
    def going(self) -> Mapping[tuple[str], int]:
        """How many jobs wait for their turn and how many run."""
        statuses = [live.progress.job.status for live in self._live.values()]
        return {(status,): statuses.count(status) for status in UNFINISHED}

    async def start(
        self, source_id: str, *, full: bool = False, trigger: Literal["request", "schedule"] = "request"
    ) -> tuple[Job, bool]:
        """Begin a job for a source; return it, or the one that is going, and whether it was begun.

        Raises
        ------
        NotFoundError
            If there is no such source.
        """
        async with self._beginning:
            await self._resume()
            if source_id in self._removing:
                raise NotFoundError("There is no such data source")
            await self._shelf.source(source_id)
            if (going := await self.last(source_id)) is not None and going.status in UNFINISHED:
                self._run(going)
                return going, False
            job = Job(uuid4().hex, source_id, "queued", trigger, full, created=self._now_us())
            await self._shelf.save_job(job)
            self._run(job)
            return job, True

    async def get(self, job_id: str) -> Job:
        """Return a job as it is now.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        if (live := self._live.get(job_id)) is not None:
            return live.progress.job
        job = await self._shelf.job(job_id)
        if job is None:
            raise NotFoundError("There is no such ingestion job")
        return job

    async def last(self, source_id: str) -> Job | None:
        """Return the newest job of a source."""
        going = self._going(source_id)
        return going.progress.job if going else await self._shelf.last_job(source_id)

    async def cancel(self, job_id: str) -> Job:
        """End a job; one that has ended stays as it is.

        Raises
        ------
        NotFoundError
            If there is none of this id.
        """
        async with self._beginning:
            await self._resume()
            if (live := self._live.get(job_id)) is not None:
                await self._stop(live)
            return await self.get(job_id)

    @asynccontextmanager
    async def removing(self, source_id: str) -> AsyncIterator[None]:
        """End the job of a source, and let none begin while its documents are removed."""
        self._removing.add(source_id)
        try:
            async with self._beginning:
                await self._resume()
                if (live := self._going(source_id)) is not None:
                    await self._stop(live)
            yield
        finally:
            self._removing.discard(source_id)

    async def watch(self, job_id: str) -> AsyncIterator[Job]:
        """Yield a job's counts at once and after each news of it, and last the whole when it has ended."""
        while True:
            live = self._live.get(job_id)
            news = live.news if live else None
            job = live.progress.brief if live else await self.get(job_id)
            if job.status not in UNFINISHED:
                yield await self.get(job_id)
                return
            yield job
            if news is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), self._rhythm.silence_s)
            # Where nobody runs it, it is to be taken up again.
            await asyncio.sleep(self._rhythm.news_s if news is not None else self._rhythm.retry_s)

    async def run(self, opened: asyncio.Event) -> None:
        """Go on with what was interrupted as soon as the index is open; then begin what is due."""
        await opened.wait()
        while True:
            try:
                async with self._beginning:
                    await self._resume()
                await self._begin_due()
            except CarrelError as error:
                _log.warning("scheduled syncs put off: %s", error)
            await asyncio.sleep(self._rhythm.schedule_s)

    async def close(self) -> None:
        """Interrupt what runs; the next start goes on with it."""
        for live in list(self._live.values()):
            await cancel(live.task)

    async def _resume(self) -> None:
        """Take up every job that is kept as unfinished, once."""
        if self._resumed:
            return
        for source in await self._shelf.every_source():
            job = await self._shelf.last_job(source.id)
            if job is not None and job.status in UNFINISHED:
                _log.info("ingestion job %s of %s goes on", job.id, source.id)
                self._run(job)
        self._resumed = True

    async def _begin_due(self) -> None:
        for source in await self._shelf.every_source():
            due = due_at(source, await self.last(source.id))
            if due is not None and due <= self._now_us():
                await self.start(source.id, trigger="schedule")

    def _going(self, source_id: str) -> _Live | None:
        return next((live for live in self._live.values() if live.source_id == source_id), None)

    def _run(self, job: Job) -> None:
        if job.id not in self._live:
            live = _Live(Progress(job), job.source_id)
            live.progress.on_change(live.tell)
            self._live[job.id] = live
            live.task = spawn(self._work(live), name=f"ingestion-{job.id[:8]}")

    async def _work(self, live: _Live) -> None:
        async with self._room:
            for attempt in range(1, PASSES + 1):
                try:
                    reason = await self._pass(live)
                    await self._finish(live, "failed" if reason else "completed", reason)
                    return
                except CarrelError as error:
                    _log.warning("ingestion job %s: %s", live.progress.id, error)
                    if attempt == PASSES or not error.retryable:
                        await self._give_up(live, error.detail)
                        return
                except Exception:
                    _log.exception("ingestion job %s failed", live.progress.id)
                    await self._give_up(live, "something went wrong on our side")
                    return
                await asyncio.sleep(self._rhythm.retry_s)

    async def _pass(self, live: _Live) -> str:
        """Make one pass; return why the job failed, or nothing when it is complete."""
        source = await self._shelf.source(live.source_id)
        await self._shelf.save_job(live.progress.turn("running", started=self._now_us()))
        fetches = self._make_fetches()
        try:
            await self._sync.run(source, live.progress, fetches)
        except (UnreadableError, TooMuchReadError) as error:
            return str(error)
        finally:
            await fetches.close()
        return ""

    async def _stop(self, live: _Live) -> None:
        await cancel(live.task)
        if live.progress.job.status in UNFINISHED:
            await self._finish(live, "cancelled")

    async def _finish(self, live: _Live, status: JobStatus, reason: str = "") -> None:
        before = live.progress.job.status
        job = live.progress.turn(status, reason=reason, finished=self._now_us())
        try:
            await self._shelf.save_job(job)
        except CarrelError:
            live.progress.turn(before)
            raise
        self._let_go(live)
        self.ended[status,] += 1
        _log.info("ingestion job %s of %s %s: %s", job.id, job.source_id, status, job.counts)
        try:
            await self._shelf.prune_jobs(job.source_id)
        except CarrelError as error:
            _log.warning("old ingestion jobs stay until the next has ended: %s", error)

    async def _give_up(self, live: _Live, reason: str) -> None:
        """A job that cannot even be kept as failed is taken up by the next sync or start."""
        try:
            await self._finish(live, "failed", reason)
        except CarrelError:
            self._let_go(live)

    def _let_go(self, live: _Live) -> None:
        self._live.pop(live.progress.id, None)
        live.tell()
