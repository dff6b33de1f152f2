"""What the retriever takes and answers: documents, search, grounded answers.

``/v1/answer`` streams the run events of the chat protocol without a run's ids and numbers, in this
order: ``run-start``, ``search-queries``, ``search-results``, ``message-start``, ``content-delta`` and
``citation-start`` (any number), ``message-end``, ``run-end``. The stream always ends in ``run-end``; one
that does not was cut.
"""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, AllowInfNan, Field, StrictBool, StrictFloat, StrictInt, TypeAdapter

from shared.contracts.wire import Answer, Instant, Request, Text

MAX_QUERY_CHARS = 8_000
MAX_MESSAGE_CHARS = 8_000
MAX_MESSAGES = 50

Number = Annotated[StrictFloat, AllowInfNan(False)]
Whole = Annotated[StrictInt, Field(gt=-(2**53), lt=2**53)]
Scalar = Text | StrictBool | Whole | Number
_KEY = r'^[^"\\\[\]\x00-\x1f]{1,64}$'


def _key(value: str) -> str:
    if re.fullmatch(_KEY, value) is None:
        raise ValueError(
            "a key has 1 to 64 characters, no quotes, brackets, backslashes or control characters"
        )
    return value


Key = Annotated[Text, AfterValidator(_key), Field(json_schema_extra={"pattern": _KEY})]
"""A key of metadata."""


class Range(Request):
    """A numeric range; every bound that is given must hold."""

    gt: Number | None = None
    gte: Number | None = None
    lt: Number | None = None
    lte: Number | None = None


FilterValue = Scalar | Annotated[list[Scalar], Field(min_length=1, max_length=100)] | Range
ONLY_KEYS = {"additionalProperties": False}
"""For the schema of a dict whose keys are of one pattern."""
Filters = Annotated[dict[Key, FilterValue], Field(max_length=16, json_schema_extra=ONLY_KEYS)]
"""By metadata key, all must hold: a scalar equals, a list is any of, a range object is a range.

``document_id`` and ``url`` name the document's own fields, every other key a key of its metadata.
"""


class SearchRequest(Request):
    """Body of ``POST /v1/search``."""

    query: Annotated[
        Text, Field(min_length=1, max_length=MAX_QUERY_CHARS, examples=["How long does a watch last?"])
    ]
    limit: Annotated[StrictInt, Field(ge=1, le=50)] = 10
    filters: Filters = {}
    rerank: StrictBool = True
    explain: StrictBool = False
    """Whether each passage tells what its score is made of."""


class ScoreParts(Answer):
    """What a passage's score is made of; of its best chunk. What did not find it is null."""

    text: float | None
    """BM25 over its text."""
    title: float | None
    """BM25 over its title and headings."""
    dense: float | None
    """The cosine to the query."""
    rerank: float | None = None


class Passage(Answer):
    """A chunk as retrieved and ranked for one question."""

    id: str
    document_id: str
    title: str
    url: str
    """Opens the very paragraph, or empty when the document has no address."""
    anchor: str
    heading_path: list[str]
    text: str
    score: float
    score_parts: ScoreParts | None = None
    """Where the request said `explain`."""


class SearchAnswer(Answer):
    """Answer of ``POST /v1/search``."""

    passages: list[Passage]
    index_version: str
    degraded: list[str] = []
    timing_ms: dict[str, float] = {}


class Turn(Request):
    """One earlier or the present turn of a conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[Text, Field(max_length=64_000)]


class PageContext(Request):
    """Where the visitor is while asking, and how much that narrows the search."""

    page_url: Annotated[Text, Field(max_length=2_000)] = ""
    page_title: Annotated[Text, Field(max_length=500)] = ""
    selected_text: Annotated[Text, Field(max_length=8_000)] = ""
    grounding: Literal["selection", "page", "all"] = "all"


class AnswerRequest(Request):
    """Body of ``POST /v1/answer``; the last message is the question."""

    messages: Annotated[
        list[Turn],
        Field(
            min_length=1,
            max_length=MAX_MESSAGES,
            examples=[[{"role": "user", "content": "What is a Fresnel lens?"}]],
        ),
    ]
    filters: Filters = {}
    context: PageContext | None = None
    stream: StrictBool = False
    fresh: StrictBool = False
    """Whether an answer that was given before, and is kept, is passed over."""


class CitationSource(Answer):
    """One source of a cited span; ``quote`` stands verbatim in the document."""

    document_id: str
    passage_id: str
    title: str
    url: str
    quote: str
    heading_path: list[str] = []


class Citation(Answer):
    """The link from a span of the answer to its sources.

    ``start`` and ``end`` are offsets in Unicode code points into the answer; ``text`` is that slice.
    """

    start: int
    end: int
    text: str
    sources: list[CitationSource]


class Usage(Answer):
    """What an answer cost; all zero when no model was called."""

    input_tokens: int = 0
    output_tokens: int = 0
    search_units: int = 0


class UsageReport(Answer):
    """Answer of ``GET /v1/usage``: what the present month's paid calls come to."""

    month: str
    """Such as ``2026-11``, in UTC."""
    calls: int
    input_tokens: int
    output_tokens: int
    embedding_tokens: int = 0
    """Of documents and questions that were embedded."""
    search_units: int = 0
    """Of reranking, as it is billed."""
    limit: int | None
    """Calls in a month; null when there is no limit."""
    left: int | None
    token_limit: int | None = None
    """Tokens of every kind in a month; null when there is no limit."""
    rerank: bool
    """Whether there is enough left to rerank."""
    condensing: bool = True
    """Whether there is enough left to make follow-up questions stand alone."""
    document_embedding: bool = True
    """Whether there is enough left to embed documents."""
    generation: bool
    """Whether there is enough left to write answers."""
    query_embedding: bool = True
    """Whether there is enough left to embed questions."""


class RebuildProgress(Answer):
    """How far an index is that is built beside the living one."""

    status: Literal["idle", "running", "waiting"]
    """``waiting``: an attempt failed for ``reason``, and the next one goes on where it was."""
    done: int = 0
    """Documents that are in the new index."""
    total: int = 0
    reason: str = ""
    started_at: Instant | None = None
    """Of the present rebuild, or the last one of this process."""
    finished_at: Instant | None = None


class IndexReport(Answer):
    """Answer of ``GET /v1/index``: what the living index is, and what becomes of it."""

    embedding_model: str | None
    """Whose dense vectors it holds; null where it is searched by words alone."""
    dimension: int | None
    current: bool
    """Whether it is what this version and its embedding model make; else it is being rebuilt."""
    documents: int
    chunks: int
    max_document_bytes: int | None = None
    """The largest document that is taken in; the gateway's MAX_BODY_BYTES holds beside."""
    max_archive_bytes: int | None = None
    """The largest archive of a data source that is uploaded."""
    rebuild: RebuildProgress


INDEX_MEDIA_TYPE = "application/x-ndjson"
"""Of an exported index."""


class IndexImport(Answer):
    """Answer of ``POST /v1/index/import``: what there is now."""

    documents: int
    chunks: int


FinishReason = Literal["complete", "max_tokens", "refused", "cancelled", "error"]
"""Why the message ended; ``refused`` means the documents do not hold an answer."""


class GroundedAnswer(Answer):
    """Answer of ``POST /v1/answer`` without streaming."""

    answer: str
    citations: list[Citation]
    passages: list[Passage]
    queries: list[str]
    model: str
    index_version: str
    finish_reason: FinishReason
    usage: Usage = Usage()
    degraded: list[str] = []
    cached: bool = False


class Delta(Answer):
    """The part of a ``content-delta`` that grows the answer."""

    text: str


CROWDED = "crowded"
"""An event before all others, for the chat service alone: anybody else would have been refused."""


class RunStart(Answer):
    type: Literal["run-start"] = "run-start"
    model: str
    index_version: str


class SearchQueries(Answer):
    type: Literal["search-queries"] = "search-queries"
    queries: list[str]


class SearchResults(Answer):
    type: Literal["search-results"] = "search-results"
    passages: list[Passage]


class MessageStart(Answer):
    type: Literal["message-start"] = "message-start"


class ContentDelta(Answer):
    type: Literal["content-delta"] = "content-delta"
    delta: Delta


class CitationStart(Answer):
    type: Literal["citation-start"] = "citation-start"
    citation: Citation


class MessageEnd(Answer):
    type: Literal["message-end"] = "message-end"
    finish_reason: FinishReason
    usage: Usage = Usage()


class RunError(Answer):
    """Why a run failed."""

    code: str
    message: str
    retryable: bool


class RunEnd(Answer):
    type: Literal["run-end"] = "run-end"
    status: Literal["completed", "cancelled", "failed", "incomplete"]
    degraded: list[str] = []
    cached: bool = False
    error: RunError | None = None


RunEvent = Annotated[
    RunStart
    | SearchQueries
    | SearchResults
    | MessageStart
    | ContentDelta
    | CitationStart
    | MessageEnd
    | RunEnd,
    Field(discriminator="type"),
]

_EVENT: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)
_EVENT_TYPES = frozenset(cls.model_fields["type"].default for cls in get_args(get_args(RunEvent)[0]))


def parse_event(data: str, *, type: str) -> RunEvent | None:
    """Return the run event of ``type`` that the JSON text ``data`` holds; None for one a newer service has.

    Raises
    ------
    pydantic.ValidationError
        When it is not what its type says.
    """
    return _EVENT.validate_json(data) if type in _EVENT_TYPES else None


class DocumentSummary(Answer):
    """A document as it stands in the index."""

    id: str
    title: str
    url: str
    media_type: str
    metadata: dict[str, Any]
    content_hash: str
    """sha256 of what was given: the content and its url, title and metadata."""
    characters: int
    chunk_count: int
    created_at: Instant
    updated_at: Instant


class Chunk(Answer):
    """A stored chunk; ``start`` and ``end`` are offsets in code points into the document's text."""

    id: str
    ordinal: int
    heading_path: list[str]
    anchor: str
    start: int
    end: int
    text: str


class Document(DocumentSummary):
    """A document with its chunks."""

    chunks: list[Chunk]
