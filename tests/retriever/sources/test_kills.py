"""kill -9 again and again: what is in the index in the end is what an undisturbed run puts there."""

import asyncio
import random
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.contracts.data_sources import UNFINISHED, IngestionJob
from tests.support.archives import targz
from tests.support.index_state import book, found, index
from tests.support.retriever_process import FETCHING, running

pytestmark = pytest.mark.integration
FILES = 95
KILLS = 5
CHANGED = {"part0/ch00.md": "# Chapter 0\n\nAnother lamp, term0.", "new.md": "# New\n\nA new keeper, term95."}


def moments(seed: int) -> list[tuple[int, float]]:
    """After how many documents, and how much later in seconds, the process is killed."""
    rng = random.Random(seed)
    return [(after, rng.uniform(0, 0.03)) for after in sorted(rng.sample(range(1, FILES - 5), KILLS))]


async def test_a_job_that_is_killed_again_and_again(tmp_path: Path) -> None:
    """The same job goes on each time; documents, chunks, pages, counts and what is found are the same."""
    archive = targz(book(FILES))
    undisturbed = await synced(tmp_path / "whole", archive, [])
    killed = await synced(tmp_path / "killed", archive, moments(1))
    assert killed == undisturbed
    assert len(killed["index"]["records"]) == FILES
    later = targz({**book(FILES - 5), **CHANGED})
    undisturbed = await synced(tmp_path / "whole", later, [])
    killed = await synced(tmp_path / "killed", later, [(0, 0.01), (0, 0.1)])
    assert killed == undisturbed
    assert killed["counts"] == {
        "found": FILES - 4,
        "passed_over": 0,
        "unchanged": FILES - 6,
        "embedded": 2,
        "removed": 5,
        "failed": 0,
    }


async def synced(data: Path, archive: bytes, kills: list[tuple[int, float]]) -> dict[str, Any]:
    """Upload and sync, the process being killed at these moments of the job; return what it came to."""
    job_id = ""
    for after, later in kills:
        async with running(data, **FETCHING) as (process, http):
            job_id = job_id or await begun(http, archive)
            await until(http, job_id, after)
            await asyncio.sleep(later)
            process.kill()
            await process.wait()
    async with running(data, **FETCHING) as (_, http):
        job = await until(http, job_id or await begun(http, archive))
        assert (job.status, job.failures) == ("completed", [])
        told = {
            "counts": job.counts.model_dump(exclude={"fetched"}),
            "changes": [change.model_dump() for change in job.changes],
        }
    return told | {"index": await index(data), "found": await found_anew(data)}


async def found_anew(data: Path) -> dict[str, Any]:
    """What searches find in a copy whose index was built anew, scores included.

    Until then the embedded engine counts what was deleted in how rare a term is, so scores tell its history.
    """
    copy = shutil.copytree(data, data.with_name(f"{data.name}-copy"))
    try:
        async with running(copy, **FETCHING) as (_, http):
            assert (await http.post("/v1/index/rebuild")).status_code == 202
            await rebuilt(http)
            return await found(http)
    finally:
        shutil.rmtree(copy)


async def rebuilt(http: httpx.AsyncClient) -> None:
    """Return when the index has been built anew, and is the one that is searched."""
    async with asyncio.timeout(120):
        while True:
            told = (await http.get("/v1/index")).json()["rebuild"]
            if told["finished_at"] is not None:
                break
            await asyncio.sleep(0.05)
    assert (told["status"], told["done"]) == ("idle", told["total"]), told


async def begun(http: httpx.AsyncClient, archive: bytes) -> str:
    """Upload the archive and begin a job; return its id."""
    assert (await http.put("/v1/data-sources/docs", json={"kind": "archive"})).status_code < 300
    assert (await http.put("/v1/data-sources/docs/archive", content=archive)).status_code == 200
    return str((await http.post("/v1/data-sources/docs/sync")).json()["id"])


async def until(http: httpx.AsyncClient, job_id: str, embedded: int = FILES + 1) -> IngestionJob:
    """Return the job when it has ended, or taken in so many documents."""
    async with asyncio.timeout(120):
        while True:
            job = IngestionJob.model_validate((await http.get(f"/v1/ingestion-jobs/{job_id}")).json())
            if job.status not in UNFINISHED or job.counts.embedded >= embedded:
                return job
            await asyncio.sleep(0.005)


async def test_puts_that_are_killed_again_and_again(tmp_path: Path) -> None:
    """A client that puts all files again after each kill ends with the index of an undisturbed one."""
    files = book(FILES)
    undisturbed = await put_all(tmp_path / "whole", files, [])
    killed = await put_all(tmp_path / "killed", files, moments(2))
    assert killed == undisturbed
    assert len(killed["index"]["records"]) == FILES


async def put_all(data: Path, files: Mapping[str, str], kills: list[tuple[int, float]]) -> dict[str, Any]:
    """Put all files, from the first again after each kill; return what it came to."""
    for after, later in kills:
        async with running(data, **FETCHING) as (process, http):
            putting = Putting(http, files)
            task = asyncio.ensure_future(putting.run())
            await putting.reached(after)
            await asyncio.sleep(later)
            process.kill()
            await process.wait()
            with suppress(httpx.TransportError):
                await task
    async with running(data, **FETCHING) as (_, http):
        await Putting(http, files).run()
    return {"index": await index(data), "found": await found_anew(data)}


class Putting:
    """Puts files, four at a time, as ``carrel ingest`` does."""

    def __init__(self, http: httpx.AsyncClient, files: Mapping[str, str]) -> None:
        self._http, self._left = http, iter(files.items())
        self._done = 0
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Put all; ends with what cut the first of them off."""
        async with asyncio.timeout(120):
            results = await asyncio.gather(*(self._work() for _ in range(4)), return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                raise error

    async def reached(self, number: int) -> None:
        """Return when so many were acknowledged."""
        async with asyncio.timeout(120):
            while self._done < number:
                self._news.clear()
                await self._news.wait()

    async def _work(self) -> None:
        for name, text in self._left:
            answer = await self._http.put(
                f"/v1/documents/{name}", content=text, headers={"content-type": "text/markdown"}
            )
            assert answer.status_code in (200, 201, 204), answer.text
            self._done += 1
            self._news.set()
