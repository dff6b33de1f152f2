"""Finds the passages for a question.

Owns the order of the steps: look in the engine, keep what belongs to a standing document, rank. What
decides is in ``ranking``; what is a term, in ``tokens``.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retriever.documents.catalogue import Catalogue, Snapshot
from retriever.documents.facets import conditions
from retriever.documents.links import deep_link
from retriever.documents.records import INDEX_FORMAT, of_kind
from retriever.embedding.vectors import Asked, Vectors
from retriever.language.tokens import terms
from retriever.ports import Condition, DenseVector, Signal, VectorStore
from retriever.ranking import Ranked, current, fuse, passages
from retriever.sparse import rarity, vector
from shared.contracts.retriever import Passage, SearchAnswer, SearchRequest
from shared.counting import Durations

MIN_CANDIDATES = 50
CANDIDATES_PER_PASSAGE = 3
ATTEMPTS = 3
CHUNK_KEYS = (
    "document_id",
    "revision",
    "ordinal",
    "section",
    "heading_path",
    "anchor",
    "start",
    "end",
    "text",
    "code",
)


@dataclass(frozen=True)
class Found:
    """What a search brought."""

    passages: list[Ranked]
    index_version: str
    rarity: dict[str, float]
    """How rare each of the terms asked for is; those that no chunk holds are left out."""
    timing_ms: dict[str, float]
    degraded: tuple[str, ...] = ()
    """``dense`` where vectors could not be asked."""


@dataclass(frozen=True)
class Query:
    """What the engine is asked for."""

    weights: Mapping[str, float]
    vector: DenseVector | None
    where: Sequence[Condition]
    limit: int
    measured: Sequence[str]

    def signals(self) -> Iterator[Signal]:
        """Yield text and title, where there are terms; dense, where there is a vector; then the measured."""
        count = max(MIN_CANDIDATES, CANDIDATES_PER_PASSAGE * self.limit)
        if self.weights:
            terms = vector(self.weights)
            yield Signal(count, terms, "text")
            yield Signal(count, terms, "title")
        if self.vector is not None:
            yield Signal(count, dense=self.vector)
        for term in self.measured:
            yield Signal(1, vector({term: 1.0}), "text")


class Search:
    """Searches the chunks of all documents."""

    def __init__(self, store: VectorStore, catalogue: Catalogue, vectors: Vectors | None = None) -> None:
        self._store, self._catalogue, self._vectors = store, catalogue, vectors or Vectors()
        self.durations = Durations()

    async def search(self, request: SearchRequest) -> SearchAnswer:
        """Answer ``POST /v1/search``."""
        weights = dict.fromkeys(terms(request.query), 1.0)
        where = conditions(request.filters)
        found = await self.find(weights, text=request.query, where=where, limit=request.limit)
        return SearchAnswer(
            passages=[passage(ranked) for ranked in found.passages],
            index_version=found.index_version,
            degraded=list(found.degraded),
            timing_ms=found.timing_ms,
        )

    async def find(
        self,
        weights: Mapping[str, float],
        *,
        text: str,
        where: Sequence[Condition] = (),
        limit: int,
        measured: Sequence[str] = (),
    ) -> Found:
        """Return the best ``limit`` passages for the weighted terms and the meaning of ``text``.

        With them, the rarity of the terms ``measured``. A document that is replaced meanwhile is found as it
        was or as it is, never missing.
        """
        started = time.perf_counter()
        asked = await self._vectors.query(text) if text.strip() else Asked()
        embedded = time.perf_counter()
        query = Query(weights, asked.vector, where, limit, measured)
        ranked, snapshot, idf = await self._look(query)
        looked = time.perf_counter()
        best = passages(ranked, limit=limit)
        ended = time.perf_counter()
        self.durations.add(ended - started)
        return Found(
            passages=best,
            index_version=f"{INDEX_FORMAT}-{snapshot.generation:x}",
            rarity=idf,
            timing_ms={
                "embed": _ms(embedded - started),
                "search": _ms(looked - embedded),
                "rank": _ms(ended - looked),
                "total": _ms(ended - started),
            },
            degraded=("dense",) if asked.lacking else (),
        )

    async def _look(self, query: Query) -> tuple[list[Ranked], Snapshot, dict[str, float]]:
        ranked: list[Ranked] = []
        snapshot = Snapshot({}, 0)
        idf: dict[str, float] = {}
        for _ in range(ATTEMPTS):
            fused, idf = await self._hits(query)
            snapshot = await self._catalogue.snapshot(hit.document_id for hit in fused)
            ranked, moved = current(fused, snapshot.records)
            if not moved:
                break
        return ranked, snapshot, idf

    async def _hits(self, query: Query) -> tuple[list[Ranked], dict[str, float]]:
        signals = list(query.signals())
        if not signals:
            return [], {}
        where = of_kind("chunk", *query.where)
        lists = iter(await self._store.search(signals, where=where, keys=CHUNK_KEYS))
        text, title = (next(lists), next(lists)) if query.weights else ([], [])
        dense = next(lists) if query.vector is not None else []
        idf = {
            term: rarity(hits[0].score, term=term, text=str(hits[0].payload["text"]))
            for term, hits in zip(query.measured, lists, strict=True)
            if hits
        }
        return fuse(text, title, dense), idf


def passage(ranked: Ranked) -> Passage:
    """Return ``ranked`` as clients see it."""
    return Passage(
        id=ranked.id,
        document_id=ranked.document_id,
        title=ranked.title,
        url=deep_link(ranked.url, anchor=ranked.anchor, text=ranked.text),
        anchor=ranked.anchor,
        heading_path=list(ranked.heading_path),
        text=ranked.text,
        score=round(ranked.score, 4),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
