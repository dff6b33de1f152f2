"""Runs belong to the server: each is a task that no socket can end.

Owns the live runs of this process and their logs. A run's ``run-end`` is told only when the answer as it
stays is committed; a database that stays away delays it for a bounded time.
"""

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from chat_ws.ports import Answerer, Clock, Ending, History, RunLogs, RunState, Stored
from chat_ws.run_logs.log import RunLog
from chat_ws.runs.line import Line, Turn
from chat_ws.runs.transcript import Frame, Status, Transcript
from chat_ws.runs.turns import Turns
from shared.contracts.chat_ws import MessageCreate
from shared.contracts.retriever import AnswerRequest
from shared.errors import CarrelError, InternalError
from shared.tasks import cancel, spawn
from shared.tracing import span

_STORE_RETRY_S = 0.25
_CHECKPOINT_CHARS = 2048
_VALUE_BYTES = 64
_log = logging.getLogger(__name__)


@dataclass
class Run:
    """A run that is running here, or ended here within the resume window."""

    visitor_id: str
    transcript: Transcript
    log: RunLog
    saved: int = 0
    """How many characters of the answer were kept on the way."""
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when so much came since that it is kept before its time."""
    answering: asyncio.Task[None] | None = None
    """What is cancelled to stop the run; its end is told by ``task`` all the same."""
    task: asyncio.Task[None] | None = None
    storing: asyncio.Task[None] | None = None
    stopped_as: Status | None = None
    """Why it was stopped from outside, where it was."""

    @property
    def pending(self) -> list[asyncio.Task[None]]:
        """The tasks of this run that have not ended."""
        tasks = (self.answering, self.task, self.storing)
        return [task for task in tasks if task is not None and not task.done()]

    def tell(self, frames: Sequence[Frame]) -> None:
        """Append ``frames`` for those who follow."""
        for frame in frames:
            self.log.append(frame, size=_size(frame))


class Runs:
    """The live runs of this process.

    ``max_runs`` are answered at once, ``max_runs_each`` of one visitor, and ``max_queued`` more wait; nobody
    is taken who would wait for longer than ``max_wait_s`` for others to begin.
    ``checkpoint_s`` is how often a growing answer is kept, ``store_for_s`` how long ``run-end`` waits for
    a database that is away, ``store_at_exit_s`` how long the end of the process does.
    """

    def __init__(
        self,
        *,
        answerer: Answerer,
        history: History,
        logs: RunLogs,
        clock: Clock,
        resume_window_s: float,
        max_runs: int = 100,
        max_runs_each: int = 4,
        max_queued: int = 500,
        max_wait_s: float = math.inf,
        checkpoint_s: float = 1.0,
        store_for_s: float = 60.0,
        store_at_exit_s: float = 2.0,
    ) -> None:
        self._answerer, self._history, self._clock, self.logs = answerer, history, clock, logs
        self._resume_window_s, self._checkpoint_s = resume_window_s, checkpoint_s
        self._store_for_s, self._store_at_exit_s = store_for_s, store_at_exit_s
        self._runs: dict[str, Run] = {}
        turns = Turns(most=max_runs, each=max_runs_each, waiting=max_queued, wait_s=max_wait_s)
        self._line = Line(turns)
        self._drained = False
        self.ended: Counter[tuple[str]] = Counter()
        """Runs that ended here, by how."""

    @property
    def running(self) -> int:
        """How many runs are being answered or stored."""
        return sum(bool(run.pending) for run in self._runs.values())

    @property
    def unended(self) -> list[str]:
        """The runs whose end is not stored yet."""
        return [run_id for run_id, run in self._runs.items() if run.pending]

    @property
    def queued(self) -> int:
        """How many runs wait for their turn."""
        return self._line.turns.waiting

    @property
    def refused(self) -> int:
        """How many questions were not taken, for there was too much to do."""
        return self._line.turns.refused

    @property
    def window(self) -> int:
        """How many runs may be on their way to the first word of their answer at the same time."""
        return self._line.turns.window.size

    def room(self) -> AbstractContextManager[None]:
        """Hold a place for a question that is being stored.

        Raises
        ------
        OverloadedError
            When so many runs wait, or for so long, that no question is taken.
        """
        return self._line.room()

    def start(self, visitor_id: str, stored: Stored, frame: MessageCreate, *, fresh: bool = False) -> None:
        """Start the run of a stored question; one that is live already is left alone.

        ``fresh``: not with an answer that somebody was given before.
        """
        if stored.run_id in self._runs:
            return
        transcript = Transcript(stored.conversation_id, stored.run_id, stored.answer_id)
        run = Run(visitor_id, transcript, self.logs.open(stored.run_id))
        request = AnswerRequest(
            messages=list(stored.history),
            filters=frame.filters,
            context=frame.context,
            stream=True,
            fresh=fresh,
        )
        self._runs[stored.run_id] = run
        run.answering = spawn(self._answer(run, request), name=f"answer {stored.run_id}")
        run.task = spawn(self._perform(run, run.answering), name=f"run {stored.run_id}")
        if self._drained:
            self.stop(run, "incomplete")

    def find(self, visitor_id: str, run_id: str) -> Run | None:
        """Return a visitor's run that is live here, or None."""
        run = self._runs.get(run_id)
        mine = run is not None and run.visitor_id == visitor_id and not run.log.gone
        return run if mine else None

    def stop(self, run: Run, status: Status) -> None:
        """Stop ``run`` as ``status``; what was said so far is kept. Does nothing once it is ending."""
        if run.stopped_as is None and run.transcript.status is None and run.answering is not None:
            run.stopped_as = status
            run.answering.cancel()

    def discard(self, visitor_id: str, conversation_id: str | None = None) -> None:
        """Stop a visitor's runs, of one conversation or all; whoever follows one is told its end.

        Nobody finds them again.
        """
        for run in list(self._runs.values()):
            if run.visitor_id == visitor_id and conversation_id in (None, run.transcript.conversation_id):
                run.log.gone = True
                self.stop(run, "cancelled")
                if not run.pending:
                    self._forget(run)

    def attend(self, asked: Sequence[str], states: Sequence[RunState]) -> None:
        """Do what the store says of the runs ``asked`` for: another replica may stop, end or delete them."""
        stored = {state.run_id: state for state in states}
        for run in [self._runs[run_id] for run_id in asked if run_id in self._runs]:
            state = stored.get(run.transcript.run_id)
            if state is None:
                run.log.gone = True
            elif state.status == "running" and not state.stop_requested:
                continue
            gone = state is not None and state.status != "running"
            self.stop(run, "incomplete" if gone else "cancelled")

    async def drain(self, seconds: float) -> None:
        """Give running runs ``seconds`` to end, then end the others as incomplete."""
        await self._settle(seconds)
        self._drained = True
        for run in self._runs.values():
            self.stop(run, "incomplete")
        await self._settle(self._store_at_exit_s)
        # The database is away: the next start ends these runs in the store.
        for task in self._pending():
            await cancel(task)

    async def _settle(self, seconds: float) -> None:
        if tasks := self._pending():
            await asyncio.wait(tasks, timeout=seconds)

    def _pending(self) -> list[asyncio.Task[None]]:
        return [task for run in self._runs.values() for task in run.pending]

    async def _answer(self, run: Run, request: AnswerRequest) -> None:
        def queued(position: int) -> None:
            run.tell([run.transcript.queue(position, now=self._clock())])

        with span("run", {"carrel.run_id": run.transcript.run_id}) as one:
            async with self._line.turn(run.visitor_id, run.transcript.run_id, tell=queued) as turn:
                await self._answer_now(run, request, turn)
            one.note({"carrel.status": run.transcript.status or "incomplete"})

    async def _answer_now(self, run: Run, request: AnswerRequest, turn: Turn) -> None:
        has_begun = False
        try:
            async with contextlib.aclosing(self._answerer.answer(request, crowded=turn.crowded)) as events:  # type: ignore[type-var]  # a generator, typed as an iterator
                async for event in events:
                    if not has_begun:
                        has_begun = True
                        turn.begun()
                    frame = run.transcript.tell(event, now=self._clock())
                    if frame is None:
                        return
                    run.tell([frame])
                    if len(run.transcript.content) - run.saved >= _CHECKPOINT_CHARS:
                        run.grown.set()
        except CarrelError as error:
            run.transcript.stop("failed", error=error)
        except Exception:
            _log.exception("run %s failed", run.transcript.run_id)
            run.transcript.stop("failed", error=InternalError())

    async def _perform(self, run: Run, answering: asyncio.Task[None]) -> None:
        saver = spawn(self._checkpoints(run), name="checkpoints")
        try:
            await asyncio.wait([answering])
        finally:
            await cancel(saver)
        run.transcript.stop(run.stopped_as or "incomplete")
        await self._end(run)

    async def _end(self, run: Run) -> None:
        transcript, loop = run.transcript, asyncio.get_running_loop()
        run.tell(transcript.close(now=self._clock()))
        run.storing = spawn(self._store(transcript), name=f"store {transcript.run_id}")
        done, _ = await asyncio.wait([run.storing], timeout=self._store_for_s)
        if not done:
            _log.error("run %s: it is told to be over before it is stored", transcript.run_id)
        status = transcript.status or "incomplete"
        self.ended[status,] += 1
        _log.info("a run ended", extra={"fields": {"run_id": transcript.run_id, "status": status}})
        run.tell([transcript.end(now=self._clock())])
        run.log.end()
        run.storing.add_done_callback(
            lambda _: loop.call_later(0 if run.log.gone else self._resume_window_s, self._forget, run)
        )

    async def _store(self, transcript: Transcript) -> None:
        """Store the answer however long it takes: a run left open would block its conversation."""
        lost = False
        while True:
            try:
                transcript.stored(await self._history.end_run(_ending(transcript)))
            except CarrelError:
                await asyncio.sleep(_STORE_RETRY_S)
            except Exception:
                _log.exception("run %s: its answer cannot be stored", transcript.run_id)
                if lost:
                    return
                lost = True
                transcript.lose(InternalError())
            else:
                return

    async def _checkpoints(self, run: Run) -> None:
        transcript = run.transcript
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._checkpoint_s):
                    await run.grown.wait()
            run.grown.clear()
            if len(transcript.content) > run.saved:
                run.saved = len(transcript.content)
                with contextlib.suppress(CarrelError):
                    await self._history.checkpoint(
                        transcript.message_id, transcript.content, list(transcript.citations)
                    )

    def _forget(self, run: Run) -> None:
        self._runs.pop(run.transcript.run_id, None)
        self.logs.forget(run.transcript.run_id)


def _ending(transcript: Transcript) -> Ending:
    return Ending(
        run_id=transcript.run_id,
        message_id=transcript.message_id,
        content=transcript.content,
        citations=tuple(transcript.citations),
        status=transcript.status or "incomplete",
        finish_reason=transcript.finish_reason,
        degraded=tuple(transcript.degraded),
        last_sequence=transcript.sequence_number + 1,
        error=transcript.error.model_dump() if transcript.error else None,
    )


def _size(value: Any) -> int:
    """Return about how many bytes ``value`` takes in memory, at most."""
    match value:
        case str():
            return _VALUE_BYTES + len(value) * (1 if value.isascii() else 4)
        case dict():
            return _VALUE_BYTES + sum(_size(entry) for entry in value.values())
        case list():
            return _VALUE_BYTES + sum(_size(entry) for entry in value)
        case _:
            return _VALUE_BYTES
