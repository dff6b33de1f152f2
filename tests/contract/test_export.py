"""An index goes from each engine to the other and back, with its vectors, and finds the same."""

import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient

from retriever.documents.catalogue import Catalogue
from retriever.documents.preparation import Submission
from retriever.documents.records import META_ID
from retriever.embedded import EmbeddedCollections
from retriever.embedding.vectors import Vectors
from retriever.index.identity import wanted
from retriever.index.importing import Importing
from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from retriever.ports import Collections, Point
from retriever.qdrant import QdrantCollections
from retriever.search import Search
from shared.contracts.retriever import SearchRequest
from tests.support.embedders import WordEmbedder
from tests.support.exported import lines_of, opened, pieces, points_of
from tests.support.index_state import book
from tests.support.retriever_room import InProcess, ticking

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant"),
]
EMBEDDER = WordEmbedder()
TARGET = wanted(EMBEDDER.space)
QUESTIONS = ("term3 storm", "brass lens of place2x0", "tower")


def engine(kind: str, folder: Path) -> Collections:
    if kind == "embedded":
        return EmbeddedCollections(folder / "qdrant")
    return QdrantCollections(AsyncQdrantClient(":memory:"), collection="test")


@pytest.fixture
async def exported(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[OpeningStore]:
    """A few documents with vectors, and something that is kept beside them, in one engine."""
    async with opened(engine(request.param, tmp_path / "one"), target=TARGET) as store:
        vectors = Vectors([EMBEDDER], living=lambda: store.space)
        ingest = Ingest(
            store, Catalogue(store), InProcess(), now_us=ticking(), vectors=vectors, gate=store.gate
        )
        for name, text in book(6).items():
            await ingest.put(name, Submission(text.encode(), "text/markdown"))
        await store.upsert([Point("00000000-0000-0000-0000-000000000001", {"kind": "data_source", "n": 1})])
        yield store


async def found(store: OpeningStore) -> list[list[tuple[str, Any]]]:
    search = Search(store, Catalogue(store), Vectors([EMBEDDER], living=lambda: store.space))
    answers = [await search.search(SearchRequest(query=question, limit=5)) for question in QUESTIONS]
    return [[(p.id, pytest.approx(p.score, abs=1e-4)) for p in answer.passages] for answer in answers]


@pytest.mark.parametrize(
    ("exported", "other"), [("embedded", "qdrant"), ("qdrant", "embedded")], indirect=["exported"]
)
async def test_there_and_back(exported: OpeningStore, other: str, tmp_path: Path) -> None:
    """Each point is what it was, vectors included, and searches find the same with the same scores."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Payload indexes have no effect")
        before, lines = await points_of(exported), await lines_of(exported)
        async with opened(engine(other, tmp_path / "two")) as store:
            await Importing(store, tick=ticking()).take(pieces(lines), replace=False)
            there = await points_of(store)
            assert store.identity == TARGET
            assert await found(store) == await found(exported)
            again = await lines_of(store)
        await Importing(exported, tick=ticking()).take(pieces(again), replace=True)
        back = await points_of(exported)
    for points in (there, back):
        assert points.keys() == before.keys()
        for id in points.keys() - {META_ID}:
            assert points[id].payload == before[id].payload
            assert near(points[id]) == near(before[id])


def near(point: Point) -> tuple[Any, Any]:
    """The vectors of a point, their numbers as exact as an engine keeps them."""
    sparse = {name: (v.indices, [round(x, 5) for x in v.values]) for name, v in point.sparse.items()}
    return sparse, None if point.dense is None else [round(x, 5) for x in point.dense]
