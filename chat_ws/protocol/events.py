"""What a connection's machine hears and what it commands, as data.

Pure. An event says what happened and when; a command says what is to be done about it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.chat_ws import MessageCreate, RunRegenerate
from shared.errors import CarrelError

Frame = dict[str, Any]

# Events


@dataclass(frozen=True)
class Opened:
    """The upgrade is done."""

    now: datetime


@dataclass(frozen=True)
class TextReceived:
    """A text frame came."""

    text: str
    now: datetime


@dataclass(frozen=True)
class BinaryReceived:
    """A binary frame came."""

    now: datetime


@dataclass(frozen=True)
class MessageStored:
    """A question is committed; its run goes on wherever it runs."""

    client_message_id: str
    message_id: str
    conversation_id: str
    run_id: str
    duplicate: bool
    now: datetime


@dataclass(frozen=True)
class RequestFailed:
    """What a frame asked for could not be done."""

    error: CarrelError
    client_message_id: str | None
    now: datetime
    run_id: str | None = None
    """Of the run that it was asked of, where it was asked of one."""


@dataclass(frozen=True)
class RunGap:
    """A part of a run that was asked for is no longer kept."""

    conversation_id: str
    run_id: str
    message_id: str
    now: datetime


@dataclass(frozen=True)
class RunTold:
    """A frame of a run that this connection follows, or the end of one it asked to resume."""

    frame: Frame
    now: datetime


@dataclass(frozen=True)
class Silence:
    """Nothing was sent for the heartbeat interval."""

    now: datetime


@dataclass(frozen=True)
class Drain:
    """The process is asked to end: nothing new begins."""

    now: datetime


@dataclass(frozen=True)
class Drained:
    """The time for running answers is over."""

    now: datetime


@dataclass(frozen=True)
class Stalled:
    """The client takes nothing any more."""

    now: datetime


@dataclass(frozen=True)
class Broken:
    """Something went wrong on our side."""

    now: datetime


@dataclass(frozen=True)
class Disconnected:
    """The socket is gone."""

    now: datetime


Event = (
    Opened
    | TextReceived
    | BinaryReceived
    | MessageStored
    | RequestFailed
    | RunGap
    | RunTold
    | Silence
    | Drain
    | Drained
    | Stalled
    | Broken
    | Disconnected
)


# Commands


@dataclass(frozen=True)
class Send:
    """Send this frame, after all earlier ones."""

    frame: Frame


@dataclass(frozen=True)
class Close:
    """Close the socket, after all that was to be sent."""

    code: int
    reason: str


@dataclass(frozen=True)
class StoreMessage:
    """Commit this question, or another answer to one, and start its run; answer with MessageStored or
    RequestFailed.
    """

    frame: MessageCreate | RunRegenerate


@dataclass(frozen=True)
class FollowRun:
    """Tell this run from after a sequence number on; RunTold and RunGap follow, or RequestFailed."""

    run_id: str
    starting_after: int


@dataclass(frozen=True)
class CancelRun:
    """Stop this run; RequestFailed if it is not this visitor's or not running."""

    run_id: str


@dataclass(frozen=True)
class Abandon:
    """Stop following: nobody listens any more. The runs go on."""


Command = Send | Close | StoreMessage | FollowRun | CancelRun | Abandon
