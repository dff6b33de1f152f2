"""What is held on a visitor: taken home, and erased."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from chat_ws.downloads.export import disposition
from chat_ws.downloads.pages import begun
from chat_ws.routes.access import Here, Visitor
from shared.contracts.chat_ws import ConversationExport, Id, VisitorExport
from shared.errors import NotFoundError
from shared.http import operation_id
from shared.openapi import problems

router = APIRouter(tags=["conversations"], generate_unique_id_function=operation_id)

ExportFormat = Literal["json", "markdown"]


def _download(model: type[BaseModel], *more: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string"}} for media_type in more}
    named = {"description": "The name of the file.", "required": True, "schema": {"type": "string"}}
    headers = {"Content-Disposition": named}
    return {200: {"description": "A file", "model": model, "content": content, "headers": headers}}


@router.get(
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


@router.get("/v1/me/export", response_class=StreamingResponse, responses=_download(VisitorExport))
async def export_me(here: Here, visitor_id: Visitor) -> Response:
    """Download everything that is held on this visitor."""
    return _file(await begun(here.downloads.everything(visitor_id)), title="carrel-export", format="json")


@router.delete("/v1/me", status_code=204)
async def erase_me(here: Here, visitor_id: Visitor) -> None:
    """Erase everything that is held on this visitor."""
    await here.conversations.erase(visitor_id)


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
