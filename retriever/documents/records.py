"""Documents and chunks as points of the engine, and back.

Owns the payloads: their keys and the ids of points. Three kinds of point make a document: its record
(what it is, and which revision of it stands), its chunks, and its source, from which the index can be made
anew. Pure.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from retriever.chunking import CHUNKING_VERSION, ChunkSpan
from retriever.documents.facets import facets
from retriever.ports import AnyOf, Condition, Equals, Payload, Point, Space, Where
from retriever.sparse import SPARSE_VERSION, text_vector, title_vector
from shared.contracts.retriever import Chunk, DocumentSummary

INDEX_FORMAT = f"{CHUNKING_VERSION}-{SPARSE_VERSION}"
"""A record of another format was cut or weighed differently and is made anew from its source."""

SPARSE_VECTORS = ("text", "title")
CONTENT = ("chunk", "source")
"""The kinds of point that belong to one revision."""
DOCUMENT_KINDS = ("record", *CONTENT)
INDEX_KINDS = (*DOCUMENT_KINDS, "meta", "index")
"""The kinds of point that an index makes itself; all others are kept in it for somebody."""
SOURCE_PART_CHARS = 500_000
_NAMESPACE = UUID("5f0f7a5e-0d4c-5d0c-9f51-3d6d0a3c9b11")


@dataclass(frozen=True)
class Record:
    """What a document is; ``revision`` names those of its chunks that count."""

    document_id: str
    title: str
    url: str
    media_type: str
    metadata: dict[str, Any]
    content_hash: str
    characters: int
    chunk_count: int
    created: int
    """Microseconds since 1970."""
    updated: int
    revision: int
    """Microseconds since 1970, larger than any before for this document."""
    format: str
    """How it was cut and weighed, and which vectors it has."""
    given: dict[str, Any]
    """``title``, ``url`` and ``metadata`` as given from outside, to parse the source again."""


def format_of(space: Space | None) -> str:
    """Return the format of a document that has vectors of ``space``."""
    return f"{INDEX_FORMAT}+{space.name}" if space else INDEX_FORMAT


def headline(title: str, heading_path: Iterable[str]) -> str:
    """Return the title and the headings a chunk stands under, each told once."""
    return " > ".join(dict.fromkeys([title, *heading_path]))


def point_id(kind: str, *parts: object) -> str:
    """Return the id of a point, the same for the same parts."""
    return str(uuid5(_NAMESPACE, "\0".join([kind, *map(str, parts)])))


@lru_cache(maxsize=20_000)
def record_id(document_id: str) -> str:
    """Return the id of a document's record."""
    return point_id("record", document_id)


META_ID = point_id("meta")


def record_point(record: Record) -> Point:
    """Return the point whose writing makes this revision of the document the one that counts."""
    return Point(record_id(record.document_id), {"kind": "record", **asdict(record)})


def meta_point(generation: int) -> Point:
    """Return the point that tells one state of the index from the next."""
    return Point(META_ID, {"kind": "meta", "generation": generation})


def to_record(payload: Payload) -> Record:
    """Read back a :func:`record_point`."""
    return Record(**{key: payload[key] for key in Record.__dataclass_fields__})


def chunk_points(record: Record, chunks: list[ChunkSpan]) -> Iterator[Point]:
    """Yield the chunks of one revision with their vectors."""
    stored_facets = facets(record.metadata)
    for chunk in chunks:
        vectors = {
            "text": text_vector(chunk.text),
            "title": title_vector(record.title, chunk.heading_path),
        }
        payload = {
            "kind": "chunk",
            "document_id": record.document_id,
            "revision": record.revision,
            "url": record.url,
            "facets": stored_facets,
            **asdict(chunk),
        }
        sparse = {name: vector for name, vector in vectors.items() if vector.indices}
        yield Point(point_id("chunk", record.document_id, record.revision, chunk.ordinal), payload, sparse)


def source_points(record: Record, source: str) -> Iterator[Point]:
    """Yield the document as it was given, in parts that fit into one write."""
    for part, start in enumerate(range(0, len(source), SOURCE_PART_CHARS)):
        payload = {
            "kind": "source",
            "document_id": record.document_id,
            "revision": record.revision,
            "part": part,
            "text": source[start : start + SOURCE_PART_CHARS],
        }
        yield Point(point_id("source", record.document_id, record.revision, part), payload)


def of_kind(kind: str, *further: Condition) -> Where:
    """Return the filter for points of a kind."""
    return Where((Equals("kind", kind), *further))


def of_revision(document_id: str, revision: int) -> Where:
    """Return the filter for the chunks and the source of one revision, not the record."""
    return Where((AnyOf("kind", CONTENT), Equals("document_id", document_id), Equals("revision", revision)))


def content_hash(content: bytes, *, media_type: str, charset: str, given: Mapping[str, Any]) -> str:
    """Return the sha256 of all that was given; the same again changes nothing."""
    digest = hashlib.sha256(content)
    for part in (media_type, charset, given["title"], given["url"], _canonical(given["metadata"])):
        digest.update(b"\0" + part.encode())
    return digest.hexdigest()


def _canonical(metadata: Mapping[str, Any]) -> str:
    return repr(sorted(metadata.items()))


def summary(record: Record) -> DocumentSummary:
    """Return ``record`` as clients see it."""
    return DocumentSummary(
        id=record.document_id,
        title=record.title,
        url=record.url,
        media_type=record.media_type,
        metadata=record.metadata,
        content_hash=record.content_hash,
        characters=record.characters,
        chunk_count=record.chunk_count,
        created_at=instant(record.created),
        updated_at=instant(record.updated),
    )


def to_chunk(id: str, payload: Payload) -> Chunk:
    """Return a stored chunk as clients see it."""
    return Chunk(id=id, **{key: payload[key] for key in Chunk.model_fields if key != "id"})


def to_span(payload: Payload) -> ChunkSpan:
    """Return a stored chunk as it was cut."""
    values = {field.name: payload[field.name] for field in fields(ChunkSpan)}
    code = tuple((start, end) for start, end in payload["code"])
    return ChunkSpan(**values | {"heading_path": tuple(payload["heading_path"]), "code": code})


def instant(microseconds: int) -> datetime:
    """Return the time that is so many microseconds after 1970."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
