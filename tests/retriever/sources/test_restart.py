"""``python -m retriever`` goes on with an ingestion job after ``kill -9``."""

import asyncio
from pathlib import Path

import httpx
import pytest

from shared.contracts.data_sources import UNFINISHED, IngestionJob
from tests.support.retriever_process import FETCHING, running
from tests.support.site import Asked, html, serving_site, sitemap
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
PAGES = 40


async def ended(http: httpx.AsyncClient, id: str) -> IngestionJob:
    """Return the job when it has ended."""
    async with asyncio.timeout(30):
        while True:
            response = await http.get(f"/v1/ingestion-jobs/{id}")
            job = IngestionJob.model_validate(response.json())
            if job.status not in UNFINISHED:
                return job
            await asyncio.sleep(0.05)


async def test_a_killed_job_goes_on(tmp_path: Path) -> None:
    """Killed in the middle, the same job ends after a new start; what it had is not asked for again."""
    async with serving_site() as site:
        half = PAGES // 2
        released = False

        def late(asked: Asked) -> bool:
            return not released and int(asked.path[1:]) >= half

        site.pages = {f"/{n}": html(f"Part number{n} of the text.") for n in range(PAGES)}
        site.pages["/sitemap.xml"] = sitemap(*(site.url(f"/{n}") for n in range(PAGES)))
        site.holds = late
        async with running(tmp_path, **FETCHING) as (process, http):
            body = {"kind": "sitemap", "url": site.url("/sitemap.xml")}
            assert (await http.put("/v1/data-sources/docs", json=body)).status_code == 201
            job = (await http.post("/v1/data-sources/docs/sync")).json()
            await eventually(lambda: any(path == f"/{half}" for path in site.paths()), within=20)
            process.kill()
            await process.wait()
        before = site.paths()
        released = True
        async with running(tmp_path, **FETCHING) as (_, http):
            done = await ended(http, job["id"])
            assert (done.status, done.counts.found, done.counts.failed) == ("completed", PAGES, 0)
            assert done.counts.embedded + done.counts.unchanged == PAGES
            documents = (await http.get("/v1/documents", params={"limit": 200})).json()["items"]
            assert len(documents) == PAGES
            assert all(document["metadata"] == {"data_source": "docs"} for document in documents)
            again = site.paths()[len(before) :]
            assert len(set(again) & {f"/{n}" for n in range(half)}) <= 6, "what was had was asked for again"
            found = (await http.post("/v1/search", json={"query": f"number{half + 1}"})).json()
            assert found["passages"][0]["document_id"].endswith(f"/{half + 1}")
            assert (await http.delete("/v1/data-sources/docs")).status_code == 204
            assert (await http.get("/v1/documents")).json()["items"] == []
            assert (await http.get("/v1/data-sources")).json()["items"] == []
            assert (await http.get(f"/v1/ingestion-jobs/{job['id']}")).status_code == 404
