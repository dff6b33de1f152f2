"""The chat protocol of one connection, as a machine: events in, commands out.

Pure (sans-IO): it opens no socket, starts no task, reads no clock; ids and times arrive as data. Every rule
of the protocol that can be decided from what a connection has seen stands here, the transitions in
:data:`TABLE`. Who carries the commands out is :mod:`chat_ws.protocol.connection`.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from chat_ws.protocol.events import (
    Abandon,
    BinaryReceived,
    Broken,
    CancelRun,
    Close,
    Command,
    Disconnected,
    Drain,
    Drained,
    Event,
    FollowRun,
    Frame,
    MessageStored,
    Opened,
    RequestFailed,
    RunGap,
    RunTold,
    Send,
    Silence,
    Stalled,
    StoreMessage,
    TextReceived,
)
from shared.contracts.chat_ws import (
    MessageCreate,
    Ping,
    RunCancel,
    RunRegenerate,
    RunResume,
    parse_frame,
)
from shared.contracts.wire import timestamp
from shared.errors import (
    CarrelError,
    DrainingError,
    InvalidRequestError,
    MessageTooLongError,
    RateLimitedError,
)

MAX_BAD_FRAMES = 20
_MINUTE = timedelta(minutes=1)


class State(StrEnum):
    """Where a connection stands."""

    OPEN = "open"
    DRAINING = "draining"
    CLOSED = "closed"


@dataclass(frozen=True)
class Limits:
    """What a connection is held to; told to the client in ``connection-ready``."""

    max_message_chars: int
    max_frame_bytes: int
    messages_per_minute: int | None
    """None lifts the limit."""
    heartbeat_interval_ms: int
    resume_window_ms: int


@dataclass
class Admission:
    """Which questions are taken: one WebSocket's, or those that one visitor asks over HTTP.

    Another answer to a question counts as a question.
    """

    limits: Limits
    _times: deque[datetime] = field(default_factory=deque)

    def check(self, frame: MessageCreate | RunRegenerate, now: datetime) -> None:
        """Take ``frame`` into account.

        Raises
        ------
        MessageTooLongError, InvalidRequestError, RateLimitedError
            When it is not taken; only what is taken counts towards the rate.
        """
        limits = self.limits
        if isinstance(frame, MessageCreate):
            _check_content(frame.content, limits.max_message_chars)
        if limits.messages_per_minute is not None:
            _forget_before(self._times, now - _MINUTE)
            if len(self._times) >= limits.messages_per_minute:
                wait = self._times[0] + _MINUTE - now
                raise RateLimitedError(retry_after_ms=max(1, int(wait / timedelta(milliseconds=1))))
            self._times.append(now)


def _check_content(content: str, most: int) -> None:
    if len(content) > most:
        detail = f"content has {len(content)} characters; at most {most} are taken"
        raise MessageTooLongError(detail, param="content")
    if not content.strip():
        raise InvalidRequestError("content is empty", param="content")


@dataclass
class Protocol:
    """One connection's side of the protocol."""

    connection_id: str
    visitor_id: str
    request_id: str
    """Of the handshake; told with every error, to find its log lines."""
    limits: Limits
    state: State = State.OPEN
    _bad_frames: deque[datetime] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._admission = Admission(self.limits)

    def handle(self, event: Event) -> list[Command]:
        """Take ``event`` and return what is to be done, in this order."""
        transition = TABLE.get((self.state, type(event)))
        return [] if transition is None else transition(self, event)


def ack_frame(event: MessageStored) -> Frame:
    """Return the ``message-ack`` of a question that is committed."""
    return {
        "type": "message-ack",
        "client_message_id": event.client_message_id,
        "message_id": event.message_id,
        "conversation_id": event.conversation_id,
        "run_id": event.run_id,
        "duplicate": event.duplicate,
        "created_at": timestamp(event.now),
    }


def gap_frame(event: RunGap) -> Frame:
    """Return the ``resume-gap`` in the place of frames that are no longer kept."""
    return {
        "type": "resume-gap",
        "conversation_id": event.conversation_id,
        "run_id": event.run_id,
        "message_id": event.message_id,
        "created_at": timestamp(event.now),
    }


def _ready(core: Protocol, event: Any) -> list[Command]:
    limits = core.limits
    told = {"max_message_chars": limits.max_message_chars, "max_frame_bytes": limits.max_frame_bytes}
    if limits.messages_per_minute is not None:
        told["messages_per_minute"] = limits.messages_per_minute
    return [
        Send(
            {
                "type": "connection-ready",
                "protocol": 1,
                "connection_id": core.connection_id,
                "visitor_id": core.visitor_id,
                "heartbeat_interval_ms": limits.heartbeat_interval_ms,
                "resume_window_ms": limits.resume_window_ms,
                "limits": told,
                "created_at": timestamp(event.now),
            }
        )
    ]


def _text(core: Protocol, event: Any) -> list[Command]:
    try:
        frame = parse_frame(event.text)
    except InvalidRequestError as error:
        return _bad(core, error, event.now)
    match frame:
        case Ping():
            return [Send({"type": "pong"} | ({} if frame.nonce is None else {"nonce": frame.nonce}))]
        case RunResume():
            return [FollowRun(frame.run_id, frame.starting_after)]
        case RunCancel():
            return [CancelRun(frame.run_id)]
        case MessageCreate() | RunRegenerate():
            return _message(core, frame, event.now)
        case _:
            assert_never(frame)


def _message(core: Protocol, frame: MessageCreate | RunRegenerate, now: datetime) -> list[Command]:
    cmid = str(frame.client_message_id)
    if core.state is State.DRAINING:
        return [_error(core, DrainingError(retry_after_ms=2000), now, cmid)]
    try:
        core._admission.check(frame, now)
    except CarrelError as error:
        return [_error(core, error, now, cmid)]
    return [StoreMessage(frame)]


def _bad(core: Protocol, error: InvalidRequestError, now: datetime) -> list[Command]:
    _forget_before(core._bad_frames, now - _MINUTE)
    core._bad_frames.append(now)
    commands: list[Command] = [_error(core, error, now)]
    if len(core._bad_frames) > MAX_BAD_FRAMES:
        core.state = State.CLOSED
        commands += [Abandon(), Close(1008, "too many bad frames")]
    return commands


def _binary(core: Protocol, _event: Any) -> list[Command]:
    return _close(core, 1003, "text frames only")


def _stored(_core: Protocol, event: Any) -> list[Command]:
    ack = ack_frame(event)
    # A resent question is not told again by itself: the client knows what it has, and resumes from there.
    return [Send(ack)] if event.duplicate else [Send(ack), FollowRun(event.run_id, 0)]


def _failed(core: Protocol, event: Any) -> list[Command]:
    told = _error(core, event.error, event.now, event.client_message_id)
    return [told if event.run_id is None else Send(told.frame | {"run_id": event.run_id})]


def _gap(_core: Protocol, event: Any) -> list[Command]:
    return [Send(gap_frame(event))]


def _told(_core: Protocol, event: Any) -> list[Command]:
    return [Send(event.frame)]


def _silence(_core: Protocol, event: Any) -> list[Command]:
    return [Send({"type": "heartbeat", "created_at": timestamp(event.now)})]


def _drain(core: Protocol, _event: Any) -> list[Command]:
    core.state = State.DRAINING
    return []


def _drained(core: Protocol, _event: Any) -> list[Command]:
    return _close(core, 1012, "restarting")


def _stalled(core: Protocol, _event: Any) -> list[Command]:
    return _close(core, 1013, "too slow; resume later")


def _broken(core: Protocol, _event: Any) -> list[Command]:
    return _close(core, 1011, "something went wrong on our side")


def _disconnected(core: Protocol, _event: Any) -> list[Command]:
    core.state = State.CLOSED
    return [Abandon()]


def _close(core: Protocol, code: int, reason: str) -> list[Command]:
    core.state = State.CLOSED
    return [Abandon(), Close(code, reason)]


def _error(core: Protocol, error: CarrelError, now: datetime, client_message_id: str | None = None) -> Send:
    frame = error_frame(error, request_id=core.request_id, now=now)
    if client_message_id is not None:
        frame["client_message_id"] = client_message_id
    return Send(frame)


def error_frame(error: CarrelError, *, request_id: str, now: datetime) -> Frame:
    """Return the ``error`` frame that tells of ``error``."""
    frame: Frame = {
        "type": "error",
        "code": error.code,
        "message": error.detail,
        "retryable": error.retryable,
        "request_id": request_id,
        "created_at": timestamp(now),
    }
    if error.param:
        frame["param"] = error.param
    if error.retry_after_ms is not None:
        frame["retry_after_ms"] = error.retry_after_ms
    return frame


def _forget_before(times: deque[datetime], limit: datetime) -> None:
    while times and times[0] <= limit:
        times.popleft()


Transition = Callable[[Protocol, Any], list[Command]]

_ALIVE: Mapping[type[Any], Transition] = {
    TextReceived: _text,
    BinaryReceived: _binary,
    MessageStored: _stored,
    RequestFailed: _failed,
    RunGap: _gap,
    RunTold: _told,
    Silence: _silence,
    Drained: _drained,
    Stalled: _stalled,
    Broken: _broken,
    Disconnected: _disconnected,
}

TABLE: Mapping[tuple[State, type[Any]], Transition] = {
    (State.OPEN, Opened): _ready,
    (State.OPEN, Drain): _drain,
    (State.DRAINING, Opened): _ready,
    **{(State.OPEN, event): transition for event, transition in _ALIVE.items()},
    **{(State.DRAINING, event): transition for event, transition in _ALIVE.items()},
}
"""What an event does in a state. What stands not here does nothing: a closed connection hears nothing."""
