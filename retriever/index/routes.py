"""The routes of the index as a whole: what it is, having it built anew, taking it out and in."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from retriever.documents.records import instant, of_kind
from retriever.index.export import Export
from retriever.index.importing import Importing
from retriever.index.rebuild import Progress, Rebuild
from retriever.opening import OpeningStore
from retriever.settings import RetrieverSettings
from shared.contracts.retriever import INDEX_MEDIA_TYPE, IndexImport, IndexReport, RebuildProgress
from shared.errors import NotEmptyError
from shared.http import operation_id, owner
from shared.openapi import problems

_LINES = {"schema": {"type": "string", "format": "binary"}}
_EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Lines of JSON; what does not end with a line `end` was cut",
        "content": {INDEX_MEDIA_TYPE: _LINES},
    }
}
_TAKEN = {
    "description": "As exported; its first line tells what it is.",
    "content": {name: _LINES for name in (INDEX_MEDIA_TYPE, "application/octet-stream")},
    "required": True,
}

router = APIRouter(
    prefix="/v1/index",
    tags=["documents"],
    dependencies=[Depends(owner)],
    generate_unique_id_function=operation_id,
)


def _store(request: Request) -> OpeningStore:
    found: OpeningStore = request.app.state.store
    return found


def _rebuild(request: Request) -> Rebuild:
    found: Rebuild = request.app.state.rebuild
    return found


def _settings(request: Request) -> RetrieverSettings:
    found: RetrieverSettings = request.app.state.settings
    return found


def _importing(request: Request) -> Importing:
    found: Importing = request.app.state.importing
    return found


Store = Annotated[OpeningStore, Depends(_store)]
Rebuilding = Annotated[Rebuild, Depends(_rebuild)]
Bounds = Annotated[RetrieverSettings, Depends(_settings)]
Imports = Annotated[Importing, Depends(_importing)]


@router.get("")
async def read_index(store: Store, rebuild: Rebuilding, settings: Bounds) -> IndexReport:
    """Tell what the index is, what it takes in at most, and how far a rebuild is."""
    return await _report(store, rebuild, settings)


@router.post("/rebuild", status_code=202)
async def rebuild_index(store: Store, rebuild: Rebuilding, settings: Bounds) -> IndexReport:
    """Build the index anew beside the living one, which serves until the switch; one at a time."""
    report = await _report(store, rebuild, settings)
    rebuild.ask()
    return report.model_copy(update={"rebuild": _progress(rebuild.progress)})


@router.get("/export", response_class=StreamingResponse, responses=_EXPORTED)
async def export_index(store: Store) -> StreamingResponse:
    """Stream all documents, chunks and vectors, data sources and jobs, as they are at the stream's end."""
    await store.ping()
    return StreamingResponse(Export(store).stream(), media_type=INDEX_MEDIA_TYPE)


@router.post("/import", responses=problems(NotEmptyError), openapi_extra={"requestBody": _TAKEN})
async def import_index(
    request: Request,
    importing: Imports,
    replace: Annotated[bool, Query(description="Take the place of what is there.")] = False,
) -> IndexImport:
    """Make an exported index the living one, whole or not at all; writes wait meanwhile."""
    imported = await importing.take(_pieces(request), replace=replace)
    return IndexImport(documents=imported.documents, chunks=imported.chunks)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        return  # cut: what came is not whole


async def _report(store: OpeningStore, rebuild: Rebuild, settings: RetrieverSettings) -> IndexReport:
    documents, chunks = await store.count(of_kind("record")), await store.count(of_kind("chunk"))
    space = store.space
    return IndexReport(
        embedding_model=space.name if space else None,
        dimension=space.size if space else None,
        current=store.identity.covers(store.target),
        documents=documents,
        chunks=chunks,
        max_document_bytes=settings.max_document_bytes,
        max_archive_bytes=settings.max_archive_bytes,
        rebuild=_progress(rebuild.progress),
    )


def _progress(progress: Progress) -> RebuildProgress:
    return RebuildProgress(
        status=progress.status,
        done=progress.done,
        total=progress.total,
        reason=progress.reason,
        started_at=instant(progress.started) if progress.started else None,
        finished_at=instant(progress.finished) if progress.finished else None,
    )
