"""A retriever in this process with an empty index, and the sets of documents and queries put into it.

A set is a folder of ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``, or of ``docs/`` and queries with
gold spans, or of Markdown under ``src/`` alone.
"""

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from retriever.app import Adapters, create_app, make_collections
from retriever.settings import RetrieverSettings
from shared.auth import Principal, Role, signed_headers

TOKEN = "a token of the bench"
Rows = list[dict[str, Any]]
Documents = Sequence[tuple[str, str, str, str]]
"""Of each document its id, media type, title and content."""


@asynccontextmanager
async def service(data: Path, **adapters: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a retriever in this process, its index open; ``adapters`` are some of its own."""
    settings = RetrieverSettings(data_dir=data, internal_token=SecretStr(TOKEN))
    make = adapters.pop("make_collections", lambda: make_collections(settings))
    app = create_app(settings, adapters=Adapters(make, **adapters))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://x", auth=_signed, timeout=600) as http,
    ):
        await app.state.store.opened.wait()
        yield http


def _signed(request: httpx.Request) -> httpx.Request:
    """Each request anew: a signature lasts for minutes, a large set takes longer."""
    request.headers.update(signed_headers(Principal("owner", Role.OWNER), token=TOKEN, now=time.time()))
    return request


async def put(http: httpx.AsyncClient, documents: Documents) -> tuple[float, int]:
    """Take ``documents`` in; return how many seconds that took and how many chunks it made."""
    started, chunks = time.perf_counter(), 0
    for name, media_type, title, text in documents:
        answer = await http.put(
            f"/v1/documents/{quote(name, safe='')}",
            content=text.encode(),
            params={"title": title[:200]},
            headers={"content-type": media_type},
        )
        if answer.status_code == 422:
            print(f"refused: {name}: {answer.json()['detail']}")
            continue
        answer.raise_for_status()
        chunks += answer.json()["chunk_count"]
    return time.perf_counter() - started, chunks


def documents(folder: Path) -> Documents:
    """Return what ``folder`` holds; a line of a corpus gets its place as its id, theirs may be long."""
    if (folder / "corpus.jsonl").exists():
        corpus = rows(folder / "corpus.jsonl")
        return [
            (str(place), "text/plain", doc.get("title", ""), doc["text"]) for place, doc in enumerate(corpus)
        ]
    if (folder / "docs").exists():
        return [(path.stem, "text/plain", path.stem, path.read_text()) for path in _pages(folder / "docs")]
    pages = _pages(folder / "src")
    return [(str(path.relative_to(folder)), "text/markdown", "", path.read_text()) for path in pages]


def _pages(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.md"))


def rows(path: Path) -> Rows:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def judgements(table: str) -> dict[str, dict[str, float]]:
    """Return by query which documents are right and how much, from lines parted by tabs under a head."""
    found: dict[str, dict[str, float]] = {}
    for line in table.splitlines()[1:]:
        query, document, score = line.split("\t")
        if float(score) > 0:
            found.setdefault(query, {})[document] = float(score)
    return found
