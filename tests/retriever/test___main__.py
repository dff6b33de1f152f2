"""``python -m retriever`` serves, stops when told, and loses nothing when killed."""

import asyncio
import random
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest

from retriever.documents.catalogue import Catalogue
from retriever.documents.records import CONTENT
from retriever.embedded.store import EmbeddedStore
from retriever.index.identity import wanted
from retriever.ingest import Ingest
from retriever.ports import AnyOf, Where
from tests.support.retriever_process import environment, running
from tests.support.retriever_room import InProcess

pytestmark = pytest.mark.integration
ROUNDS = 3
PUTS = 6
"""So many pairs of documents are put before the process is killed, in the middle of the next ones."""


async def put(http: httpx.AsyncClient, id: str, version: int) -> bool:
    """Put a document of some chunks; return whether it was acknowledged."""
    word = f"{id}v{version}"
    text = "\n\n".join(f"# Part {part}\n\n{word} stands in part{part} of the text." for part in range(20))
    try:
        response = await http.put(
            f"/v1/documents/{id}", content=text, headers={"content-type": "text/markdown"}
        )
    except httpx.TransportError:
        return False
    return response.status_code in (200, 201)


async def test_it_stops_when_told(tmp_path: Path) -> None:
    """SIGTERM ends the process soon, and what was put is there after a new start."""
    async with running(tmp_path) as (process, http):
        assert await put(http, "a", 1)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 8)
    async with running(tmp_path) as (_, http):
        assert (await http.get("/v1/documents/a")).json()["chunk_count"] == 20


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    """A port that is taken ends the start, naming the setting."""
    async with running(tmp_path / "one") as (_, http):
        env = environment(tmp_path / "two", http.base_url.port or 0)
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "retriever", env=env, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await second.communicate()
    assert second.returncode == 2
    assert errors.decode().startswith("carrel: RETRIEVER_PORT")
    assert errors.count(b"\n") == 1


async def test_nothing_acknowledged_is_lost_when_killed(tmp_path: Path) -> None:
    """Killed in the middle of puts, it keeps every acknowledged document whole, and no chunk too many."""
    acknowledged: dict[str, int] = {}
    attempted: dict[str, int] = {}
    version = 0
    for _ in range(ROUNDS):
        async with running(tmp_path) as (process, http):
            for id, stands in acknowledged.items():
                await check(http, id, at_least=stands, at_most=attempted[id])
            puts, alive = 0, True
            while alive:
                version, puts = version + 1, puts + 1
                ids = [f"doc{version % 5}", f"doc{(version + 2) % 5}"]
                attempted |= dict.fromkeys(ids, version)
                if puts == PUTS:
                    asyncio.get_running_loop().call_later(random.uniform(0, 0.05), process.kill)
                results = await asyncio.gather(*(put(http, id, version) for id in ids))
                acknowledged |= {id: version for id, done in zip(ids, results, strict=True) if done}
                alive = all(results)
            await process.wait()
    assert len(acknowledged) == 5
    async with running(tmp_path) as (_, http):
        for id, stands in acknowledged.items():
            await check(http, id, at_least=stands, at_most=attempted[id])
    await check_no_leftovers(tmp_path, len(acknowledged))


async def check(http: httpx.AsyncClient, id: str, *, at_least: int, at_most: int) -> None:
    """The document stands whole, in one version acknowledged or being put, and is found by it."""
    document = (await http.get(f"/v1/documents/{id}")).json()
    versions = {int(chunk["text"].split()[0].removeprefix(f"{id}v")) for chunk in document["chunks"]}
    assert len(document["chunks"]) == document["chunk_count"] == 20
    (version,) = versions
    assert at_least <= version <= at_most
    found = (await http.post("/v1/search", json={"query": f"{id}v{version}"})).json()
    assert {passage["document_id"] for passage in found["passages"]} == {id}


async def check_no_leftovers(data: Path, documents: int) -> None:
    """After a sweep only the chunks and sources of standing revisions are in the engine."""
    store = EmbeddedStore(data / "qdrant")
    await store.ensure(wanted(None).schema)
    await Ingest(store, Catalogue(store), InProcess(), now_us=lambda: time.time_ns() // 1000).sweep()
    assert await store.count(Where((AnyOf("kind", CONTENT),))) == documents * 21
    await store.close()
