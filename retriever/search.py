"""Finds the passages for a question.

Owns the order of the steps: look in the engine, keep what belongs to a standing document, rank. What
decides is in ``ranking``; what is a term, in ``tokens``.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from retriever.admission import Admission
from retriever.documents.catalogue import Catalogue
from retriever.documents.facets import conditions
from retriever.documents.links import deep_link
from retriever.documents.records import INDEX_FORMAT, SPARSE_VECTORS
from retriever.embedding.vectors import Asked, Vectors
from retriever.language.tokens import terms
from retriever.ports import Condition, DenseVector, Hit, Signal, VectorStore, Where
from retriever.ranking import PLACE_KEYS, Ranked, Scored, distinct, fuse, grouped, read
from retriever.sparse import rarity, vector
from shared.contracts.retriever import Passage, ScoreParts, SearchAnswer, SearchRequest
from shared.counting import Durations
from shared.tracing import span

MIN_CANDIDATES = 50
CANDIDATES_PER_PASSAGE = 3
ATTEMPTS = 3
MAX_SEARCHES = 4
RERANKED = 30
"""So many passages at least are reranked, however few are asked for."""
SPARE = 6
"""So many more passages are read at once than are asked for, since some are told twice."""
Rerank = Callable[[str, Sequence[Ranked]], Awaitable[tuple[list[Ranked], list[str]]]]
"""Returns the passages in a better order, and what is lacking where it could not."""


@dataclass(frozen=True)
class Found:
    """What a search brought."""

    passages: list[Ranked]
    index_version: str
    timing_ms: dict[str, float]
    degraded: tuple[str, ...] = ()
    """``dense`` where vectors could not be asked."""
    even: float | None = None
    """The cosine at which a passage is as likely as not about the question, where that is known."""
    where: Sequence[Condition] = ()
    """What it was narrowed to."""


@dataclass(frozen=True)
class Query:
    """What the engine is asked for."""

    weights: Mapping[str, float]
    where: Sequence[Condition]
    limit: int

    @property
    def count(self) -> int:
        """How many candidates of each signal are looked at."""
        return max(MIN_CANDIDATES, CANDIDATES_PER_PASSAGE * self.limit)

    @property
    def words(self) -> list[Signal]:
        """The signals of text and title; none without terms."""
        terms = vector(self.weights)
        return [Signal(self.count, terms, using) for using in SPARSE_VECTORS] if self.weights else []

    def near(self, vector: DenseVector | None) -> list[Signal]:
        """The signal of what is near ``vector``; none without one."""
        return [] if vector is None else [Signal(self.count, dense=vector)]


class Search:
    """Searches the chunks of all documents."""

    def __init__(
        self,
        store: VectorStore,
        catalogue: Catalogue,
        vectors: Vectors | None = None,
        admission: Admission | None = None,
    ) -> None:
        self._store, self._catalogue, self._vectors = store, catalogue, vectors or Vectors()
        self.admission = admission or Admission(MAX_SEARCHES, wait_s=math.inf)
        self.durations = Durations()

    async def search(self, request: SearchRequest, rerank: Rerank | None = None) -> SearchAnswer:
        """Answer ``POST /v1/search``; ``rerank`` is asked, where there is one and the request wants it.

        Raises
        ------
        OverloadedError
            When others wait too long for their turn already.
        """
        weights = dict.fromkeys(terms(request.query), 1.0)
        where = conditions(request.filters)
        limit = request.limit
        if not request.rerank or rerank is None:
            async with self.admission.turn():
                found = await self.find(weights, text=request.query, where=where, limit=limit)
            return _answer(request, found)
        async with self.admission.turn():
            found = await self.find(weights, text=request.query, where=where, limit=max(limit, RERANKED))
        began = time.perf_counter()
        best, lacking = await rerank(request.query, found.passages) if found.passages else ([], [])
        took = _ms(time.perf_counter() - began)
        timing = found.timing_ms | {"rerank": took, "total": round(found.timing_ms["total"] + took, 2)}
        found = replace(found, passages=best[:limit], degraded=(*found.degraded, *lacking), timing_ms=timing)
        return _answer(request, found)

    async def find(
        self,
        weights: Mapping[str, float],
        *,
        text: str,
        where: Sequence[Condition] = (),
        limit: int,
    ) -> Found:
        """Return the best ``limit`` passages for the weighted terms and the meaning of ``text``.

        A document that is replaced meanwhile is found as it was or as it is, never missing. Whoever calls
        this has a turn of ``admission``.
        """
        with span("search", {"carrel.limit": limit}) as one:
            found = await self._find(Query(weights, where, limit), text)
            one.note({"carrel.passages": len(found.passages), "carrel.index_version": found.index_version})
        return found

    async def _find(self, query: Query, text: str) -> Found:
        started = time.perf_counter()
        # The model needs no engine and the words no model.
        (asked, embed_s), words = await asyncio.gather(self._asked(text), self._hits(query, query.words))
        best, generation = await self._look(query, asked.vector, words)
        ended = time.perf_counter()
        self.durations.add(ended - started)
        return Found(
            passages=best,
            index_version=f"{INDEX_FORMAT}-{generation:x}",
            timing_ms={
                "embed": _ms(embed_s),
                "search": _ms(ended - started - embed_s),
                "total": _ms(ended - started),
            },
            degraded=("dense",) if asked.lacking else (),
            even=asked.even,
            where=query.where,
        )

    async def rarity(self, measured: Sequence[str], *, where: Sequence[Condition] = ()) -> dict[str, float]:
        """Return how rare each of the terms is; those that no chunk holds are left out."""
        if not measured:
            return {}
        signals = [Signal(1, vector({term: 1.0}), "text") for term in measured]
        lists = await self._store.search(signals, where=Where(tuple(where)), keys=["text"])
        return {
            term: rarity(hits[0].score, term=term, text=str(hits[0].payload["text"]))
            for term, hits in zip(measured, lists, strict=True)
            if hits
        }

    async def _asked(self, text: str) -> tuple[Asked, float]:
        """The vector of what is asked, and how many seconds that took."""
        started = time.perf_counter()
        asked = await self._vectors.query(text) if text.strip() else Asked()
        return asked, time.perf_counter() - started

    async def _look(
        self, query: Query, near: DenseVector | None, words: list[list[Hit]]
    ) -> tuple[list[Ranked], int]:
        """The passages of ``words`` and of what is ``near``, and the state of the index."""
        best: list[Ranked] = []
        generation = 0
        for attempt in range(ATTEMPTS):
            found = words if not attempt else await self._hits(query, query.words)
            fused = fuse(*(found or ([], [])), *await self._hits(query, query.near(near)))
            best, generation, moved = await self._read(grouped(fused), query.limit)
            if not moved:
                break
        return best, generation

    async def _hits(self, query: Query, signals: list[Signal]) -> list[list[Hit]]:
        if not signals:
            return []
        # Only chunks have vectors: no condition is needed, and one that holds for all costs a look at each.
        return await self._store.search(signals, where=Where(tuple(query.where)), keys=PLACE_KEYS)

    async def _read(self, groups: Sequence[list[Scored]], limit: int) -> tuple[list[Ranked], int, bool]:
        """The best passages; the state of the index; whether a document was replaced meanwhile."""
        best: list[Ranked] = []
        generation, moved = 0, False
        for first in range(0, max(1, len(groups)), limit + SPARE):
            part = groups[first : first + limit + SPARE]
            documents = {group[0].document_id for group in part}
            chunks = [chunk.id for group in part for chunk in group]
            snapshot = await self._catalogue.snapshot(documents, chunks)
            passages, stale = read(part, snapshot.others, snapshot.records)
            generation, moved = snapshot.generation, moved or stale
            best = distinct([*best, *passages], limit=limit)
            if len(best) == limit:
                break
        return best, generation, moved


def _answer(request: SearchRequest, found: Found) -> SearchAnswer:
    return SearchAnswer(
        passages=[passage(ranked, explain=request.explain) for ranked in found.passages],
        index_version=found.index_version,
        degraded=list(found.degraded),
        timing_ms=found.timing_ms,
    )


def passage(ranked: Ranked, *, explain: bool = False) -> Passage:
    """Return ``ranked`` as clients see it; ``explain``: with the parts of its score."""
    parts = ranked.parts
    return Passage(
        id=ranked.id,
        document_id=ranked.document_id,
        title=ranked.title,
        url=deep_link(ranked.url, anchor=ranked.anchor, text=ranked.text),
        anchor=ranked.anchor,
        heading_path=list(ranked.heading_path),
        text=ranked.text,
        score=round(ranked.score, 4),
        score_parts=ScoreParts(**asdict(parts)) if explain else None,
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
