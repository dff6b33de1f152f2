"""Putting many documents at once: a few threads, one result each, stopped at any time.

Owns when going on is of no use: a key that is refused, a server that stays away. Threads are daemons, so
that a request that hangs never keeps the command from ending.
"""

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.clients.gateway import GatewayClient, Outcome
from shared.errors import CarrelError, ForbiddenError, UnauthorizedError

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Larger files are not even read; a server's own limit is far below."""


@dataclass(frozen=True)
class Job:
    """One file to put."""

    path: Path
    document_id: str
    media_type: str
    url: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What became of one job: an outcome, or the reason why there is none."""

    job: Job
    outcome: Outcome | None = None
    reason: str = ""
    fatal: bool = False
    """Whether every other document would have met the same."""


class Upload:
    """Puts ``jobs`` in order, ``concurrency`` at a time, until ``stop`` is set."""

    def __init__(
        self, jobs: Sequence[Job], client: GatewayClient, *, concurrency: int, stop: threading.Event
    ) -> None:
        self._client, self._stop = client, stop
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in jobs:
            self._jobs.put(job)
        self._results: queue.SimpleQueue[Done | None] = queue.SimpleQueue()
        self._to_start = min(concurrency, len(jobs))
        self._running = 0

    def results(self, *, within_s: float | None = None) -> Iterator[Done]:
        """Begin, and yield each result as it comes; end early when none comes for ``within_s`` seconds."""
        while self._to_start:
            self._to_start, self._running = self._to_start - 1, self._running + 1
            threading.Thread(target=self._work, name=f"upload-{self._to_start}", daemon=True).start()
        while self._running:
            try:
                done = self._results.get(timeout=within_s)
            except queue.Empty:
                return
            if done is None:
                self._running -= 1
            else:
                yield done

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                done = self._put(self._jobs.get_nowait())
                if done.fatal:
                    self._stop.set()
                self._results.put(done)
        except queue.Empty:
            pass
        finally:
            self._results.put(None)

    def _put(self, job: Job) -> Done:
        try:
            if job.path.stat().st_size > MAX_FILE_BYTES:
                return Done(job, reason=f"larger than {MAX_FILE_BYTES // 2**20} MiB")
            content = job.path.read_bytes()
        except OSError as error:
            return Done(job, reason=str(error.strerror))
        try:
            outcome = self._client.put_document(
                job.document_id, content, media_type=job.media_type, url=job.url, metadata=job.metadata
            )
        except CarrelError as error:
            return Done(job, reason=error.detail, fatal=self._is_fatal(error))
        return Done(job, outcome=outcome)

    def _is_fatal(self, error: CarrelError) -> bool:
        if isinstance(error, UnauthorizedError | ForbiddenError):
            return True
        if not error.retryable:
            return False
        # Patience is used up. A server that is well otherwise refused this one document in its own way,
        # such as by closing the connection on a body it finds too large.
        try:
            return not self._client.ready()
        except CarrelError:
            return True
