"""The chat service's HTTP routes and its WebSocket: model in, one call, model out."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Response, WebSocket
from starlette.requests import HTTPConnection

from chat_ws.service import Service
from shared.auth import Principal, Role
from shared.contracts.chat_ws import SUBPROTOCOL, Conversation, Id, Message
from shared.contracts.wire import Health, Page
from shared.errors import CarrelError, DrainingError, ForbiddenError, InvalidRequestError, OverloadedError
from shared.http import principal, refuse

health = APIRouter()
router = APIRouter()

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=40, pattern=r"^[0-9]{0,18}$")]


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
    response.status_code = 200 if report.status == "ok" and not here.health.draining else 503
    return report


@router.get("/v1/conversations")
async def list_conversations(
    here: Here, visitor_id: Visitor, limit: Limit = 20, cursor: Cursor = ""
) -> Page[Conversation]:
    """List one's own conversations, newest first."""
    items, following = await here.history.list_conversations(
        visitor_id, limit=limit, before=_position(cursor)
    )
    return Page(items=items, next_cursor=_cursor(following))


@router.get("/v1/conversations/{conversation_id}")
async def get_conversation(here: Here, visitor_id: Visitor, conversation_id: Id) -> Conversation:
    """Read one conversation, without its messages."""
    return await here.history.get_conversation(visitor_id, conversation_id)


@router.get("/v1/conversations/{conversation_id}/messages")
async def list_messages(
    here: Here, visitor_id: Visitor, conversation_id: Id, limit: Limit = 50, before: Cursor = ""
) -> Page[Message]:
    """Read a conversation's latest messages, oldest first; ``next_cursor`` leads to earlier ones."""
    items, following = await here.history.list_messages(
        visitor_id, conversation_id, limit=limit, before=_position(before)
    )
    return Page(items=items, next_cursor=_cursor(following))


@router.get("/v1/conversations/{conversation_id}/messages/{message_id}")
async def get_message(here: Here, visitor_id: Visitor, conversation_id: Id, message_id: Id) -> Message:
    """Read one message with its citations."""
    return await here.history.get_message(visitor_id, conversation_id, message_id)


@router.websocket("/v1/chat")
async def chat(websocket: WebSocket) -> None:
    here = service(websocket)
    try:
        visitor_id = visitor(principal(websocket))
        _admit(here, websocket.scope["subprotocols"])
    except CarrelError as error:
        await refuse(error, websocket.scope, websocket.receive, websocket.send)
        return
    offered = SUBPROTOCOL in websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=SUBPROTOCOL if offered else None)
    await here.serve(websocket, visitor_id, connection_id=f"conn_{uuid4().hex}")


def _admit(here: Service, subprotocols: list[str]) -> None:
    if here.health.draining:
        raise DrainingError(retry_after_ms=2000)
    if not here.health.prepared:
        raise OverloadedError("The chat service is starting", retry_after_ms=1000)
    if subprotocols and SUBPROTOCOL not in subprotocols:
        raise InvalidRequestError(f"Sec-WebSocket-Protocol: offer {SUBPROTOCOL}", status=400)


def _position(cursor: str) -> int | None:
    return int(cursor) if cursor else None


def _cursor(position: int | None) -> str | None:
    return None if position is None else str(position)
