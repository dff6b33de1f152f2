"""From what was submitted to what is written: parsed, cut, weighed.

Owns what is kept of a document to index it anew: its text, or where the document is no text, what its parser
made of it. Writes nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from retriever.chunking import chunk
from retriever.documents.facets import checked, kept
from retriever.documents.links import is_safe_url
from retriever.documents.records import INDEX_FORMAT, Record, chunk_points, source_points, to_span
from retriever.parsers.packing import pack, unpack
from retriever.parsers.registry import JSON, PARSERS, read
from retriever.parsers.structure import ParsedDocument
from retriever.ports import Parsing, Point, Stored
from shared.errors import InvalidRequestError

AT_ONCE = 2
"""A document of the largest size takes some hundred MB while it is cut."""


@dataclass(frozen=True)
class Submission:
    """A document as it was given."""

    content: bytes
    media_type: str
    charset: str = ""
    title: str = ""
    url: str = ""
    metadata: dict[str, Any] | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What was said about the document from outside of it."""
        return {"title": self.title, "url": self.url, "metadata": self.metadata or {}}


class Preparation:
    """Prepares documents, a few at a time."""

    def __init__(self, parsing: Parsing) -> None:
        self._parsing = parsing
        self._room = asyncio.Semaphore(AT_ONCE)

    async def first(self, blank: Record, submission: Submission) -> tuple[Record, list[Point]]:
        """Return the whole record and the points of a document that was submitted.

        Raises
        ------
        InvalidRequestError
            If it cannot be read as its media type, or holds no text.
        """
        async with self._room:
            source = await asyncio.to_thread(
                read, submission.content, media_type=submission.media_type, charset=submission.charset
            )
            document = await self._parse(blank, source)
            kept_source = source if isinstance(source, str) else await asyncio.to_thread(pack, document)
            return await asyncio.to_thread(_prepared, blank, document, kept_source)

    async def again(self, blank: Record, source: str) -> tuple[Record, list[Point]]:
        """Return the same of a document that was kept.

        Raises
        ------
        InvalidRequestError
            If what was kept can no longer be read.
        """
        async with self._room:
            if PARSERS[blank.media_type].binary:
                document = await asyncio.to_thread(_restored, source)
            else:
                document = await self._parse(blank, source)
            return await asyncio.to_thread(_prepared, blank, document, source)

    async def as_it_is(
        self, record: Record, chunks: Sequence[Stored], source: str
    ) -> tuple[Record, list[Point]]:
        """Return the points of a document that can no longer be read, from the chunks it was cut into."""
        spans = [to_span(chunk.payload) for chunk in chunks]
        return record, await asyncio.to_thread(
            lambda: [*chunk_points(record, spans), *source_points(record, source)]
        )

    async def _parse(self, blank: Record, source: str | bytes) -> ParsedDocument:
        return await self._parsing.parse(
            source,
            media_type=blank.media_type,
            document_id=blank.document_id,
            title=str(blank.given["title"]),
        )


def _restored(source: str) -> ParsedDocument:
    try:
        return unpack(source)
    except ValueError:
        raise InvalidRequestError("What was kept of the document cannot be read: put it again") from None


def _prepared(blank: Record, document: ParsedDocument, source: str) -> tuple[Record, list[Point]]:
    """Cut and weigh: the heavy part, run off the event loop."""
    chunks = chunk(document)
    url, metadata = _own_words(document, blank.media_type)
    record = replace(
        blank,
        title=document.title,
        url=str(blank.given["url"]) or url,
        metadata={**metadata, **blank.given["metadata"]},
        characters=len(document.text),
        chunk_count=len(chunks),
        format=INDEX_FORMAT,
    )
    return record, [*chunk_points(record, chunks), *source_points(record, source)]


def _own_words(document: ParsedDocument, media_type: str) -> tuple[str, dict[str, Any]]:
    """The url and the metadata a document gives itself.

    Front matter is written for others as well: what does not fit is dropped. A JSON document is written
    for us: what does not fit is refused.
    """
    safe = is_safe_url(document.url)
    if media_type != JSON:
        return document.url if safe else "", kept(document.metadata)
    if document.url and not safe:
        raise InvalidRequestError("A url begins with http://, https:// or /, without spaces", param="url")
    return document.url, checked(document.metadata)
