"""Questions over HTTP and their runs: ask, follow, cancel."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from chat_ws.protocol.exchange import position
from chat_ws.routes.access import Here, Visitor, check_ready
from chat_ws.service import Service
from shared import sse
from shared.bodies import OnceRoute
from shared.contracts.chat_ws import Answered, Id, MessageCreate, Run
from shared.errors import (
    IdempotencyConflictError,
    MessageTooLongError,
    NotFoundError,
    RateLimitedError,
    RunActiveError,
    RunNotFoundError,
)
from shared.http import operation_id
from shared.openapi import events, links, problems

router = APIRouter(route_class=OnceRoute, tags=["questions"], generate_unique_id_function=operation_id)

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


@router.post("/v1/messages", response_model=Answered, responses=_ANSWERED)
async def ask(
    here: Here, visitor_id: Visitor, body: MessageCreate, accept: Accept = ""
) -> Answered | Response:
    """Ask; a new conversation begins unless the body names one."""
    return await _answer(here, visitor_id, body, accept, conversation_id=None)


@router.post("/v1/conversations/{conversation_id}/messages", response_model=Answered, responses=_ANSWERED)
async def ask_further(
    here: Here, visitor_id: Visitor, conversation_id: Id, body: MessageCreate, accept: Accept = ""
) -> Answered | Response:
    """Ask in a conversation."""
    return await _answer(here, visitor_id, body, accept, conversation_id=conversation_id)


@router.get("/v1/runs/{run_id}", responses=problems(RunNotFoundError))
async def get_run(here: Here, visitor_id: Visitor, run_id: Id) -> Run:
    """Read a run's state."""
    return await here.exchange.run(visitor_id, run_id)


@router.get(
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


@router.post("/v1/runs/{run_id}/cancel", status_code=202, responses=problems(RunNotFoundError))
async def cancel_run(here: Here, visitor_id: Visitor, run_id: Id) -> Run:
    """Stop a run; what was said so far is kept. One that has ended stays as it is."""
    await here.conversations.cancel(visitor_id, run_id)
    return await here.exchange.run(visitor_id, run_id)


async def _answer(
    here: Service, visitor_id: str, body: MessageCreate, accept: str, *, conversation_id: str | None
) -> Answered | Response:
    check_ready(here)
    stored = await here.exchange.ask(visitor_id, body, conversation_id=conversation_id)
    if sse.MEDIA_TYPE in accept:
        return _stream(here.exchange.answer(visitor_id, body, stored))
    return await here.exchange.whole(visitor_id, body, stored)


def _stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(events, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
