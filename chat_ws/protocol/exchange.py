"""Questions over HTTP: the same rules, the same frames as over a WebSocket, one answer per request.

Owns who asked how often over HTTP, and a run's frames as server-sent events. Decides nothing about a run:
a stream that is lost cancels nothing.
"""

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chat_ws.conversations import Conversations, message_stored
from chat_ws.ports import Clock, RunRecord, Stored
from chat_ws.protocol.events import Frame, RunGap
from chat_ws.protocol.machine import Admission, Limits, ack_frame, error_frame, gap_frame
from shared import sse
from shared.contracts.chat_ws import Answered, MessageCreate, Run
from shared.contracts.retriever import RunError
from shared.errors import CarrelError, InternalError, InvalidRequestError
from shared.logging import request_id
from shared.tasks import beating

MAX_VISITORS = 10_000
"""Visitors whose rate is remembered; past them those who asked longest ago begin anew."""
_log = logging.getLogger(__name__)


class Exchange:
    """Asks and follows over HTTP on behalf of one visitor at a time."""

    def __init__(self, conversations: Conversations, limits: Limits, *, clock: Clock) -> None:
        self._conversations, self._limits, self._clock = conversations, limits, clock
        self._admissions: OrderedDict[str, Admission] = OrderedDict()

    async def ask(self, visitor_id: str, frame: MessageCreate, *, conversation_id: str | None) -> Stored:
        """Commit a question to the conversation that the path names, or the frame, or a new one."""
        if conversation_id is not None:
            if frame.conversation_id not in (None, conversation_id):
                detail = "conversation_id differs from the path's"
                raise InvalidRequestError(detail, param="conversation_id")
            frame = frame.model_copy(update={"conversation_id": conversation_id})
        self._admission(visitor_id).check(frame, self._clock())
        return await self._conversations.ask(visitor_id, frame)

    async def whole(self, visitor_id: str, frame: MessageCreate, stored: Stored) -> Answered:
        """Return the answer once its run has ended."""
        error: RunError | None = None
        async with aclosing(self._frames(visitor_id, stored.run_id, after=0)) as frames:
            async for told in frames:
                if told["type"] == "run-end" and "error" in told:
                    error = RunError.model_validate(told["error"])
        history = self._conversations.history
        return Answered(
            client_message_id=str(frame.client_message_id),
            message_id=stored.message_id,
            duplicate=stored.duplicate,
            run=await self.run(visitor_id, stored.run_id),
            message=await history.get_message(visitor_id, stored.conversation_id, stored.answer_id),
            error=error,
        )

    async def run(self, visitor_id: str, run_id: str) -> Run:
        """Return a run as it is stored; raises ``run_not_found``."""
        record = await self._conversations.run(visitor_id, run_id)
        return Run(
            id=record.run_id,
            conversation_id=record.conversation_id,
            message_id=record.message_id,
            status=record.status,
            last_sequence_number=record.last_sequence,
        )

    async def answer(self, visitor_id: str, frame: MessageCreate, stored: Stored) -> AsyncGenerator[bytes]:
        """Yield the acknowledgement and the run as server-sent events, a resent question's from its start."""
        yield _event(ack_frame(message_stored(frame, stored, now=self._clock())))
        async with aclosing(self.follow(visitor_id, stored.run_id, after=0)) as events:
            async for event in events:
                yield event

    async def follow(self, visitor_id: str, run_id: str, *, after: int) -> AsyncGenerator[bytes]:
        """Yield a run's frames after a number, then live, as server-sent events with signs of life."""
        interval_s = self._limits.heartbeat_interval_ms / 1000
        told = self._told(visitor_id, run_id, after=after)
        async with aclosing(beating(told, interval_s=interval_s)) as frames:
            async for frame in frames:
                yield sse.COMMENT if frame is None else _event(frame)

    async def _told(self, visitor_id: str, run_id: str, *, after: int) -> AsyncGenerator[Frame]:
        """Yield what :meth:`_frames` does; a stream has begun, so what goes wrong is a frame of it."""
        try:
            async with aclosing(self._frames(visitor_id, run_id, after=after)) as frames:
                async for frame in frames:
                    yield frame
        except Exception as error:
            if not isinstance(error, CarrelError):
                _log.exception("run %s could not be told", run_id)
            known = error if isinstance(error, CarrelError) else InternalError()
            yield error_frame(known, request_id=request_id.get(), now=self._clock())

    async def _frames(self, visitor_id: str, run_id: str, *, after: int) -> AsyncGenerator[Frame]:
        told = self._conversations.follow(visitor_id, run_id, starting_after=after)
        async with aclosing(told) as entries:
            async for entry in entries:
                if isinstance(entry, RunRecord):
                    gap = RunGap(entry.conversation_id, run_id, entry.message_id, self._clock())
                    yield gap_frame(gap)
                else:
                    yield entry

    def _admission(self, visitor_id: str) -> Admission:
        admission = self._admissions.setdefault(visitor_id, Admission(self._limits))
        self._admissions.move_to_end(visitor_id)
        while len(self._admissions) > MAX_VISITORS:
            self._admissions.popitem(last=False)
        return admission


def position(last_event_id: str, run_id: str) -> int:
    """Return the number of the frame a client had last, from its ``Last-Event-ID``; 0 without one.

    Raises
    ------
    InvalidRequestError
        When it is not of this run.
    """
    if not last_event_id:
        return 0
    of, _, number = last_event_id.rpartition(":")
    if of != run_id or not (number.isascii() and number.isdecimal() and len(number) <= 15):
        raise InvalidRequestError(f"Last-Event-ID must be {run_id}:<number>", param="Last-Event-ID")
    return int(number)


def _event(frame: Frame) -> bytes:
    # The acknowledgement is before the first frame of its run; a gap leaves the position as it was.
    number = frame.get("sequence_number", 0)
    known = frame["type"] == "message-ack" or number > 0
    return sse.encode(frame, type=frame["type"], id=f"{frame['run_id']}:{number}" if known else "")
