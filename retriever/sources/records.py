"""Data sources, their pages and their jobs as points of the engine, and back.

Owns their payloads. They are kept where the documents are, so that what is known of a page and the document
it became live and die together. Pure.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from retriever.documents.records import instant, of_kind, point_id
from retriever.ports import AnyOf, Equals, Payload, Point, Where
from shared.contracts.data_sources import (
    ArchiveFile,
    DataSource,
    DataSourceRequest,
    IngestionJob,
    JobCounts,
    JobStatus,
    PageChange,
    PageFailure,
)

SOURCE_KIND = "data_source"
Outcome = Literal["pending", "unchanged", "added", "replaced", "removed", "failed"]
MAX_REPORTED = 1000


@dataclass(frozen=True)
class Source:
    """A data source as it is kept; times in microseconds since 1970."""

    id: str
    asked: dict[str, Any]
    """The request that made it."""
    created: int
    updated: int

    @property
    def request(self) -> DataSourceRequest:
        """What was asked for."""
        return DataSourceRequest.model_validate(self.asked)


@dataclass(frozen=True)
class Page:
    """What is known of one page of a source."""

    source_id: str
    url: str
    document_id: str
    lastmod: str = ""
    etag: str = ""
    last_modified: str = ""
    fetched: int = 0
    """When it was last had, in microseconds since 1970."""
    job: str = ""
    """The job that last dealt with it."""
    outcome: Outcome = "pending"
    reason: str = ""

    @property
    def fetched_at(self) -> datetime:
        """When it was last had."""
        return instant(self.fetched)


@dataclass(frozen=True)
class Job:
    """An ingestion job as it is kept; what is counted comes from its pages while it runs."""

    id: str
    source_id: str
    status: JobStatus
    trigger: Literal["request", "schedule"]
    full: bool
    created: int
    started: int = 0
    finished: int = 0
    reason: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, str]] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)


def source_point_id(source_id: str) -> str:
    """Return the id of a source's point."""
    return point_id(SOURCE_KIND, source_id)


def job_point_id(job_id: str) -> str:
    """Return the id of a job's point."""
    return point_id("ingestion_job", job_id)


def source_point(source: Source) -> Point:
    """Return the point of a source."""
    payload = {"kind": SOURCE_KIND, "document_id": source.id, **asdict(source)}
    return Point(source_point_id(source.id), payload)


def page_point(page: Page) -> Point:
    """Return the point of a page, the same for the same address of the same source."""
    payload = {"kind": page_kind(page.source_id), **asdict(page)}
    return Point(point_id("data_source_page", page.source_id, page.url), payload)


def job_point(job: Job) -> Point:
    """Return the point of a job."""
    return Point(job_point_id(job.id), {"kind": job_kind(job.source_id), **asdict(job)})


def to_source(payload: Payload) -> Source:
    """Read back a :func:`source_point`."""
    return Source(**_fields(payload, Source))


def to_page(payload: Payload) -> Page:
    """Read back a :func:`page_point`."""
    return Page(**_fields(payload, Page))


def to_job(payload: Payload) -> Job:
    """Read back a :func:`job_point`."""
    return Job(**_fields(payload, Job))


def of_source(source_id: str) -> Where:
    """Return the filter for one source, by keys that are indexed in every collection."""
    return of_kind(SOURCE_KIND, Equals("document_id", source_id))


def page_kind(source_id: str) -> str:
    """Return the kind of the points of one source's pages: kinds are indexed in every collection."""
    return f"data_source_page {source_id}"


def job_kind(source_id: str) -> str:
    """Return the kind of the points of one source's jobs."""
    return f"ingestion_job {source_id}"


def of_pages(source_id: str, urls: tuple[str, ...] = ()) -> Where:
    """Return the filter for the pages of a source, or for those of them at ``urls``."""
    return of_kind(page_kind(source_id), *([AnyOf("url", urls)] if urls else []))


def to_answer(job: Job) -> IngestionJob:
    """Return ``job`` as clients see it."""
    return IngestionJob(
        id=job.id,
        data_source_id=job.source_id,
        status=job.status,
        trigger=job.trigger,
        full=job.full,
        reason=job.reason,
        counts=JobCounts.model_validate(job.counts),
        changes=[PageChange.model_validate(change) for change in job.changes],
        failures=[PageFailure.model_validate(failure) for failure in job.failures],
        created_at=instant(job.created),
        started_at=instant(job.started) if job.started else None,
        finished_at=instant(job.finished) if job.finished else None,
    )


def describe(source: Source, last: Job | None, archive: ArchiveFile | None = None) -> DataSource:
    """Return ``source`` as clients see it, its last job without its lists."""
    due = due_at(source, last)
    return DataSource(
        id=source.id,
        **source.request.model_dump(),
        archive=archive,
        created_at=instant(source.created),
        updated_at=instant(source.updated),
        last_job=to_answer(replace(last, changes=[], failures=[])) if last else None,
        next_sync_at=None if due is None else instant(due),
    )


def due_at(source: Source, last: Job | None) -> int | None:
    """Return when ``source`` is to be synced by itself, in microseconds since 1970."""
    interval = source.request.interval_s
    if interval is None:
        return None
    return source.updated if last is None else last.created + interval * 1_000_000


def _fields(payload: Mapping[str, Any], cls: Any) -> dict[str, Any]:
    return {key: payload[key] for key in cls.__dataclass_fields__ if key in payload}
