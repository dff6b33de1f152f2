"""The WebSocket: who is let in, before the upgrade."""

from uuid import uuid4

from fastapi import APIRouter, Response, WebSocket

from chat_ws.routes.access import check_ready, service, visitor
from chat_ws.service import Service
from shared.contracts.chat_ws import SUBPROTOCOL
from shared.errors import CarrelError, InvalidRequestError
from shared.http import operation_id, principal, refuse
from shared.openapi import problem_answer

router = APIRouter(tags=["questions"], generate_unique_id_function=operation_id)


@router.get(
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


@router.websocket("/v1/chat")
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


def _admit(here: Service, subprotocols: list[str]) -> None:
    check_ready(here)
    if subprotocols and SUBPROTOCOL not in subprotocols:
        raise InvalidRequestError(f"Sec-WebSocket-Protocol: offer {SUBPROTOCOL}", status=400)
