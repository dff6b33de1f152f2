"""Finds the passages for a question.

Owns the order of the steps: look in the engine, keep what belongs to a standing document, rank. What
decides is in ``ranking``; what is a term, in ``tokens``.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retriever.documents.catalogue import Catalogue, Snapshot
from retriever.documents.facets import conditions
from retriever.documents.links import deep_link
from retriever.documents.records import INDEX_FORMAT, of_kind
from retriever.language.tokens import terms
from retriever.ports import Condition, Hit, Signal, VectorStore
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


class Search:
    """Searches the chunks of all documents."""

    def __init__(self, store: VectorStore, catalogue: Catalogue) -> None:
        self._store, self._catalogue = store, catalogue
        self.durations = Durations()

    async def search(self, request: SearchRequest) -> SearchAnswer:
        """Answer ``POST /v1/search``."""
        weights = dict.fromkeys(terms(request.query), 1.0)
        found = await self.find(weights, where=conditions(request.filters), limit=request.limit)
        return SearchAnswer(
            passages=[passage(ranked) for ranked in found.passages],
            index_version=found.index_version,
            timing_ms=found.timing_ms,
        )

    async def find(
        self,
        weights: Mapping[str, float],
        *,
        where: Sequence[Condition] = (),
        limit: int,
        measured: Sequence[str] = (),
    ) -> Found:
        """Return the best ``limit`` passages for the weighted terms, and the rarity of those ``measured``.

        A document that is replaced meanwhile is found as it was or as it is, never missing.
        """
        started = time.perf_counter()
        ranked, snapshot, idf = await self._look(weights, where, limit, measured)
        looked = time.perf_counter()
        best = passages(ranked, limit=limit)
        ended = time.perf_counter()
        self.durations.add(ended - started)
        return Found(
            passages=best,
            index_version=f"{INDEX_FORMAT}-{snapshot.generation:x}",
            rarity=idf,
            timing_ms={
                "search": _ms(looked - started),
                "rank": _ms(ended - looked),
                "total": _ms(ended - started),
            },
        )

    async def _look(
        self, weights: Mapping[str, float], where: Sequence[Condition], limit: int, measured: Sequence[str]
    ) -> tuple[list[Ranked], Snapshot, dict[str, float]]:
        ranked: list[Ranked] = []
        snapshot = Snapshot({}, 0)
        idf: dict[str, float] = {}
        for _ in range(ATTEMPTS):
            text, title, idf = await self._hits(weights, where, limit, measured)
            fused = fuse(text, title)
            snapshot = await self._catalogue.snapshot(hit.document_id for hit in fused)
            ranked, moved = current(fused, snapshot.records)
            if not moved:
                break
        return ranked, snapshot, idf

    async def _hits(
        self, weights: Mapping[str, float], where: Sequence[Condition], limit: int, measured: Sequence[str]
    ) -> tuple[list[Hit], list[Hit], dict[str, float]]:
        if not weights:
            return [], [], {}
        count = max(MIN_CANDIDATES, CANDIDATES_PER_PASSAGE * limit)
        query = vector(weights)
        signals = [Signal(count, query, "text"), Signal(count, query, "title")]
        signals += [Signal(1, vector({term: 1.0}), "text") for term in measured]
        text, title, *single = await self._store.search(
            signals, where=of_kind("chunk", *where), keys=CHUNK_KEYS
        )
        idf = {
            term: rarity(hits[0].score, term=term, text=str(hits[0].payload["text"]))
            for term, hits in zip(measured, single, strict=True)
            if hits
        }
        return text, title, idf


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
