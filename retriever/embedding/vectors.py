"""The dense vectors of an index: who makes those of its space, and what is embedded of a chunk.

Owns the choice of the embedder. Where none is, or it fails, documents and questions are left with their
words: a document says so in its format and gets its vectors later, a question in ``degraded``.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from retriever.documents.records import Record, format_of, headline
from retriever.ports import DenseVector, Embedder, Point, Space
from shared.errors import CarrelError
from shared.tracing import span

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """The vector of a question, and whether it lacks one that the index could have used."""

    vector: DenseVector | None = None
    lacking: bool = False
    even: float | None = None
    """The cosine at which a passage is as likely as not about the question, where that is known."""


class Vectors:
    """Makes vectors of each space that one of ``embedders`` knows.

    ``living`` tells the space of the living index.
    """

    def __init__(
        self, embedders: Sequence[Embedder] = (), *, living: Callable[[], Space | None] = lambda: None
    ) -> None:
        self._embedders = {embedder.space: embedder for embedder in embedders}
        self._living = living
        self.failure = ""
        """Why vectors could not be made the last time they were wanted; empty when they could."""
        self.owed = asyncio.Event()
        """Set when a document was left without its vectors."""

    @property
    def space(self) -> Space | None:
        """The space of the living index."""
        return self._living()

    @property
    def can(self) -> bool:
        """Whether somebody makes vectors of the living index's space."""
        return self.space in self._embedders

    @property
    def format(self) -> str:
        """The format of a document that has all that the living index can hold now."""
        return format_of(self.space if self.can else None)

    async def query(self, text: str) -> Asked:
        """Return the vector of a question in the living index."""
        space = self.space
        embedder = self._of(space)
        if embedder is None:
            return Asked(lacking=space is not None)
        try:
            with span("embed", {"carrel.space": embedder.space.name}):
                vector = await embedder.query(text)
        except CarrelError as error:
            _log.warning("searched without vectors: %s", error.detail)
            self.failure = error.detail
            return Asked(lacking=True)
        self.failure = ""
        return Asked(vector, even=embedder.even)

    async def attached(self, record: Record, points: Sequence[Point]) -> tuple[Record, list[Point]]:
        """Return the record and its points with the vectors of its chunks; as they are where that fails."""
        try:
            return await self.attached_in(self.space, record, points)
        except CarrelError as error:
            _log.warning("document %s is found by its words alone: %s", record.document_id, error.detail)
            self.failure = error.detail
            self.owed.set()
            return record, list(points)

    async def attached_in(
        self, space: Space | None, record: Record, points: Sequence[Point]
    ) -> tuple[Record, list[Point]]:
        """Return the same with vectors of ``space``; where nobody makes them, as they are."""
        embedder = self._of(space)
        chunks = [point for point in points if point.payload["kind"] == "chunk"]
        if embedder is None or not chunks:
            return record, list(points)
        with span("embed", {"carrel.space": embedder.space.name, "carrel.texts": len(chunks)}):
            made = await embedder.passages([_said(record, point) for point in chunks])
        dense = {point.id: vector for point, vector in zip(chunks, made, strict=True)}
        return (
            replace(record, format=format_of(embedder.space)),
            [replace(point, dense=dense.get(point.id)) for point in points],
        )

    def _of(self, space: Space | None) -> Embedder | None:
        return self._embedders.get(space) if space else None


def _said(record: Record, point: Point) -> str:
    """What is embedded: the headings a chunk stands under, and its text."""
    return f"{headline(record.title, point.payload['heading_path'])}\n{point.payload['text']}"
