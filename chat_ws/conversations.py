"""What a visitor may do with conversations and runs, the same over every transport."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from chat_ws.events import MessageStored
from chat_ws.ports import Clock, History, RunRecord, Stored
from chat_ws.run_log import Frame, Gap
from chat_ws.runs import Runs
from chat_ws.transcript import Transcript
from shared.contracts.chat_ws import MessageCreate, RunRegenerate
from shared.errors import InvalidRequestError, RunNotFoundError


class Conversations:
    """Asks, follows and cancels on behalf of one visitor at a time."""

    def __init__(self, *, history: History, runs: Runs, clock: Clock) -> None:
        self.history, self._runs, self._clock = history, runs, clock
        self.stored: Counter[tuple[str]] = Counter()
        """Questions that were committed, ``new`` or found as ``duplicate``."""

    async def ask(self, visitor_id: str, frame: MessageCreate | RunRegenerate) -> Stored:
        """Commit a question, or that one is to be answered again, and start the run.

        A question stored by an attempt whose commit was never confirmed is found as a duplicate whose run
        nobody runs: it is started now.
        """
        if isinstance(frame, RunRegenerate):
            stored, question = await self.history.regenerate(visitor_id, frame)
        else:
            stored, question = await self.history.create_message(visitor_id, frame), frame
        self.stored["duplicate" if stored.duplicate else "new",] += 1
        if stored.status == "running" and stored.ours:
            self._runs.start(visitor_id, stored, question)
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
        run = self._runs.find(visitor_id, run_id)
        if run is None:
            async with aclosing(self._from_store(visitor_id, run_id, starting_after)) as stored:
                async for told in stored:
                    yield told
            return
        transcript = run.transcript
        async with aclosing(run.log.read(after=starting_after)) as entries:
            async for entry in entries:
                if isinstance(entry, Gap):
                    yield RunRecord(
                        run_id, transcript.conversation_id, transcript.message_id, "running", None
                    )
                else:
                    yield entry

    async def delete(self, visitor_id: str, conversation_id: str) -> None:
        """Delete a conversation with all in it, and stop its run. Raises ``not_found``."""
        await self.history.delete_conversation(visitor_id, conversation_id)
        self._runs.discard(visitor_id, conversation_id)

    async def erase(self, visitor_id: str) -> None:
        """Delete all that is held on a visitor, and stop what runs."""
        await self.history.erase_visitor(visitor_id)
        self._runs.discard(visitor_id)

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

    async def _from_store(
        self, visitor_id: str, run_id: str, starting_after: int
    ) -> AsyncGenerator[Frame | RunRecord]:
        """Tell of a run whose frames are gone: the gap, and its end, owed to whoever has not seen it."""
        record = await self.run(visitor_id, run_id)
        if record.status == "running":
            raise InvalidRequestError(
                "This run is running in another process", retryable=True, param="run_id"
            )
        if record.last_sequence is not None and starting_after >= record.last_sequence:
            return
        yield record
        # After a kill nobody knows how many frames were told; the client does.
        transcript = Transcript(record.conversation_id, run_id, record.message_id)
        transcript.sequence_number = (record.last_sequence or starting_after + 1) - 1
        transcript.stop(record.status)
        yield transcript.end(now=self._clock())


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
