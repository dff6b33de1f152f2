"""The routes of data sources and ingestion jobs: a model in, one call, a model out."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from retriever.sources.jobs import Jobs
from retriever.sources.records import Job, to_answer
from retriever.sources.registry import Registry
from shared import sse
from shared.bodies import OnceRoute
from shared.contracts.data_sources import (
    DATA_SOURCE_ID,
    UNFINISHED,
    DataSource,
    DataSourceRequest,
    IngestionJob,
    JobProgress,
    SyncRequest,
)
from shared.contracts.wire import Page
from shared.errors import NotFoundError, TooLargeError, UnsupportedMediaTypeError
from shared.http import operation_id, owner
from shared.openapi import events, links, problems

_NOT_FOUND = problems(NotFoundError)
_SOURCE_LINKS = links("id", "/id", "get_data_source", "sync_data_source", "delete_data_source")
_JOB_LINKS = links("id", "/id", "get_ingestion_job", "watch_ingestion_job", "cancel_ingestion_job")
_KEPT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Replaced", "model": DataSource, "links": _SOURCE_LINKS},
    201: {"description": "Created", "model": DataSource, "links": _SOURCE_LINKS},
}
_BEGUN: dict[int | str, dict[str, Any]] = {
    200: {"description": "A job was going: this one", "model": IngestionJob, "links": _JOB_LINKS},
    202: {"description": "Begun", "model": IngestionJob, "links": _JOB_LINKS},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ARCHIVE = {
    "description": "As `git archive` or a forge makes it; its first bytes tell what it is.",
    "content": {
        name: _BINARY
        for name in ("application/gzip", "application/zip", "application/x-tar", "application/octet-stream")
    },
    "required": True,
}
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`job-progress` events with the counts so far, at last `job-end` with the whole job",
        "content": events(JobProgress | IngestionJob, "How far the job is, or what it came to."),
    }
}

data_sources = APIRouter(
    prefix="/v1/data-sources",
    tags=["data sources"],
    dependencies=[Depends(owner)],
    generate_unique_id_function=operation_id,
    route_class=OnceRoute,
)
ingestion_jobs = APIRouter(
    prefix="/v1/ingestion-jobs",
    tags=["data sources"],
    dependencies=[Depends(owner)],
    generate_unique_id_function=operation_id,
)

SourceId = Annotated[
    str,
    Path(pattern=DATA_SOURCE_ID, description="A name such as `docs`: its documents' ids begin with it."),
]
JobId = Annotated[str, Path(min_length=1, max_length=64, description="As `sync` answered it.")]


def _registry(request: Request) -> Registry:
    found: Registry = request.app.state.registry
    return found


def _jobs(request: Request) -> Jobs:
    found: Jobs = request.app.state.jobs
    return found


WithRegistry = Annotated[Registry, Depends(_registry)]
WithJobs = Annotated[Jobs, Depends(_jobs)]


@data_sources.get("")
async def list_data_sources(
    registry: WithRegistry,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[DataSource]:
    """List the data sources, the newest first."""
    return await registry.page(limit=limit, cursor=cursor)


@data_sources.put(
    "/{id}",
    response_model=DataSource,
    responses=_KEPT,
)
async def put_data_source(id: SourceId, body: DataSourceRequest, registry: WithRegistry) -> Response:
    """Create or replace a data source; its documents follow with its next sync."""
    source, created = await registry.put(id, body)
    return JSONResponse(source.model_dump(mode="json"), status_code=201 if created else 200)


@data_sources.get("/{id}", responses=_NOT_FOUND)
async def get_data_source(id: SourceId, registry: WithRegistry) -> DataSource:
    """Read a data source with its last job."""
    return await registry.get(id)


@data_sources.put(
    "/{id}/archive",
    responses=_NOT_FOUND | problems(TooLargeError, UnsupportedMediaTypeError),
    openapi_extra={"requestBody": _ARCHIVE},
)
async def put_archive(id: SourceId, request: Request, registry: WithRegistry) -> DataSource:
    """Upload the archive of a data source; answered when it is durable, taken in by the next sync."""
    declared = request.headers.get("content-length", "")
    return await registry.keep_archive(
        id, request.stream(), declared=int(declared[:20]) if declared.isdecimal() else None
    )


@data_sources.delete("/{id}", status_code=204, responses=_NOT_FOUND)
async def delete_data_source(
    id: SourceId,
    registry: WithRegistry,
    keep_documents: Annotated[bool, Query(description="Leave its documents in the index.")] = False,
) -> None:
    """Remove a data source and its documents; a job that is going ends."""
    await registry.delete(id, keep_documents=keep_documents)


@data_sources.post(
    "/{id}/sync",
    response_model=IngestionJob,
    status_code=202,
    responses=_NOT_FOUND | _BEGUN,
)
async def sync_data_source(id: SourceId, jobs: WithJobs, body: SyncRequest | None = None) -> Response:
    """Begin an ingestion job for a data source; one that is going already is answered with 200."""
    job, begun = await jobs.start(id, full=body is not None and body.full)
    return JSONResponse(to_answer(job).model_dump(mode="json"), status_code=202 if begun else 200)


@ingestion_jobs.get("/{id}", responses=_NOT_FOUND)
async def get_ingestion_job(id: JobId, jobs: WithJobs) -> IngestionJob:
    """Read an ingestion job: how far it is, what changed, what failed and why."""
    return to_answer(await jobs.get(id))


@ingestion_jobs.get("/{id}/events", response_class=StreamingResponse, responses=_NOT_FOUND | _EVENTS)
async def watch_ingestion_job(id: JobId, jobs: WithJobs) -> StreamingResponse:
    """Follow an ingestion job as server-sent events until it ends."""
    news = jobs.watch(id)
    first = await anext(news)  # what is not there is refused before the stream begins
    return StreamingResponse(_encoded(first, news), media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


@ingestion_jobs.delete("/{id}", responses=_NOT_FOUND)
async def cancel_ingestion_job(id: JobId, jobs: WithJobs) -> IngestionJob:
    """Cancel an ingestion job; what it has taken in stays, one that has ended stays as it is."""
    return to_answer(await jobs.cancel(id))


async def _encoded(first: Job, news: AsyncIterator[Job]) -> AsyncIterator[bytes]:
    yield _event(first)
    async for job in news:
        yield _event(job)


def _event(job: Job) -> bytes:
    whole = to_answer(job)
    if job.status not in UNFINISHED:
        return sse.encode(whole.model_dump(mode="json"), type="job-end")
    progress = JobProgress(id=whole.id, status=whole.status, counts=whole.counts)
    return sse.encode(progress.model_dump(mode="json"), type="job-progress")
