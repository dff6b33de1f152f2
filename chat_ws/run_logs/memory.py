"""The frames of the runs of this process, in its memory."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from chat_ws.run_logs.log import MAX_BYTES, Frame, Gap, RunLog
from shared.contracts.wire import Check
from shared.errors import UpstreamUnavailableError

TOTAL_BYTES = 256 * 1024 * 1024


class MemoryRunLogs:
    """The :class:`chat_ws.ports.RunLogs` of one process.

    A log holds ``max_bytes`` at most; past ``total_bytes`` those go that ended first: what is told of such a
    run is its stored end. ``changed`` is called after each change of a log.
    """

    shared: bool = False

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        total_bytes: int = TOTAL_BYTES,
        changed: Callable[[str], None] = lambda _run_id: None,
    ) -> None:
        self._max_bytes, self._total_bytes, self._tell = max_bytes, total_bytes, changed
        self._logs: dict[str, RunLog] = {}
        self._ended: dict[str, None] = {}
        """In this order."""
        self._sizes: dict[str, int] = {}
        self.bytes = 0

    def start(self, *, hurried: Callable[[], None]) -> None:
        """There is nobody to hear from."""

    def open(self, run_id: str) -> RunLog:
        log = RunLog(max_bytes=self._max_bytes, changed=lambda: self._changed(run_id))
        self._logs[run_id] = log
        return log

    @property
    def run_ids(self) -> list[str]:
        """The runs whose logs are kept."""
        return list(self._logs)

    def find(self, run_id: str) -> RunLog | None:
        """Return the log of a run of this process, or None."""
        return self._logs.get(run_id)

    def forget(self, run_id: str) -> None:
        if (log := self._logs.pop(run_id, None)) is not None:
            log.gone = True
        self._ended.pop(run_id, None)
        self.bytes -= self._sizes.pop(run_id, 0)

    async def discard(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self.forget(run_id)

    async def read(self, run_id: str, *, after: int, live: bool = True) -> AsyncGenerator[Frame | Gap]:
        log = self._logs.get(run_id)
        if log is None:
            if live:
                raise elsewhere()
            return
        async with aclosing(log.read(after=after, live=live)) as entries:
            async for entry in entries:
                yield entry

    async def hurry(self) -> None:
        """Nobody hears us: the others look every second."""

    def check(self) -> Check:
        return Check(status="ok", detail="not configured: run logs in this process")

    async def close(self) -> None:
        """There is nothing to write."""

    def _changed(self, run_id: str) -> None:
        log = self._logs.get(run_id)
        if log is None:
            return
        self.bytes += log.bytes - self._sizes.get(run_id, 0)
        self._sizes[run_id] = log.bytes
        if log.ended:
            self._ended[run_id] = None
        self._tell(run_id)
        while self.bytes > self._total_bytes and self._ended:
            oldest = next(iter(self._ended))
            self._logs[oldest].drop()
            self.forget(oldest)


def elsewhere() -> UpstreamUnavailableError:
    """Return the error for a run whose frames another replica has, and this one cannot read."""
    detail = "This run runs in another replica, whose frames cannot be read here now"
    return UpstreamUnavailableError(detail, param="run_id", retry_after_ms=1000)
