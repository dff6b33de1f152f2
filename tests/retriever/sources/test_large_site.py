"""A site of 500 pages over real HTTP, and a retriever of its own process: first whole, then what changed."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.contracts.data_sources import UNFINISHED, IngestionJob
from tests.support.retriever_process import FETCHING, running
from tests.support.site import Answer, Site, html, serving_site, sitemap, tagged

pytestmark = pytest.mark.integration
PAGES = 500
DATED = range(0, 250)
"""These have a date in the list; the others an ETag."""
BEFORE, AFTER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
CHANGED = [*range(0, 10), *range(250, 260)]
UNLISTED = [*range(10, 13), *range(260, 262)]
GONE = [*range(13, 15), *range(262, 265)]
BROKEN = [*range(15, 18), *range(265, 267)]


def page(n: int, text: str = "stands") -> Any:
    answer = html(f"Page word{n} {text} by the harbour.", title=f"Page {n}")
    return answer if n in DATED else tagged(answer, f'"{text}"')


def lists(site: Site, pages: list[int], moved: list[int]) -> dict[str, Any]:
    """An index of five sitemaps, one of them packed."""
    parts = [[n for n in pages if n % 5 == part] for part in range(5)]
    maps = [
        sitemap(
            *((site.url(f"/page/{n}"), (AFTER if n in moved else BEFORE) if n in DATED else "") for n in part)
        )
        for part in parts
    ]
    found: dict[str, Any] = {f"/map{part}.xml": answer for part, answer in enumerate(maps)}
    found["/map4.xml"] = Answer(gzip.compress(maps[4].body), headers={"content-type": "application/gzip"})
    found["/sitemap.xml"] = sitemap(*(site.url(f"/map{part}.xml") for part in range(5)), index=True)
    return found


async def synced(http: httpx.AsyncClient) -> IngestionJob:
    id = (await http.post("/v1/data-sources/site/sync")).json()["id"]
    async with asyncio.timeout(240):
        while True:
            job = IngestionJob.model_validate((await http.get(f"/v1/ingestion-jobs/{id}")).json())
            if job.status not in UNFINISHED:
                assert job.status == "completed", job.reason
                return job
            await asyncio.sleep(0.1)


async def documents(http: httpx.AsyncClient) -> set[int]:
    """The pages whose documents are in the index."""
    found: set[int] = set()
    cursor: str | None = None
    while True:
        params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        listed = (await http.get("/v1/documents", params=params)).json()
        found |= {int(item["id"].rpartition("/")[2]) for item in listed["items"]}
        if (cursor := listed["next_cursor"]) is None:
            return found


def numbers(job: IngestionJob, change: str) -> list[int]:
    return sorted(int(each.url.rpartition("/")[2]) for each in job.changes if each.change == change)


def asked(site: Site, since: int) -> list[int]:
    return [int(path.rpartition("/")[2]) for path in site.paths()[since:] if path.startswith("/page/")]


async def test_a_site_of_500_pages(tmp_path: Path) -> None:
    """All of it comes; then only what changed, and what is gone and broken is told page by page."""
    async with serving_site() as site, running(tmp_path, **FETCHING) as (_, http):
        everything = list(range(PAGES))
        site.pages |= {f"/page/{n}": page(n) for n in everything} | lists(site, everything, [])
        body = {"kind": "sitemap", "url": site.url("/sitemap.xml")}
        assert (await http.put("/v1/data-sources/site", json=body)).status_code == 201
        first = await synced(http)
        assert first.counts.model_dump() == {
            "found": PAGES,
            "passed_over": 0,
            "fetched": PAGES,
            "unchanged": 0,
            "embedded": PAGES,
            "removed": 0,
            "failed": 0,
        }
        assert sorted(asked(site, 0)) == everything
        assert await documents(http) == set(everything)

        since = len(site.paths())
        site.pages |= {f"/page/{n}": page(n, "moved") for n in CHANGED}
        site.pages |= {f"/page/{n}": Answer(status=410) for n in GONE}
        site.pages |= {f"/page/{n}": Answer(status=500) for n in BROKEN}
        listed = [n for n in everything if n not in UNLISTED]
        site.pages |= lists(site, listed, [*CHANGED, *GONE, *BROKEN])
        second = await synced(http)
        others = PAGES - 20 - 10 - 5
        assert (second.counts.found, second.counts.unchanged) == (PAGES - 5, others)
        assert (second.counts.embedded, second.counts.removed, second.counts.failed) == (20, 10, 5)
        assert numbers(second, "replaced") == CHANGED
        assert numbers(second, "removed") == sorted([*UNLISTED, *GONE])
        assert numbers(second, "added") == []
        failed = {int(each.url.rpartition("/")[2]): each.reason for each in second.failures}
        assert failed == dict.fromkeys(BROKEN, "the server answered 500")
        dated = {n for n in asked(site, since) if n in DATED}
        assert dated == {n for n in (*CHANGED, *GONE, *BROKEN) if n in DATED}, "a date saves the request"
        tags = [each for each in site.asked if "if-none-match" in each.headers]
        assert {int(each.path.rpartition("/")[2]) for each in tags} == set(listed) - set(DATED)
        assert await documents(http) == set(everything) - {*UNLISTED, *GONE}
        answer = (await http.post("/v1/search", json={"query": "word3 moved"})).json()["passages"][0]
        assert answer["text"] == "Page word3 moved by the harbour."
        kept = (await http.post("/v1/search", json={"query": f"word{BROKEN[0]}"})).json()["passages"][0]
        assert kept["document_id"].endswith(f"/{BROKEN[0]}"), "what is broken keeps its document"

        site.pages |= {f"/page/{n}": page(n) for n in BROKEN}
        site.pages |= lists(site, [n for n in listed if n not in GONE], [*CHANGED, *BROKEN])
        third = await synced(http)
        assert (third.counts.unchanged, third.counts.failed, third.failures) == (PAGES - 10, 0, [])
        assert (third.counts.embedded, third.counts.removed) == (0, 0)
