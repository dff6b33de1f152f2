"""``python -m retriever`` serves, stops when told, and loses nothing when killed."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from retriever.documents.catalogue import Catalogue
from retriever.documents.records import CONTENT, SCHEMA
from retriever.embedded import EmbeddedStore
from retriever.ingest import Ingest
from retriever.ports import AnyOf, Where
from tests.support.ports import free_ports
from tests.support.retriever_app import TOKEN, signed
from tests.support.retriever_room import InProcess

pytestmark = pytest.mark.integration
READY_WITHIN_S = 20.0
ROUNDS = 3


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """A retriever of its own process over ``data``, ready."""
    (port,) = free_ports(1)
    env = {
        "INTERNAL_TOKEN": TOKEN,
        "RETRIEVER_PORT": str(port),
        "DATA_DIR": str(data),
        "PATH": os.environ["PATH"],
    }
    log = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "retriever", env=env, stdout=log)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=signed(), timeout=10
        ) as http:
            await ready(http)
            yield process, http
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ready(http: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if (await http.get("/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError("the retriever did not become ready")


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
    async with serving(tmp_path) as (process, http):
        assert await put(http, "a", 1)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 8)
    async with serving(tmp_path) as (_, http):
        assert (await http.get("/v1/documents/a")).json()["chunk_count"] == 20


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    """A port that is taken ends the start, naming the setting."""
    async with serving(tmp_path / "one") as (_, http):
        env = {
            "INTERNAL_TOKEN": TOKEN,
            "RETRIEVER_PORT": str(http.base_url.port),
            "DATA_DIR": str(tmp_path / "two"),
        }
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
        async with serving(tmp_path) as (process, http):
            for id, stands in acknowledged.items():
                await check(http, id, at_least=stands, at_most=attempted[id])
            # After so many, and in the middle of a further one: a busy machine takes seconds for the first.
            enough, done_now = random.randint(4, 12), 0
            killing: asyncio.TimerHandle | None = None
            alive = True
            while alive:
                version += 1
                ids = [f"doc{version % 5}", f"doc{(version + 2) % 5}"]
                attempted |= dict.fromkeys(ids, version)
                results = await asyncio.gather(*(put(http, id, version) for id in ids))
                acknowledged |= {id: version for id, done in zip(ids, results, strict=True) if done}
                alive = all(results)
                done_now += sum(results)
                if alive and killing is None and done_now >= enough:
                    killing = asyncio.get_running_loop().call_later(random.uniform(0, 0.05), process.kill)
            await process.wait()
    assert len(acknowledged) == 5
    async with serving(tmp_path) as (_, http):
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
    await store.ensure(SCHEMA)
    await Ingest(store, Catalogue(store), InProcess(), now_us=lambda: time.time_ns() // 1000).sweep()
    assert await store.count(Where((AnyOf("kind", CONTENT),))) == documents * 21
    await store.close()
