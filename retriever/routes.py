"""The retriever's routes: a model in, one call, a model out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field, TypeAdapter

from retriever.admission import Asker
from retriever.answer import Answers
from retriever.documents.catalogue import Catalogue
from retriever.documents.links import MAX_URL_CHARS
from retriever.documents.submissions import MAX_ID_CHARS, document_id, read_submission
from retriever.generated import reranked
from retriever.grouping import groups
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedModel
from retriever.ingest import Ingest
from retriever.parsers.registry import MAX_TITLE_CHARS, PARSERS
from retriever.search import Search
from shared import sse
from shared.auth import Principal, Role
from shared.bodies import OnceRoute
from shared.contracts.groups import GroupsAnswer, GroupsRequest
from shared.contracts.retriever import (
    CROWDED,
    ONLY_KEYS,
    AnswerRequest,
    Document,
    DocumentSummary,
    GroundedAnswer,
    Key,
    RunEnd,
    RunError,
    RunEvent,
    Scalar,
    SearchAnswer,
    SearchRequest,
    UsageReport,
)
from shared.contracts.wire import Page
from shared.errors import (
    CarrelError,
    ForbiddenError,
    InternalError,
    NotFoundError,
    TooLargeError,
    UnsupportedMediaTypeError,
)
from shared.http import operation_id, owner, principal
from shared.openapi import events, links, problems

_log = logging.getLogger(__name__)
_BODY = {
    "description": "The document itself, in the media type that `Content-Type` says.",
    "content": {
        media_type: {"schema": {"type": "string"} | ({"format": "binary"} if kind.binary else {})}
        for media_type, kind in PARSERS.items()
    },
    "required": True,
}
_ABOUT = {
    "title": ("Its title.", "The keeper's handbook", {"type": "string", "maxLength": MAX_TITLE_CHARS}),
    "url": (
        "Where readers find it.",
        "https://keepers.example/book/ch02-lamps.html",
        {"type": "string", "maxLength": MAX_URL_CHARS, "pattern": "^$|^(https?://[!-~]|/[!-.0-~])[!-~]*$"},
    ),
}
_METADATA = TypeAdapter(Annotated[dict[Key, Scalar | list[Scalar]], Field(json_schema_extra=ONLY_KEYS)])
_ELSE = "Else the header X-Document-{}, percent-encoded."
_SAID = [
    *(
        {
            "name": name,
            "in": "query",
            "description": f"{text} {_ELSE.format(name.title())}",
            "schema": schema,
            "example": example,
        }
        for name, (text, example, schema) in _ABOUT.items()
    ),
    {
        "name": "metadata",
        "in": "query",
        "description": f"What it can be filtered by. {_ELSE.format('Metadata')}",
        "content": {"application/json": {"schema": _METADATA.json_schema(), "example": {"lang": "en"}}},
    },
]
_LINKS = links("id", "/id", "get_document", "delete_document")
_STORED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Replaced", "model": DocumentSummary, "links": _LINKS},
    201: {"description": "Created", "model": DocumentSummary, "links": _LINKS},
    204: {"description": "Unchanged: the same content was there already"},
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer: JSON, or with `stream` or `Accept: text/event-stream` its run events",
        "content": events(RunEvent, "One run event; the stream always ends in `run-end`."),
    }
}
DocumentId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_ID_CHARS,
        description="A name or a path such as `guide/lamps.md`: its slashes stand in the URL as they are.",
        examples=["guide/lamps.md"],
        json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f-\x9f]+$"},
    ),
]


def asking(found: Annotated[Principal, Depends(principal)]) -> Principal:
    """Let in everybody who has a name: a visitor, the owner, a service."""
    if found.role is Role.PUBLIC:
        raise ForbiddenError("This takes a visitor's token or the admin key")
    return found


def service(found: Annotated[Principal, Depends(principal)]) -> Principal:
    """Let in the other services alone."""
    if found.role is not Role.SERVICE:
        raise ForbiddenError("Only the services may do this")
    return found


documents = APIRouter(
    prefix="/v1/documents",
    tags=["documents"],
    dependencies=[Depends(owner)],
    generate_unique_id_function=operation_id,
    route_class=OnceRoute,
)
usage = APIRouter(
    prefix="/v1", tags=["usage"], dependencies=[Depends(owner)], generate_unique_id_function=operation_id
)
inside = APIRouter(
    prefix="/v1", dependencies=[Depends(service)], include_in_schema=False, route_class=OnceRoute
)
"""For the other services alone: no row of the gateway's route table leads here."""
questions = APIRouter(
    prefix="/v1",
    tags=["search"],
    dependencies=[Depends(asking)],
    generate_unique_id_function=operation_id,
    route_class=OnceRoute,
)


def _ingest(request: Request) -> Ingest:
    found: Ingest = request.app.state.ingest
    return found


def _catalogue(request: Request) -> Catalogue:
    found: Catalogue = request.app.state.catalogue
    return found


def _search(request: Request) -> Search:
    found: Search = request.app.state.search
    return found


def _answers(request: Request) -> Answers:
    found: Answers = request.app.state.answers
    return found


WithAnswers = Annotated[Answers, Depends(_answers)]
"""A parameter of a route: what answers questions."""


@documents.put(
    "/{id:path}",
    response_model=DocumentSummary,
    responses=_STORED | problems(TooLargeError, UnsupportedMediaTypeError),
    openapi_extra={"requestBody": _BODY, "parameters": _SAID},
)
async def put_document(
    id: DocumentId, request: Request, ingest: Annotated[Ingest, Depends(_ingest)]
) -> Response:
    """Create or replace a document; answered when it is searchable and durable."""
    name = document_id(id)
    submission = await read_submission(request, limit=request.app.state.settings.max_document_bytes)
    outcome = await ingest.put(name, submission)
    if outcome.kind == "unchanged":
        return Response(status_code=204)
    status = 201 if outcome.kind == "created" else 200
    return JSONResponse(outcome.document.model_dump(mode="json"), status_code=status)


@documents.get("")
async def list_documents(
    catalogue: Annotated[Catalogue, Depends(_catalogue)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Page[DocumentSummary]:
    """List the documents, the newest first."""
    return await catalogue.page(limit=limit, cursor=cursor, q=q)


@documents.get("/{id:path}", responses=problems(NotFoundError))
async def get_document(id: DocumentId, catalogue: Annotated[Catalogue, Depends(_catalogue)]) -> Document:
    """Read a document with its chunks."""
    return await catalogue.read(document_id(id))


@documents.delete("/{id:path}", status_code=204, responses=problems(NotFoundError))
async def delete_document(id: DocumentId, ingest: Annotated[Ingest, Depends(_ingest)]) -> None:
    """Remove a document."""
    await ingest.delete(document_id(id))


@usage.get("/usage")
async def read_usage(request: Request) -> UsageReport:
    """Tell what this month's paid calls come to, and what is left."""
    budget: Budget = request.app.state.budget
    return budget.report()


@questions.post("/search")
async def search(
    body: SearchRequest, request: Request, search: Annotated[Search, Depends(_search)]
) -> SearchAnswer:
    """Find the passages for a query."""
    model: GuardedModel | None = request.app.state.model
    return await search.search(body, partial(reranked, model) if model else None)


@questions.post(
    "/answer",
    response_model=GroundedAnswer,
    responses=_ANSWERS,
)
async def answer(
    body: AnswerRequest,
    request: Request,
    answers: WithAnswers,
    who: Annotated[Principal, Depends(asking)],
) -> GroundedAnswer | StreamingResponse:
    """Answer a question from the documents, as JSON or as server-sent events."""
    if not (body.stream or sse.MEDIA_TYPE in request.headers.get("accept", "")):
        return await answers.whole(body)
    # The chat service asks for what it has acknowledged, and is told when that was too much.
    asker = Asker(patient=who.role is Role.SERVICE)
    events = answers.events(body, asker)
    first = await anext(events)  # what can be refused is refused before the stream begins
    told = _encoded(first, events, crowded=asker.crowded)
    return StreamingResponse(told, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


@inside.post("/groups")
async def group(body: GroupsRequest) -> GroupsAnswer:
    """Put texts together that say alike."""
    return GroupsAnswer(groups=await asyncio.to_thread(groups, body.texts))


async def _encoded(
    first: RunEvent, rest: AsyncIterator[RunEvent], *, crowded: bool = False
) -> AsyncIterator[bytes]:
    """A stream that has begun always ends in ``run-end``."""
    if crowded:
        yield sse.encode({}, type=CROWDED)
    yield _event(first)
    try:
        async for event in rest:
            yield _event(event)
    except Exception as error:
        _log.exception("an answer failed after it had begun")
        known = error if isinstance(error, CarrelError) else InternalError()
        reason = RunError(code=known.code, message=known.detail, retryable=known.retryable)
        yield _event(RunEnd(status="failed", error=reason))


def _event(event: RunEvent) -> bytes:
    return sse.encode(event.model_dump(mode="json", exclude_none=True), type=event.type)
