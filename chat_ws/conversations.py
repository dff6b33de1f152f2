"""What a visitor may do with conversations and runs, the same over every transport."""

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

from chat_ws.ports import Clock, History, RunRecord, Stored
from chat_ws.protocol.events import MessageStored
from chat_ws.run_logs.log import Frame, Gap
from chat_ws.runs.live import Run, Runs
from chat_ws.runs.transcript import Transcript
from shared.contracts.chat_ws import MessageCreate, RunRegenerate
from shared.errors import OverloadedError, RunNotFoundError, UpstreamUnavailableError
from shared.tasks import beating

SILENCE_S = 2.0
"""A run of another replica that says nothing for so long is looked up: it may have ended unheard."""

FRESH = timedelta(seconds=10)
"""A run that ended so short ago may be told whole soon, also where nothing of it can be read now."""


class Conversations:
    """Asks, follows and cancels on behalf of one visitor at a time."""

    def __init__(self, *, history: History, runs: Runs, clock: Clock, silence_s: float = SILENCE_S) -> None:
        self.history, self._runs, self._clock, self._silence_s = history, runs, clock, silence_s
        self.stored: Counter[tuple[str]] = Counter()
        """Questions that were committed, ``new`` or found as ``duplicate``."""

    async def ask(self, visitor_id: str, frame: MessageCreate | RunRegenerate) -> Stored:
        """Commit a question, or that one is to be answered again, and start the run.

        A question stored by an attempt whose commit was never confirmed is found as a duplicate whose run
        nobody runs: it is started now. While too many wait to be answered nothing is taken: ``overloaded``.
        """
        with self._runs.room():
            if isinstance(frame, RunRegenerate):
                stored, question = await self.history.regenerate(visitor_id, frame)
            else:
                stored, question = await self.history.create_message(visitor_id, frame), frame
            self.stored["duplicate" if stored.duplicate else "new",] += 1
            if stored.status == "running" and stored.ours:
                # Who asks for another answer is not given the same one.
                self._runs.start(visitor_id, stored, question, fresh=isinstance(frame, RunRegenerate))
        return stored

    async def follow(
        self, visitor_id: str, run_id: str, *, starting_after: int
    ) -> AsyncGenerator[Frame | RunRecord]:
        """Yield a run's frames after a number, then live; a :class:`RunRecord` stands for a gap.

        Raises
        ------
        RunNotFoundError
            When this visitor has no such run.
        """
        position = starting_after
        async with aclosing(self._kept(visitor_id, run_id, starting_after)) as entries:
            async for entry in entries:
                yield entry
                if isinstance(entry, dict):
                    position = entry["sequence_number"]
                    if entry["type"] == "run-end":
                        return
        for told in self._from_store(await self.run(visitor_id, run_id), position):
            yield told

    async def delete(self, visitor_id: str, conversation_id: str) -> None:
        """Delete a conversation with all in it, and stop its run. Raises ``not_found``."""
        run_ids = await self.history.delete_conversation(visitor_id, conversation_id)
        self._runs.discard(visitor_id, conversation_id)
        await self._gone(run_ids)

    async def erase(self, visitor_id: str) -> None:
        """Delete all that is held on a visitor, and stop what runs."""
        run_ids = await self.history.erase_visitor(visitor_id)
        self._runs.discard(visitor_id)
        await self._gone(run_ids)

    async def _gone(self, run_ids: Sequence[str]) -> None:
        await self._runs.logs.discard(run_ids)
        await self._runs.logs.hurry()

    async def run(self, visitor_id: str, run_id: str) -> RunRecord:
        """Return a run as it is stored. Raises ``run_not_found``."""
        record = await self.history.find_run(visitor_id, run_id)
        if record is None:
            raise RunNotFoundError(param="run_id")
        return record

    async def cancel(self, visitor_id: str, run_id: str) -> None:
        """Stop a run, wherever it runs; one that has ended stays as it is. Raises ``run_not_found``."""
        run = self._runs.find(visitor_id, run_id)
        if run is not None:
            self._runs.stop(run, "cancelled")
        elif (await self.run(visitor_id, run_id)).status == "running":
            await self.history.request_stop(visitor_id, run_id)
            await self._runs.logs.hurry()

    async def _kept(self, visitor_id: str, run_id: str, after: int) -> AsyncGenerator[Frame | RunRecord]:
        """Yield what is kept of a run's frames, then while it runs those to come; perhaps not to its end."""
        run = self._runs.find(visitor_id, run_id)
        if run is not None:
            entries, record = run.log.read(after=after), _record(run)
        else:
            record = await self.run(visitor_id, run_id)
            entries = self._shared(visitor_id, record, after)
        async with aclosing(entries):
            async for entry in entries:
                yield record if isinstance(entry, Gap) else entry

    async def _shared(self, visitor_id: str, record: RunRecord, after: int) -> AsyncGenerator[Frame | Gap]:
        """Yield the frames of a run that is not live here, until it has ended where it is."""
        logs, position = self._runs.logs, after
        on_their_way = logs.shared and self._is_fresh(record)
        if record.status == "running" or on_their_way:
            live = beating(logs.read(record.run_id, after=after), interval_s=self._silence_s)
            async with aclosing(live) as entries:
                async for entry in entries:
                    if entry is not None:
                        position = entry["sequence_number"] if isinstance(entry, dict) else position
                        yield entry
                    elif on_their_way:
                        break
                    else:
                        on_their_way = not await self._runs_on(visitor_id, record.run_id)
        # Its frames may be out of reach by now: its end is stored.
        with contextlib.suppress(UpstreamUnavailableError):
            async with aclosing(logs.read(record.run_id, after=position, live=False)) as rest:
                async for entry in rest:
                    yield entry

    def _is_fresh(self, record: RunRecord) -> bool:
        """Say whether a run's last frames may still be on their way: its end is stored before it is told.

        Not of one that another replica ended: nobody tells more of it.
        """
        if record.last_sequence is None or record.ended_at is None:
            return False
        return self._clock() - record.ended_at < FRESH

    async def _runs_on(self, visitor_id: str, run_id: str) -> bool:
        """Say whether a silent run still runs, as far as is known: its replica may be gone, or Redis."""
        try:
            return (await self.run(visitor_id, run_id)).status == "running"
        except OverloadedError:
            return True

    def _from_store(self, record: RunRecord, position: int) -> Iterator[Frame | RunRecord]:
        """Tell of a run whose frames are gone: the gap, and its end, owed to whoever has not seen it."""
        if record.status == "running" or (record.last_sequence or position + 1) <= position:
            return
        yield record
        # After a kill nobody knows how many frames were told; the client does.
        transcript = Transcript(record.conversation_id, record.run_id, record.message_id)
        transcript.sequence_number = (record.last_sequence or position + 1) - 1
        transcript.stop(record.status)
        yield transcript.end(now=self._clock())


def _record(run: Run) -> RunRecord:
    told = run.transcript
    return RunRecord(told.run_id, told.conversation_id, told.message_id, "running", None)


def message_stored(frame: MessageCreate | RunRegenerate, stored: Stored, *, now: datetime) -> MessageStored:
    """Return the event that acknowledges ``frame``, whichever transport it came on."""
    return MessageStored(
        client_message_id=str(frame.client_message_id),
        message_id=stored.message_id,
        conversation_id=stored.conversation_id,
        run_id=stored.run_id,
        duplicate=stored.duplicate,
        now=now,
    )
