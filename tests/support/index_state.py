"""What stands in an index, however it came there: documents to take in, and all that is told of them."""

import random
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from retriever.documents.catalogue import Catalogue
from retriever.documents.records import META_ID, point_id, to_record
from retriever.embedded.store import EmbeddedStore
from retriever.index.identity import IDENTITY_ID, wanted
from retriever.ingest import Ingest
from retriever.ports import Where
from tests.support.retriever_room import InProcess

QUESTIONS = ("term7 term70", "place12x1 place40x0", "storm 41", "term41 brass lens", "chapter 33 tower")
_WORDS = [
    *("lamp", "keeper", "storm", "brass", "lens", "oil", "wick", "tower"),
    *("signal", "fog", "stair", "harbour", "glass", "clock", "log", "tide"),
]
_PASSING = ("created", "updated", "revision")


def book(files: int) -> dict[str, str]:
    """So many documents in Markdown, the same at every call, each with words of its own."""
    return {f"part{n % 7}/ch{n:02}.md": _chapter(n) for n in range(files)}


def _chapter(n: int) -> str:
    rng = random.Random(n)
    sections = [_section(n, name, rng) for name in ("one", "two", "three")]
    return f"# Chapter {n}\n\n" + "\n\n".join(sections) + "\n"


def _section(n: int, name: str, rng: random.Random) -> str:
    paragraphs = [
        " ".join([*rng.choices(_WORDS, k=40), f"term{n}", f"place{n}x{part}."])
        for part in range(rng.randint(1, 6))
    ]
    return "\n\n".join([f"## Section {name} of {rng.choice(_WORDS)} {n}", *paragraphs])


async def index(data: Path) -> dict[str, Any]:
    """All that stands in the index, but for what is another at every taking in; nothing is left over.

    Ids of points are held against what they are made of, so that only their revisions may differ.
    """
    store = EmbeddedStore(data / "qdrant")
    await store.ensure(wanted(None).schema)
    try:
        swept = await Ingest(
            store, Catalogue(store), InProcess(), now_us=lambda: time.time_ns() // 1000
        ).sweep()
        points, after = await store.scroll(Where(), limit=100_000)
        assert after is None
        assert swept == 0, "the retriever's own sweep left something"
        return _told(points)
    finally:
        await store.close()


def _told(points: Sequence[Any]) -> dict[str, Any]:
    records = {
        p.payload["document_id"]: to_record(p.payload) for p in points if p.payload["kind"] == "record"
    }
    told: dict[str, Any] = {
        "records": {
            name: {key: value for key, value in asdict(record).items() if key not in _PASSING}
            for name, record in records.items()
        },
        "others": [],
    }
    for point in points:
        kind, payload = point.payload["kind"], dict(point.payload)
        if kind in ("chunk", "source"):
            revision, name = payload.pop("revision"), payload["document_id"]
            place = payload["ordinal" if kind == "chunk" else "part"]
            assert revision == records[name].revision, f"a leftover of {name}"
            assert point.id == point_id(kind, name, revision, place)
            told[f"{kind} {name} {place}"] = payload
        elif kind.startswith("data_source_page"):
            told[f"page {payload['url']}"] = {
                key: payload[key] for key in ("source_id", "document_id", "etag", "outcome", "reason")
            }
        elif kind != "record" and point.id not in (META_ID, IDENTITY_ID):
            told["others"].append(kind)
    told["others"].sort()
    return told


async def found(http: httpx.AsyncClient) -> dict[str, Any]:
    """What searches find for several questions, scores included; ids tell of revisions and are left out."""
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        body = {"query": question, "limit": 3}
        passages = (await http.post("/v1/search", json=body)).json()["passages"]
        assert passages
        answers[question] = [
            {key: value for key, value in passage.items() if key != "id"} for passage in passages
        ]
    return answers
