"""The routes of the index as a whole: what it is, and having it built anew."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from retriever.documents.records import instant, of_kind
from retriever.index.rebuild import Progress, Rebuild
from retriever.opening import OpeningStore
from retriever.settings import RetrieverSettings
from shared.contracts.retriever import IndexReport, RebuildProgress
from shared.http import operation_id, owner

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


Store = Annotated[OpeningStore, Depends(_store)]
Rebuilding = Annotated[Rebuild, Depends(_rebuild)]
Bounds = Annotated[RetrieverSettings, Depends(_settings)]


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
