"""The records of documents in the engine, read and listed.

Owns how they are asked for; writes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retriever.documents.records import META_ID, Record, of_kind, record_id, summary, to_chunk, to_record
from retriever.ports import Equals, Payload, Stored, VectorStore
from shared.contracts.retriever import Document, DocumentSummary
from shared.contracts.wire import Page
from shared.errors import InvalidRequestError, NotFoundError

PAGE = 250


@dataclass(frozen=True)
class Snapshot:
    """Some documents' records and the state of the index, read at once."""

    records: dict[str, Record]
    generation: int
    others: dict[str, Payload]
    """By id, what else was asked for."""


class Catalogue:
    """Reads what documents there are."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    async def get(self, document_id: str) -> Record | None:
        """Return the record of one document."""
        return (await self.snapshot([document_id])).records.get(document_id)

    async def snapshot(self, document_ids: Iterable[str], others: Sequence[str] = ()) -> Snapshot:
        """Return the records of those of ``document_ids`` that exist, and the points ``others``."""
        ids = {record_id(document_id) for document_id in document_ids}
        points = await self._store.retrieve([META_ID, *ids, *others])
        found = {point.id: point.payload for point in points}
        meta = found.pop(META_ID, None)
        records = [to_record(found.pop(id)) for id in ids if id in found]
        return Snapshot(
            records={record.document_id: record for record in records},
            generation=int(meta["generation"]) if meta else 0,
            others=found,
        )

    async def read(self, document_id: str) -> Document:
        """Return a document with its chunks.

        Raises
        ------
        NotFoundError
            If there is no such document.
        """
        record = await self.get(document_id)
        if record is None:
            raise NotFoundError("There is no such document")
        chunks = [to_chunk(point.id, point.payload) for point in await self.chunks(record)]
        return Document(**summary(record).model_dump(), chunks=chunks)

    async def chunks(self, record: Record) -> list[Stored]:
        """Return the points of its chunks, in the order of the document."""
        points = await self._content(record, kind="chunk")
        return sorted(points, key=lambda point: int(point.payload["ordinal"]))

    async def source(self, record: Record) -> str:
        """Return the document as it was given."""
        parts = await self._content(record, kind="source")
        return "".join(str(p.payload["text"]) for p in sorted(parts, key=lambda p: int(p.payload["part"])))

    async def page(self, *, limit: int, cursor: str | None, q: str) -> Page[DocumentSummary]:
        """Return a page of the documents, the newest first, those whose id, title or url holds ``q``."""
        until = _until(cursor)
        found: list[Record] = []
        while len(found) <= limit:
            wanted = limit + 1 if not q else PAGE
            batch = [to_record(point.payload) for point in await self._newest(wanted, until)]
            found += [record for record in batch if _matches(record, q)]
            if len(batch) < wanted:
                break
            until = batch[-1].created - 1
        items = [summary(record) for record in found[:limit]]
        return Page(items=items, next_cursor=str(found[limit].created) if len(found) > limit else None)

    async def _newest(self, limit: int, until: int | None) -> list[Stored]:
        return await self._store.newest(of_kind("record"), by="created", limit=limit, until=until)

    async def _content(self, record: Record, *, kind: str) -> list[Stored]:
        where = of_kind(kind, Equals("document_id", record.document_id), Equals("revision", record.revision))
        points: list[Stored] = []
        after: str | None = None
        while True:
            page, after = await self._store.scroll(where, limit=PAGE, after=after)
            points += page
            if after is None:
                return points


def _until(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 16):
        raise InvalidRequestError("This is not a cursor that a list of documents gave", param="cursor")
    return int(cursor)


def _matches(record: Record, q: str) -> bool:
    wanted = q.casefold()
    return any(wanted in value.casefold() for value in (record.document_id, record.title, record.url))


async def revisions(store: VectorStore) -> dict[str, int]:
    """Return the revision of every document that ``store`` holds."""
    found: dict[str, int] = {}
    after: str | None = None
    while True:
        page, after = await store.scroll(
            of_kind("record"), limit=PAGE, after=after, keys=["document_id", "revision"]
        )
        found |= {str(p.payload["document_id"]): int(p.payload["revision"]) for p in page}
        if after is None:
            return found
