"""What the retriever takes and answers about data sources and the jobs that take in their documents."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from shared.contracts.wire import Answer, Instant, Request, Text

MAX_URL_CHARS = 2000
MAX_URLS = 10_000
MAX_PAGES = 20_000
DATA_SOURCE_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"

SourceKind = Literal["sitemap", "urls", "llms_txt", "feed", "archive"]
JobStatus = Literal["queued", "running", "completed", "failed", "cancelled"]
UNFINISHED: tuple[JobStatus, ...] = ("queued", "running")
Address = Annotated[Text, Field(min_length=1, max_length=MAX_URL_CHARS)]
Pattern = Annotated[Text, Field(min_length=1, max_length=500)]
Patterns = Annotated[list[Pattern], Field(max_length=100)]


class DataSourceRequest(Request):
    """Body of ``PUT /v1/data-sources/{id}``."""

    kind: SourceKind
    url: Address | None = None
    """Of the sitemap, feed, llms.txt or archive; not for ``urls``, nor for an archive that is uploaded."""
    urls: Annotated[list[Address], Field(max_length=MAX_URLS)] = []
    """The pages themselves, for ``urls``."""
    include: Patterns = []
    """Only pages of one of these; all, where there is none."""
    exclude: Patterns = []
    hosts: Annotated[list[Annotated[Text, Field(min_length=1, max_length=253)]], Field(max_length=50)] = []
    """Hosts besides the url's own from which listed pages are taken."""
    interval_s: Annotated[StrictInt, Field(ge=300, le=31 * 86_400)] | None = None
    """Sync by itself this often."""
    max_pages: Annotated[StrictInt, Field(ge=1, le=MAX_PAGES)] = 2000
    url_template: Address | None = None
    """Where the files of an archive are published: ``{path}`` is a file's, ``{stem}`` without its suffix."""


class SyncRequest(Request):
    """Body of ``POST /v1/data-sources/{id}/sync``; may be left out."""

    full: StrictBool = False
    """Fetch every page whole, whatever dates and tags say."""


class JobCounts(Answer):
    """How far a job is. In the end every page found is unchanged, embedded, failed, or removed as gone;

    those that are removed because they are listed no more come on top.
    """

    found: int = 0
    """Pages listed and wanted."""
    passed_over: int = 0
    """Pages listed and not wanted: of other hosts, or by the patterns."""
    fetched: int = 0
    """Pages asked for."""
    unchanged: int = 0
    embedded: int = 0
    """Taken in, for the first time or anew."""
    removed: int = 0
    failed: int = 0


class PageFailure(Answer):
    """A page or list that was not had, and why."""

    url: str
    reason: str


class PageChange(Answer):
    """A document that is another since the job."""

    url: str
    document_id: str
    change: Literal["added", "replaced", "removed"]


class IngestionJob(Answer):
    """A job, as it is going or as it has ended."""

    id: str
    data_source_id: str
    status: JobStatus
    trigger: Literal["request", "schedule"]
    full: bool = False
    reason: str = ""
    """Why it failed as a whole."""
    counts: JobCounts = JobCounts()
    changes: list[PageChange] = []
    """At most 1000."""
    failures: list[PageFailure] = []
    """At most 1000."""
    created_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None


class JobProgress(Answer):
    """An event while a job is going."""

    id: str
    status: JobStatus
    counts: JobCounts


class ArchiveFile(Answer):
    """The archive that a source has now."""

    bytes: int
    sha256: str
    received_at: Instant


class DataSource(Answer):
    """Where documents come from."""

    id: str
    kind: SourceKind
    url: str | None
    urls: list[str]
    include: list[str]
    exclude: list[str]
    hosts: list[str]
    interval_s: int | None
    max_pages: int
    url_template: str | None = None
    archive: ArchiveFile | None = None
    """For ``archive``: what was uploaded or fetched last."""
    created_at: Instant
    updated_at: Instant
    last_job: IngestionJob | None = None
    """Without its changes and failures."""
    next_sync_at: Instant | None = None
