"""How well the retriever answers without a model: ``python -m bench.answers DIR ... [--foreign DIR ...]``.

Each DIR (see ``bench.sets``) is put into an empty embedded index and asked over ``POST /v1/answer``. An
answer is right when it holds a gold answer, else when it cites a right document or speaks of a gold span. The
queries of ``--foreign`` folders are asked as well: nothing there answers them.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from bench.grading import HALVES, Graded, contained, flaws, half, refused, told, words
from bench.served import Rows, documents, judgements, put, rows, service
from bench.turns import follow_ups

Answer = dict[str, Any]
Right = Callable[[dict[str, Any], Answer], bool | None]


def main() -> None:
    """Print a line for each half of each folder, and one for each foreign folder asked there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--foreign", nargs="+", type=Path, metavar="DIR", default=[])
    parser.add_argument("--half", choices=HALVES, help="ask only this half of the queries")
    options = parser.parse_args()
    halves = (options.half,) if options.half else HALVES
    for folder in options.folders:
        asyncio.run(_print(folder, options.foreign, halves))


async def _print(folder: Path, foreign: Sequence[Path], halves: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as data:
        async with service(Path(data)) as http:
            await put(http, documents(folder))
            for name in halves:
                graded = await _asked(http, _half(_queries(folder), name), _judge(folder))
                _say(folder, name, graded)
                if turns := _half(_follow_ups(folder), name):
                    _say(folder, f"{name}, as follow-ups", await _asked(http, turns, _judge(folder)))
                    alone = [{**query, "before": []} for query in turns]
                    _say(
                        folder,
                        f"{name}, the same without what was before",
                        await _asked(http, alone, _judge(folder)),
                    )
                for other in foreign:
                    graded = await _asked(http, _half(_queries(other), name), _unknown)
                    print(f"{folder.name}, {name}, {other.name} refused: {refused(graded)}", flush=True)


def _say(folder: Path, name: str, graded: Sequence[Graded]) -> None:
    figures = ", ".join(f"{key} {value}" for key, value in told(graded).items())
    print(f"{folder.name}, {name}: {figures}", flush=True)


async def _asked(http: httpx.AsyncClient, queries: Rows, right: Right) -> list[Graded]:
    return [await _graded(http, query, right) for query in queries]


async def _graded(http: httpx.AsyncClient, query: dict[str, Any], right: Right) -> Graded:
    messages = [*query.get("before", []), {"role": "user", "content": query["text"]}]
    started = time.perf_counter()
    response = await http.post("/v1/answer", json={"messages": messages})
    elapsed = (time.perf_counter() - started) * 1000
    response.raise_for_status()
    answer: Answer = response.json()
    return Graded(
        refused=answer["finish_reason"] == "refused",
        right=right(query, answer),
        sentences=len(answer["citations"]),
        words=words(answer["answer"]),
        flaws=tuple(flaws(answer)),
        elapsed_ms=elapsed,
    )


def _half(queries: Rows, name: str) -> Rows:
    return [query for query in queries if half(query["id"]) == name]


def _queries(folder: Path) -> Rows:
    """The queries that something in ``folder`` answers; of a folder without any, one about each page."""
    if not (folder / "queries.jsonl").exists():
        heads = [text.lstrip().splitlines()[0].strip("# ") for *_, text in documents(folder)]
        return [{"id": head, "text": f"How does {head} work?"} for head in heads]
    found = rows(folder / "queries.jsonl")
    if (folder / "qrels.tsv").exists():
        gold = judgements((folder / "qrels.tsv").read_text())
        return [query for query in found if query["id"] in gold]
    return found


def _follow_ups(folder: Path) -> Rows:
    """Of a set whose documents have titles and whose queries have gold answers, conversations."""
    queries = _queries(folder)
    if not (folder / "qrels.tsv").exists() or "answers" not in queries[0]:
        return []
    titles = {row["id"]: row.get("title", "") for row in rows(folder / "corpus.jsonl")}
    gold = judgements((folder / "qrels.tsv").read_text())
    return list(follow_ups(queries, {query: titles[next(iter(right))] for query, right in gold.items()}))


def _judge(folder: Path) -> Right:
    if not (folder / "queries.jsonl").exists():
        return _unknown
    places = {name: text for name, _, _, text in documents(folder)}
    gold = judgements((folder / "qrels.tsv").read_text()) if (folder / "qrels.tsv").exists() else {}
    ids = [row["id"] for row in rows(folder / "corpus.jsonl")] if gold else []

    def right(query: dict[str, Any], answer: Answer) -> bool:
        if "answers" in query:
            return contained(query["answers"], answer["answer"])
        quotes = [(s["document_id"], s["quote"]) for c in answer["citations"] for s in c["sources"]]
        if gold:
            return any(ids[int(document)] in gold[query["id"]] for document, _ in quotes)
        return any(_meets(places[query["doc"]], query, quote) for d, quote in quotes if d == query["doc"])

    return right


def _unknown(query: dict[str, Any], answer: Answer) -> None:
    return None


def _meets(text: str, query: dict[str, Any], quote: str) -> bool:
    at = text.find(quote)
    return at >= 0 and any(start < at + len(quote) and at < end for start, end in query["spans"])


if __name__ == "__main__":
    main()
