"""Runs belong to the server: each is a task that no socket can end.

Owns the live runs of this process and their logs. A run's ``run-end`` is told only when the answer as it
stays is committed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from chat_ws.ports import Answerer, Clock, Ending, History, Stored
from chat_ws.run_log import RunLog
from chat_ws.transcript import Frame, Status, Transcript
from shared.contracts.chat_ws import MessageCreate
from shared.contracts.retriever import AnswerRequest
from shared.errors import CarrelError, InternalError
from shared.tasks import cancel, spawn

CHECKPOINT_S = 1.0
STORE_FOR = timedelta(seconds=60)
"""How long the end of a run waits for a database that is away."""
_STORE_RETRY_S = 0.25
_FRAME_BYTES = 400
_log = logging.getLogger(__name__)


@dataclass
class Run:
    """A run that is running here, or ended here within the resume window."""

    visitor_id: str
    transcript: Transcript
    log: RunLog = field(default_factory=RunLog)
    task: asyncio.Task[None] | None = None
    stopped_as: Status | None = None
    """Why it was stopped from outside, where it was."""

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.task is not None and not self.task.done()

    def tell(self, frames: Sequence[Frame]) -> None:
        """Append ``frames`` for those who follow."""
        for frame in frames:
            self.log.append(frame, size=_size(frame))


class Runs:
    """The live runs of this process."""

    def __init__(self, *, answerer: Answerer, history: History, clock: Clock, resume_window_s: float) -> None:
        self._answerer, self._history, self._clock = answerer, history, clock
        self._resume_window_s = resume_window_s
        self._runs: dict[str, Run] = {}

    def start(self, visitor_id: str, stored: Stored, frame: MessageCreate) -> None:
        """Start the run of a stored question; one that is live already is left alone."""
        if stored.run_id in self._runs:
            return
        run = Run(visitor_id, Transcript(stored.conversation_id, stored.run_id, stored.answer_id))
        request = AnswerRequest(
            messages=list(stored.history), filters=frame.filters, context=frame.context, stream=True
        )
        self._runs[stored.run_id] = run
        run.task = spawn(self._perform(run, request), name=f"run {stored.run_id}")

    def find(self, visitor_id: str, run_id: str) -> Run | None:
        """Return a visitor's run that is live here, or None."""
        run = self._runs.get(run_id)
        return run if run is not None and run.visitor_id == visitor_id else None

    def stop(self, run: Run, status: Status) -> None:
        """Stop ``run`` as ``status``; what was said so far is kept. Does nothing once it is ending."""
        if run.running and run.stopped_as is None and run.transcript.status is None and run.task is not None:
            run.stopped_as = status
            run.task.cancel()

    async def drain(self, seconds: float) -> None:
        """Give running runs ``seconds`` to end, then end the others as incomplete."""
        tasks = [run.task for run in self._runs.values() if run.task is not None and run.running]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for run in self._runs.values():
            self.stop(run, "incomplete")
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)

    async def _perform(self, run: Run, request: AnswerRequest) -> None:
        saver = spawn(self._checkpoints(run), name="checkpoints")
        try:
            await self._answer(run, request)
        except asyncio.CancelledError:
            if run.stopped_as is None:
                raise
            run.transcript.stop(run.stopped_as)
        except CarrelError as error:
            run.transcript.stop("failed", error=error)
        except Exception:
            _log.exception("run %s failed", run.transcript.run_id)
            run.transcript.stop("failed", error=InternalError())
        await cancel(saver)
        await self._end(run)

    async def _answer(self, run: Run, request: AnswerRequest) -> None:
        async with contextlib.aclosing(self._answerer.answer(request)) as events:  # type: ignore[type-var]
            async for event in events:
                frame = run.transcript.tell(event, now=self._clock())
                if frame is not None:
                    run.tell([frame])

    async def _end(self, run: Run) -> None:
        frames = run.transcript.end(now=self._clock())
        # What the message holds comes before it is said to be whole: run-end follows the commit.
        run.tell(frames[:-1])
        await self._store(run.transcript)
        run.tell(frames[-1:])
        run.log.end()
        asyncio.get_running_loop().call_later(self._resume_window_s, self._forget, run)

    async def _store(self, transcript: Transcript) -> None:
        ending = Ending(
            run_id=transcript.run_id,
            message_id=transcript.message_id,
            content=transcript.content,
            citations=transcript.citations,
            status=transcript.status or "incomplete",
            finish_reason=transcript.finish_reason,
            degraded=transcript.degraded,
            last_sequence=transcript.sequence_number,
            error=transcript.error.model_dump() if transcript.error else None,
        )
        deadline = self._clock() + STORE_FOR
        while True:
            try:
                await self._history.end_run(ending)
            except CarrelError as error:
                if self._clock() >= deadline:
                    _log.error("run %s: its answer could not be stored: %s", ending.run_id, error)
                    return
            else:
                return
            await asyncio.sleep(_STORE_RETRY_S)

    async def _checkpoints(self, run: Run) -> None:
        saved = 0
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            transcript = run.transcript
            if len(transcript.content) > saved:
                saved = len(transcript.content)
                with contextlib.suppress(CarrelError):
                    await self._history.checkpoint(
                        transcript.message_id, transcript.content, list(transcript.citations)
                    )

    def _forget(self, run: Run) -> None:
        self._runs.pop(run.transcript.run_id, None)


def _size(frame: Frame) -> int:
    """Return about how many bytes ``frame`` takes; exact where it is large."""
    passages = frame.get("passages")
    text = sum(len(passage["text"]) for passage in passages) if passages else 0
    return _FRAME_BYTES + 4 * text
