"""The chat service's HTTP routes and its WebSocket: model in, one call, model out."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Query, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from chat_ws.downloads.export import disposition
from chat_ws.downloads.pages import begun
from chat_ws.protocol.exchange import position
from chat_ws.service import Service
from chat_ws.words import MAX_QUERY_CHARS, terms
from shared import sse
from shared.auth import Principal, Role
from shared.contracts.chat_ws import (
    SUBPROTOCOL,
    Answered,
    Conversation,
    ConversationExport,
    Feedback,
    FeedbackGiven,
    Id,
    Message,
    MessageCreate,
    Rename,
    Run,
    VisitorExport,
)
from shared.contracts.wire import Health, Page, Text
from shared.errors import (
    CarrelError,
    DrainingError,
    ForbiddenError,
    IdempotencyConflictError,
    InvalidRequestError,
    MessageTooLongError,
    NotFoundError,
    OverloadedError,
    RateLimitedError,
    RunActiveError,
    RunNotFoundError,
)
from shared.http import operation_id, principal, refuse
from shared.openapi import events, links, problem_answer, problems

health = APIRouter()
conversations = APIRouter(tags=["conversations"], generate_unique_id_function=operation_id)
questions = APIRouter(tags=["questions"], generate_unique_id_function=operation_id)

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=40, pattern=r"^[0-9]{0,18}$")]

ExportFormat = Literal["json", "markdown"]
Searched = Annotated[Text, Query(max_length=MAX_QUERY_CHARS, examples=["wick_length"])]


def service(connection: HTTPConnection) -> Service:
    """Return the running service."""
    found: Service = connection.app.state.service
    return found


def visitor(who: Annotated[Principal, Depends(principal)]) -> str:
    """Return the id of the visitor (or the owner) who asks."""
    if who.role not in (Role.VISITOR, Role.OWNER) or not who.id:
        raise ForbiddenError("This takes a visitor token")
    return who.id


Here = Annotated[Service, Depends(service)]
Visitor = Annotated[str, Depends(visitor)]
Accept = Annotated[str, Header(include_in_schema=False)]
LastEventId = Annotated[
    str,
    Header(alias="Last-Event-ID", max_length=100, description="The `id` of the last event that came."),
]
_FRAMES = {"content": events(dict[str, Any], "One frame of the chat protocol, as over a WebSocket.")}
_LINKS = links("run_id", "/run/id", "get_run", "get_events", "cancel_run") | links(
    "conversation_id",
    "/run/conversation_id",
    "get_conversation",
    "rename_conversation",
    "delete_conversation",
    "list_messages",
    "export_conversation",
    "ask_further",
)
_LINKS |= links("message_id", "/message/id", "rate_message")
_ANSWERED = {
    200: {
        "description": "The answer, whole; with `Accept: text/event-stream` the run's frames",
        "links": _LINKS,
        **_FRAMES,
    },
    **problems(
        NotFoundError, IdempotencyConflictError, RunActiveError, MessageTooLongError, RateLimitedError
    ),
}


def _download(model: type[BaseModel], *more: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string"}} for media_type in more}
    named = {"description": "The name of the file.", "required": True, "schema": {"type": "string"}}
    headers = {"Content-Disposition": named}
    return {200: {"description": "A file", "model": model, "content": content, "headers": headers}}


@health.get("/health")
async def get_health(here: Here, response: Response) -> Health:
    report = await here.health.report()
    response.status_code = 503 if report.status == "down" else 200
    return report


@health.get("/health/live")
async def get_live() -> dict[str, str]:
    return {"status": "ok"}


@health.get("/health/ready")
async def get_ready(here: Here, response: Response) -> Health:
    report = await here.health.report()
    response.status_code = 200 if report.status != "down" and not here.health.draining else 503
    return report


@conversations.get("/v1/conversations")
async def list_conversations(
    here: Here, visitor_id: Visitor, limit: Limit = 20, cursor: Cursor = "", q: Searched = ""
) -> Page[Conversation]:
    """List one's own conversations, newest first; with `q` those that hold its words.

    A conversation is found when all words stand in its title, or all in one of its messages, whole or as
    the beginning of a word, in any case.
    """
    items, following = await here.history.list_conversations(
        visitor_id, limit=limit, before=_position(cursor), terms=terms(q) if q.strip() else None
    )
    return Page(items=items, next_cursor=_cursor(following))


@conversations.get("/v1/conversations/{conversation_id}", responses=problems(NotFoundError))
async def get_conversation(here: Here, visitor_id: Visitor, conversation_id: Id) -> Conversation:
    """Read one conversation, without its messages."""
    return await here.history.get_conversation(visitor_id, conversation_id)


@conversations.patch("/v1/conversations/{conversation_id}", responses=problems(NotFoundError))
async def rename_conversation(
    here: Here, visitor_id: Visitor, conversation_id: Id, body: Rename
) -> Conversation:
    """Give a conversation another title."""
    return await here.history.rename_conversation(visitor_id, conversation_id, body.title)


@conversations.delete(
    "/v1/conversations/{conversation_id}", status_code=204, responses=problems(NotFoundError)
)
async def delete_conversation(here: Here, visitor_id: Visitor, conversation_id: Id) -> None:
    """Delete a conversation with its messages; an answer that is being given stops."""
    await here.conversations.delete(visitor_id, conversation_id)


@conversations.delete("/v1/me", status_code=204)
async def erase_me(here: Here, visitor_id: Visitor) -> None:
    """Erase everything that is held on this visitor."""
    await here.conversations.erase(visitor_id)


@conversations.get("/v1/conversations/{conversation_id}/messages", responses=problems(NotFoundError))
async def list_messages(
    here: Here, visitor_id: Visitor, conversation_id: Id, limit: Limit = 50, before: Cursor = ""
) -> Page[Message]:
    """Read a conversation's latest messages, oldest first; ``next_cursor`` leads to earlier ones."""
    items, following = await here.history.list_messages(
        visitor_id, conversation_id, limit=limit, before=_position(before)
    )
    return Page(items=items, next_cursor=_cursor(following))


@conversations.get(
    "/v1/conversations/{conversation_id}/messages/{message_id}", responses=problems(NotFoundError)
)
async def get_message(here: Here, visitor_id: Visitor, conversation_id: Id, message_id: Id) -> Message:
    """Read one message with its citations."""
    return await here.history.get_message(visitor_id, conversation_id, message_id)


@conversations.get(
    "/v1/conversations/{conversation_id}/export",
    response_class=StreamingResponse,
    responses=_download(ConversationExport, "text/markdown") | problems(NotFoundError),
)
async def export_conversation(
    here: Here, visitor_id: Visitor, conversation_id: Id, format: ExportFormat = "json"
) -> Response:
    """Download a conversation with its messages, their citations and where these lead."""
    found = await here.history.get_conversation(visitor_id, conversation_id)
    write = here.downloads.as_json if format == "json" else here.downloads.as_markdown
    pieces = await begun(write(visitor_id, found))
    return _file(pieces, title=found.title, format=format)


@conversations.get("/v1/me/export", response_class=StreamingResponse, responses=_download(VisitorExport))
async def export_me(here: Here, visitor_id: Visitor) -> Response:
    """Download everything that is held on this visitor."""
    return _file(await begun(here.downloads.everything(visitor_id)), title="carrel-export", format="json")


@conversations.put("/v1/messages/{message_id}/feedback", responses=problems(NotFoundError))
async def rate_message(here: Here, visitor_id: Visitor, message_id: Id, body: FeedbackGiven) -> Feedback:
    """Say what one thinks of an answer; it replaces what one thought before."""
    return await here.history.rate_message(visitor_id, message_id, body)


@questions.post("/v1/messages", response_model=Answered, responses=_ANSWERED)
async def ask(
    here: Here, visitor_id: Visitor, body: MessageCreate, accept: Accept = ""
) -> Answered | Response:
    """Ask; a new conversation begins unless the body names one."""
    return await _answer(here, visitor_id, body, accept, conversation_id=None)


@questions.post("/v1/conversations/{conversation_id}/messages", response_model=Answered, responses=_ANSWERED)
async def ask_further(
    here: Here, visitor_id: Visitor, conversation_id: Id, body: MessageCreate, accept: Accept = ""
) -> Answered | Response:
    """Ask in a conversation."""
    return await _answer(here, visitor_id, body, accept, conversation_id=conversation_id)


@questions.get("/v1/runs/{run_id}", responses=problems(RunNotFoundError))
async def get_run(here: Here, visitor_id: Visitor, run_id: Id) -> Run:
    """Read a run's state."""
    return await here.exchange.run(visitor_id, run_id)


@questions.get(
    "/v1/runs/{run_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The run's frames"} | _FRAMES,
        204: {"description": "The run has ended, and Last-Event-ID is its last frame"},
        **problems(RunNotFoundError),
    },
)
async def get_events(
    here: Here, visitor_id: Visitor, run_id: Id, last_event_id: LastEventId = ""
) -> Response:
    """Follow a run from after ``Last-Event-ID``, else from its start."""
    after = position(last_event_id, run_id)
    run = await here.exchange.run(visitor_id, run_id)
    if run.last_sequence_number is not None and after >= run.last_sequence_number:
        # What tells a browser's EventSource not to come again.
        return Response(status_code=204)
    return _stream(here.exchange.follow(visitor_id, run_id, after=after))


@questions.post("/v1/runs/{run_id}/cancel", status_code=202, responses=problems(RunNotFoundError))
async def cancel_run(here: Here, visitor_id: Visitor, run_id: Id) -> Run:
    """Stop a run; what was said so far is kept. One that has ended stays as it is."""
    await here.conversations.cancel(visitor_id, run_id)
    return await here.exchange.run(visitor_id, run_id)


async def _answer(
    here: Service, visitor_id: str, body: MessageCreate, accept: str, *, conversation_id: str | None
) -> Answered | Response:
    _ready(here)
    stored = await here.exchange.ask(visitor_id, body, conversation_id=conversation_id)
    if sse.MEDIA_TYPE in accept:
        return _stream(here.exchange.answer(visitor_id, body, stored))
    return await here.exchange.whole(visitor_id, body, stored)


def _stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(events, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


@questions.get(
    "/v1/chat",
    status_code=101,
    response_class=Response,
    responses={101: {"description": "The WebSocket is open"}, 426: problem_answer("This is a WebSocket")},
)
async def open_chat() -> None:
    """Chat over a WebSocket: see docs/chat-protocol.md.

    Ask for the upgrade, with `Sec-WebSocket-Protocol: carrel.v1`; a browser, which cannot send other
    headers, adds `carrel.token.<token>` there. Frames are JSON.
    """
    raise InvalidRequestError("This is a WebSocket: ask for the upgrade", status=426)


@questions.websocket("/v1/chat")
async def chat(websocket: WebSocket) -> None:
    here = service(websocket)
    try:
        visitor_id = visitor(principal(websocket))
        _admit(here, websocket.scope["subprotocols"])
        here.places.take(visitor_id)
    except CarrelError as error:
        await refuse(error, websocket.scope, websocket.receive, websocket.send)
        return
    try:
        offered = SUBPROTOCOL in websocket.scope["subprotocols"]
        await websocket.accept(subprotocol=SUBPROTOCOL if offered else None)
        await here.serve(websocket, visitor_id, connection_id=f"conn_{uuid4().hex}")
    finally:
        here.places.leave(visitor_id)


def _file(pieces: AsyncIterator[str], *, title: str, format: ExportFormat) -> StreamingResponse:
    extension, media_type = {"json": ("json", "application/json"), "markdown": ("md", "text/markdown")}[
        format
    ]
    headers = {
        "content-disposition": disposition(title, extension=extension),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _ready(here: Service) -> None:
    if here.health.draining:
        raise DrainingError(retry_after_ms=2000)
    if not here.health.prepared:
        raise OverloadedError("The chat service is starting", retry_after_ms=1000)


def _admit(here: Service, subprotocols: list[str]) -> None:
    _ready(here)
    if subprotocols and SUBPROTOCOL not in subprotocols:
        raise InvalidRequestError(f"Sec-WebSocket-Protocol: offer {SUBPROTOCOL}", status=400)


def _position(cursor: str) -> int | None:
    return int(cursor) if cursor else None


def _cursor(position: int | None) -> str | None:
    return None if position is None else str(position)
