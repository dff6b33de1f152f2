"""A set of judged queries and its folder, in the format that ``bench.retrieval`` reads."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Document:
    """One document; its id is by what a query names it."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Query:
    """One query and the documents that are right for it."""

    text: str
    right: tuple[str, ...]


def write(folder: Path, documents: Iterable[Document], queries: Iterable[Query]) -> tuple[int, int]:
    """Write a set and return how many documents and queries it has; the same ones give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = [{"id": one.id, "title": one.title, "text": one.text} for one in documents]
    asked = [(f"q{place}", query) for place, query in enumerate(queries)]
    _lines(folder / "corpus.jsonl", corpus)
    _lines(folder / "queries.jsonl", [{"id": id, "text": query.text} for id, query in asked])
    judged = [f"{id}\t{right}\t1" for id, query in asked for right in query.right]
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged, ""]))
    return len(corpus), len(asked)


def some(texts: Iterable[str], count: int) -> list[str]:
    """Return ``count`` of ``texts`` in an order that is the same everywhere and means nothing."""
    return sorted(set(texts), key=lambda text: (place(text), text))[:count]


def place(text: str) -> int:
    """Return the place of a text in that order."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _lines(path: Path, objects: Iterable[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects))
