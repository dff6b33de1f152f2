"""What the chat service takes and answers over HTTP, and the chat protocol's client frames.

The server's run frames are the retriever's run events with the run's ids and numbers added.
"""

import json
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt, TypeAdapter, ValidationError

from shared.contracts.retriever import MAX_MESSAGE_CHARS as MAX_MESSAGE_CHARS
from shared.contracts.retriever import ONLY_KEYS, Citation, Filters, Key, PageContext, RunError, Scalar
from shared.contracts.wire import Answer, Instant, Request, Text, field_path, said_once
from shared.errors import InvalidRequestError

SUBPROTOCOL = "carrel.v1"
TOKEN_SUBPROTOCOL_PREFIX = "carrel.token."  # noqa: S105 - the prefix before a token, not one

MAX_FRAME_BYTES = 128 * 1024
"""Holds the longest message with the longest context, every character escaped."""

Id = Annotated[Text, Field(min_length=1, max_length=64)]


class MessageCreate(Request):
    """Ask; without ``conversation_id`` a new conversation begins."""

    type: Literal["message-create"] = "message-create"
    client_message_id: UUID
    conversation_id: Id | None = None
    # Not bounded here: a message that is too long has an error code of its own.
    content: Annotated[
        Text,
        Field(
            examples=["How often is the wick trimmed?"], json_schema_extra={"minLength": 1, "pattern": r"\S"}
        ),
    ]
    context: PageContext | None = None
    filters: Filters = {}
    options: Annotated[dict[Key, Scalar], Field(max_length=16, json_schema_extra=ONLY_KEYS)] = {}
    """For what is to come: none is known yet."""


class RunCancel(Request):
    """Stop the answer; what was said so far is kept."""

    type: Literal["run-cancel"] = "run-cancel"
    run_id: Id


class RunResume(Request):
    """Replay what was missed after ``starting_after``, then go on live."""

    type: Literal["run-resume"] = "run-resume"
    run_id: Id
    starting_after: Annotated[StrictInt, Field(ge=0, le=2**53)]


class RunRegenerate(Request):
    """Another run for the same user message."""

    type: Literal["run-regenerate"] = "run-regenerate"
    message_id: Id
    client_message_id: UUID


class Ping(Request):
    """Answered by ``pong`` with the same nonce."""

    type: Literal["ping"] = "ping"
    nonce: (
        Annotated[Text, Field(max_length=200)] | Annotated[StrictInt, Field(ge=-(2**53), le=2**53)] | None
    ) = None


ClientFrame = Annotated[
    MessageCreate | RunCancel | RunResume | RunRegenerate | Ping, Field(discriminator="type")
]


FRAME_TYPES = ("message-create", "run-cancel", "run-resume", "run-regenerate", "ping")
_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)


def parse_frame(text: str) -> ClientFrame:
    """Return the client frame that ``text`` holds.

    Raises
    ------
    InvalidRequestError
        Naming the field, when it is not JSON, of no known type, or a field is wrong.
    """
    try:
        frame = _FRAME.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = field_path(first["loc"][1:])
        if first["type"] == "json_invalid":
            raise InvalidRequestError("The frame is not JSON", param="") from None
        if first["type"].startswith("union_tag") or not path:
            known = ", ".join(FRAME_TYPES)
            raise InvalidRequestError(f"type must be one of {known}", param="type") from None
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidRequestError(f"{path}: {reason}"[:500], param=path) from None
    # Valid by now, so neither deep nor with numbers that have no end: safe to be read once more.
    json.loads(text, object_pairs_hook=said_once)
    return frame


class Rename(Request):
    """Give a conversation another title."""

    title: Annotated[Text, Field(min_length=1, max_length=200, pattern=r"\S", examples=["Lamps"])]


Rating = Literal["up", "down"]


class FeedbackGiven(Request):
    """What one thinks of an answer."""

    rating: Rating
    comment: Annotated[
        Annotated[Text, Field(max_length=2_000)] | None, Field(examples=["The second source is outdated."])
    ] = None


class Feedback(Answer):
    """What the visitor thinks of an answer."""

    rating: Rating
    comment: str | None = None
    updated_at: Instant
    """When it last changed."""


class Conversation(Answer):
    """The stored list of messages, without them."""

    id: str
    title: str
    created_at: Instant
    updated_at: Instant
    message_count: int


RunStatus = Literal["running", "completed", "cancelled", "failed", "incomplete"]


class Message(Answer):
    """One user or assistant turn, as stored."""

    id: str
    conversation_id: str
    role: Literal["user", "assistant"]
    content: str
    citations: list[Citation] = []
    created_at: Instant
    run_id: str | None = None
    """The run that made (assistant) or was asked for by (user) this message."""
    question_id: str | None = None
    """Of an assistant message: the user message that it answers; there may be several answers to one."""
    status: RunStatus | None = None
    finish_reason: str | None = None
    degraded: list[str] = []
    feedback: Feedback | None = None
    """Of an assistant message that was rated."""


class ExportedMessage(Message):
    """A message with all that is stored beside it."""

    client_message_id: UUID | None = None
    """The id that the client chose, for a question or for another answer to one."""
    filters: Filters = {}
    """Of a question: what it was asked with."""
    context: PageContext | None = None
    """Of a question: where the visitor was."""
    ended_at: Instant | None = None
    """When the run that made this answer ended."""
    error: RunError | None = None
    """Why that run failed."""


class ConversationExport(Conversation):
    """A conversation with its messages, oldest first."""

    messages: list[ExportedMessage]


class VisitorExport(Answer):
    """Everything that is held on a visitor."""

    visitor_id: str
    exported_at: Instant
    conversations: list[ConversationExport]
    """Newest first."""


class Run(Answer):
    """One attempt to produce an assistant message, as it is stored."""

    id: str
    conversation_id: str
    message_id: str
    """The assistant message."""
    status: RunStatus
    last_sequence_number: int | None
    """Of its ``run-end``; null while it is running, and when its process was killed."""


class Answered(Answer):
    """A question asked over HTTP and its answer, whole."""

    client_message_id: str
    message_id: str
    """The user message."""
    duplicate: bool
    """Whether this question was stored before, under the same ``client_message_id``."""
    run: Run
    message: Message
    """The assistant message."""
    error: RunError | None = None
    """Why the run failed, where it did and that is still known."""
