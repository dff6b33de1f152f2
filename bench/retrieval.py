"""How well the retriever finds, through its own routes: ``python -m bench.retrieval DIR ...``.

A DIR holds ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv`` (documents are judged), or ``docs/`` and
queries with gold spans (characters are judged), or only Markdown under ``src/`` (taking in is timed). Each is
put into an empty embedded index over HTTP in process and asked over ``POST /v1/search``: each query once for
ten passages, which is timed, and once for thirty, which hold ten documents.
"""

import argparse
import asyncio
import math
import resource
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import httpx

from bench.served import Rows, documents, judgements, put, rows, service

DEPTH = 10
CONTEXT_CHARS = 8000
TIMED = 400


def main() -> None:
    """Print one line for each folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    options = parser.parse_args()
    for folder in options.folders:
        figures = asyncio.run(measured(folder))
        print(
            f"{folder.name}: " + ", ".join(f"{name} {value}" for name, value in figures.items()), flush=True
        )


async def measured(folder: Path) -> dict[str, str]:
    """Return the figures of one folder."""
    with tempfile.TemporaryDirectory() as data:
        async with service(Path(data)) as http:
            if (folder / "corpus.jsonl").exists():
                return await _documents(http, folder)
            if (folder / "queries.jsonl").exists():
                return await _spans(http, folder)
            return await _taken_in(http, folder)


async def _documents(http: httpx.AsyncClient, folder: Path) -> dict[str, str]:
    corpus, queries = rows(folder / "corpus.jsonl"), rows(folder / "queries.jsonl")
    gold = judgements((folder / "qrels.tsv").read_text())
    took, chunks = await put(http, documents(folder))
    judged = [query for query in queries if query["id"] in gold]
    timings = [(await _ask(http, query["text"], limit=DEPTH))[1] for query in judged[:TIMED]]
    lists: list[tuple[list[str], dict[str, float]]] = []
    for query in judged:
        passages, _ = await _ask(http, query["text"], limit=3 * DEPTH)
        found = list(dict.fromkeys(corpus[int(p["document_id"])]["id"] for p in passages))
        lists.append((found, gold[query["id"]]))
    return {
        f"nDCG@{DEPTH}": f"{mean(ndcg(found, right) for found, right in lists):.3f}",
        f"recall@{DEPTH}": f"{mean(recall(found, right) for found, right in lists):.3f}",
        f"MRR@{DEPTH}": f"{mean(reciprocal_rank(found, right) for found, right in lists):.3f}",
        "queries": str(len(lists)),
        **costs(timings, took, chunks),
    }


async def _spans(http: httpx.AsyncClient, folder: Path) -> dict[str, str]:
    """Recall of gold characters; a passage is found again in its document by its own words."""
    taken = documents(folder)
    texts = {name: text for name, _, _, text in taken}
    took, chunks = await put(http, taken)
    queries = rows(folder / "queries.jsonl")
    timings = [(await _ask(http, query["text"], limit=DEPTH))[1] for query in queries[:TIMED]]
    recalls: list[float] = []
    for query in queries:
        passages, _ = await _ask(http, query["text"], limit=3 * DEPTH)
        recalls.append(_covered(texts[query["doc"]], query, passages))
    return {
        f"recall of gold characters in {CONTEXT_CHARS}": f"{mean(recalls):.3f}",
        "queries": str(len(recalls)),
        **costs(timings, took, chunks),
    }


def _covered(text: str, query: dict[str, Any], passages: Rows) -> float:
    gold = {place for start, end in query["spans"] for place in range(start, end)}
    found: set[int] = set()
    left = CONTEXT_CHARS
    for passage in passages:
        words = passage["text"][:left]
        left -= len(words)
        start = text.find(words) if passage["document_id"] == query["doc"] else -1
        if start >= 0:
            found.update(range(start, start + len(words)))
        if not left:
            break
    return len(gold & found) / len(gold)


async def _taken_in(http: httpx.AsyncClient, folder: Path) -> dict[str, str]:
    taken = documents(folder)
    took, chunks = await put(http, taken)
    words = [Path(name).stem.replace("-", " ") for name, *_ in taken]
    timings = [(await _ask(http, f"how does {word} work", limit=DEPTH))[1] for word in words]
    return {"documents": str(len(taken)), **costs(timings, took, chunks)}


async def _ask(http: httpx.AsyncClient, query: str, *, limit: int) -> tuple[Rows, float]:
    started = time.perf_counter()
    answer = await http.post("/v1/search", json={"query": query, "limit": limit})
    elapsed = time.perf_counter() - started
    answer.raise_for_status()
    passages: Rows = answer.json()["passages"]
    return passages, elapsed * 1000


def costs(timings: list[float], took: float, chunks: int) -> dict[str, str]:
    """Return what taking in and searching cost: seconds, milliseconds, and the memory of it all."""
    timings = sorted(timings)
    return {
        "chunks": str(chunks),
        "taken in": f"{took:.1f} s",
        "search p50": f"{timings[len(timings) // 2]:.1f} ms",
        "p95": f"{timings[int(len(timings) * 0.95)]:.1f} ms",
        "peak memory": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB",
    }


def ndcg(found: list[str], right: dict[str, float]) -> float:
    """Return the discounted gain of the first ten over that of the best order there is."""
    gains = [right.get(name, 0.0) for name in found[:DEPTH]]
    best = sorted(right.values(), reverse=True)[:DEPTH]
    return _gain(gains) / _gain(best)


def recall(found: list[str], right: dict[str, float]) -> float:
    """Return the part of the right documents among the first ten."""
    return len(right.keys() & set(found[:DEPTH])) / len(right)


def reciprocal_rank(found: list[str], right: dict[str, float]) -> float:
    """Return one over the place of the first right document among the first ten, else zero."""
    return next((1 / place for place, name in enumerate(found[:DEPTH], 1) if name in right), 0.0)


def _gain(gains: list[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


if __name__ == "__main__":
    main()
