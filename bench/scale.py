"""How fast the retriever finds among many chunks: ``python -m bench.scale DIR [--chunks N ...]``.

DIR is a set with ``corpus.jsonl`` and ``queries.jsonl``. Documents of its sentences, drawn at random, are
taken in until there are N chunks; then its queries are asked, each once, over ``POST /v1/search`` in process.
Queries are embedded by the local model; the chunks' vectors are random directions instead, which cost the
engine the same and take minutes less to make.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from bench.figures import percentile
from bench.retrieval import costs
from bench.served import rows, service
from retriever.app import Embedders
from retriever.embedding.local import Absent, find
from retriever.language.sentences import sentence_spans
from retriever.ports import DenseVector, Embedder
from retriever.settings import RetrieverSettings

SENTENCES = 40
"""In a document: some five chunks."""
PASSAGES = 10
AT_ONCE = 8


class RandomPassages:
    """An ``Embedder`` that asks ``inner`` for queries alone."""

    def __init__(self, inner: Embedder) -> None:
        self._inner, self._random = inner, random.Random(1)  # seeded
        self.space, self.even = inner.space, inner.even

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        return [self._direction() for _ in texts]

    async def query(self, text: str) -> DenseVector:
        return await self._inner.query(text)

    async def open(self) -> None:
        await self._inner.open()

    async def close(self) -> None:
        await self._inner.close()

    def _direction(self) -> DenseVector:
        vector = [self._random.gauss(0, 1) for _ in range(self.space.size)]
        length = sum(value * value for value in vector) ** 0.5
        return [value / length for value in vector]


def main() -> int:
    """Print one line for each number of chunks; return 1 where there is no local model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    for chunks in options.chunks:
        figures = asyncio.run(measured(options.folder, chunks))
        if not figures:
            print("the local model is missing: make model", file=sys.stderr)
            return 1
        print(", ".join(f"{name} {value}" for name, value in figures.items()), flush=True)
    return 0


async def measured(folder: Path, chunks: int) -> dict[str, str]:
    """Return the figures of an index of at least so many chunks; none where there is no local model."""
    queries = [row["text"] for row in rows(folder / "queries.jsonl")]
    with tempfile.TemporaryDirectory() as data:
        async with service(Path(data), make_embedders=lambda settings, *_: _embedders(settings)) as http:
            if not (await http.get("/v1/index")).json()["embedding_model"]:
                return {}
            started = time.perf_counter()
            made = await _filled(http, folder, chunks)
            took = time.perf_counter() - started
            timings, own = [], []
            for query in queries:
                began = time.perf_counter()
                answer = await http.post("/v1/search", json={"query": query, "limit": PASSAGES})
                timings.append((time.perf_counter() - began) * 1000)
                own.append(answer.raise_for_status().json()["timing_ms"]["total"])
            inside = f"{percentile(own, 0.5):.1f} / {percentile(own, 0.95):.1f} ms"
            return {
                "queries": str(len(queries)),
                **costs(timings, took, made),
                "p50 / p95 without HTTP": inside,
            }


def _embedders(settings: RetrieverSettings) -> Embedders:
    local = find(settings)
    return Embedders() if isinstance(local, Absent) else Embedders((RandomPassages(local),))


async def _filled(http: httpx.AsyncClient, folder: Path, chunks: int) -> int:
    """Put documents until there are so many chunks; return how many there are."""
    draw = random.Random(2)  # seeded
    sentences = [
        row["text"][start:end]
        for row in rows(folder / "corpus.jsonl")
        for start, end in sentence_spans(row["text"])
    ]
    made, number = 0, 0
    while made < chunks:
        texts = [" ".join(draw.choices(sentences, k=SENTENCES)) for _ in range(AT_ONCE)]
        answers = await asyncio.gather(
            *(
                http.put(
                    f"/v1/documents/{number + place}",
                    content=text.encode(),
                    headers={"content-type": "text/plain"},
                )
                for place, text in enumerate(texts)
            )
        )
        number += AT_ONCE
        made += sum(answer.raise_for_status().json()["chunk_count"] for answer in answers)
    return made


if __name__ == "__main__":
    sys.exit(main())
