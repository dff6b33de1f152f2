"""Data sources and jobs over HTTP: who may, what is refused, what is answered."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.auth import Role
from shared.contracts.data_sources import DataSource, IngestionJob, JobProgress
from shared.sse import Decoder
from tests.support.archives import targz
from tests.support.retriever_app import built, client
from tests.support.site import Site, html, serving_site, sitemap

SOURCES = "/v1/data-sources"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving_site() as served:
        served.pages |= {
            "/sitemap.xml": sitemap(served.url("/a")),
            "/a": html("A lamp is lit.", title="Lamps"),
        }
        yield served


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(built(fetch_allow_loopback=True, fetch_delay_s=0)) as opened:
        yield opened


async def put(http: httpx.AsyncClient, site: Site, id: str = "docs", **fields: Any) -> httpx.Response:
    body = {"kind": "sitemap", "url": site.url("/sitemap.xml")} | fields
    return await http.put(f"{SOURCES}/{id}", json=body)


async def events(http: httpx.AsyncClient, id: str) -> list[tuple[str, str]]:
    response = await http.get(f"/v1/ingestion-jobs/{id}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    return [(event.type, event.data) for event in Decoder().feed(response.content)]


async def test_a_site_from_its_address_to_a_citation(http: httpx.AsyncClient, site: Site) -> None:
    """Put, synced, watched, searched, listed, removed: each with its status."""
    created = await put(http, site)
    assert created.status_code == 201
    assert DataSource.model_validate(created.json()).kind == "sitemap"
    assert (await put(http, site)).status_code == 200
    begun = await http.post(f"{SOURCES}/docs/sync", json={"full": True})
    job = IngestionJob.model_validate(begun.json())
    assert (begun.status_code, job.status, job.full) == (202, "queued", True)
    seen = await events(http, job.id)
    assert {type for type, _ in seen[:-1]} <= {"job-progress"}
    assert all(JobProgress.model_validate_json(data).id == job.id for _, data in seen[:-1])
    assert seen[-1][0] == "job-end"
    ended = IngestionJob.model_validate_json(seen[-1][1])
    assert (ended.status, ended.counts.embedded) == ("completed", 1)
    assert (await http.get(f"/v1/ingestion-jobs/{job.id}")).json() == ended.model_dump(mode="json")
    found = (await http.post("/v1/search", json={"query": "lamp", "filters": {"data_source": "docs"}})).json()
    assert found["passages"][0]["title"] == "Lamps"
    assert found["passages"][0]["url"].startswith(site.url("/a"))
    listed = (await http.get(SOURCES)).json()
    assert listed["items"][0]["last_job"]["id"] == job.id
    assert (await http.get(f"{SOURCES}/docs")).json() == listed["items"][0]
    assert (await http.delete(f"{SOURCES}/docs")).status_code == 204
    assert (await http.get("/v1/documents")).json()["items"] == []


async def test_a_job_is_cancelled(http: httpx.AsyncClient, site: Site) -> None:
    """A job that is going is answered again with 200, and ends when it is told to."""
    site.gate = asyncio.Event()
    await put(http, site)
    job = (await http.post(f"{SOURCES}/docs/sync")).json()
    again = await http.post(f"{SOURCES}/docs/sync")
    assert (again.status_code, again.json()["id"]) == (200, job["id"])
    cancelled = await http.delete(f"/v1/ingestion-jobs/{job['id']}")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"kind": "git"}, "kind"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"include": ["x"]}, "include.0"),
        ({"interval_s": 1}, "interval_s"),
        ({"interval_s": True}, "interval_s"),
        ({"max_pages": 0}, "max_pages"),
        ({"urls": ["a\0b"], "kind": "urls"}, "urls.0"),
        ({"surprise": 1}, "surprise"),
        ({"url_template": "https://x.org/{path}"}, "url_template"),
        ({"kind": "archive", "url": None, "interval_s": 300}, "interval_s"),
        ({"kind": "archive", "url": "http://10.0.0.1/a.zip"}, "url"),
        ({"kind": "archive", "hosts": ["x.org"]}, "hosts"),
        ({"kind": "archive", "url_template": "https://x.org/"}, "url_template"),
        ({"kind": "archive", "urls": ["https://x.org/a.zip"]}, "urls"),
    ],
)
async def test_what_is_refused(
    http: httpx.AsyncClient, site: Site, fields: dict[str, Any], param: str
) -> None:
    """Each refusal names the field."""
    response = await put(http, site, **fields)
    assert response.status_code == 422
    assert response.json()["param"] == param


@pytest.mark.parametrize("id", ["a.b", "-a", "a" * 65, "a%20b"])
async def test_names_of_sources(http: httpx.AsyncClient, site: Site, id: str) -> None:
    """A source's name is one plain word."""
    assert (await put(http, site, id)).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{SOURCES}/none"),
        ("DELETE", f"{SOURCES}/none"),
        ("POST", f"{SOURCES}/none/sync"),
        ("PUT", f"{SOURCES}/none/archive"),
        ("GET", "/v1/ingestion-jobs/none"),
        ("GET", "/v1/ingestion-jobs/none/events"),
        ("DELETE", "/v1/ingestion-jobs/none"),
    ],
)
async def test_what_is_not_there(http: httpx.AsyncClient, method: str, path: str) -> None:
    """Unknown ids are 404, before any stream begins."""
    response = await http.request(method, path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_only_the_owner_may() -> None:
    """Visitors have nothing to do with where documents come from."""
    async with client(built(), Role.VISITOR) as http:
        for method, path in (
            ("GET", SOURCES),
            ("PUT", f"{SOURCES}/docs"),
            ("POST", f"{SOURCES}/docs/sync"),
            ("DELETE", f"{SOURCES}/docs"),
            ("PUT", f"{SOURCES}/docs/archive"),
            ("GET", "/v1/ingestion-jobs/x"),
            ("GET", "/v1/ingestion-jobs/x/events"),
            ("DELETE", "/v1/ingestion-jobs/x"),
        ):
            assert (await http.request(method, path, json={})).status_code == 403


async def test_this_machine_is_not_a_source(site: Site) -> None:
    """Without the tests' setting nothing of this machine is taken in, by name either."""
    async with client(built(fetch_delay_s=0)) as http:
        assert (await put(http, site)).status_code == 422
        named = site.url("/sitemap.xml").replace("127.0.0.1", "localhost")
        assert (await put(http, site, url=named)).status_code == 201
        job = (await http.post(f"{SOURCES}/docs/sync")).json()
        ended = IngestionJob.model_validate_json((await events(http, job["id"]))[-1][1])
        assert ended.status == "failed"
        assert "not a public address" in ended.reason
        assert site.asked == []


async def test_an_archive_from_its_upload_to_a_citation(tmp_path: Path) -> None:
    """Put, uploaded, synced, searched; what is no archive or too large is refused and changes nothing."""
    async with client(built(data_dir=tmp_path, max_archive_bytes=2000)) as http:
        body = {"kind": "archive", "url_template": "https://docs.example.com/{stem}"}
        created = await http.put(f"{SOURCES}/docs", json=body)
        assert (created.status_code, created.json()["archive"]) == (201, None)
        archive = targz({"guide/lamps.md": "# Lamps\n\nA lamp is lit."})
        uploaded = await http.put(f"{SOURCES}/docs/archive", content=archive)
        source = DataSource.model_validate(uploaded.json())
        assert uploaded.status_code == 200
        assert source.archive is not None
        assert (source.archive.bytes, source.archive.sha256) == (len(archive), sha256(archive).hexdigest())
        for content, status in ((b"<html>", 415), (archive + bytes(2000), 413)):
            refused = await http.put(f"{SOURCES}/docs/archive", content=content)
            assert (refused.status_code, refused.json()["code"]) == (status, "invalid_request")
        chunked = await http.put(f"{SOURCES}/docs/archive", content=_parts(archive, bytes(2000)))
        assert chunked.status_code == 413
        assert (await http.get(f"{SOURCES}/docs")).json()["archive"] == uploaded.json()["archive"]
        job = (await http.post(f"{SOURCES}/docs/sync")).json()
        assert IngestionJob.model_validate_json((await events(http, job["id"]))[-1][1]).counts.embedded == 1
        found = (await http.post("/v1/search", json={"query": "lamp"})).json()["passages"][0]
        assert found["document_id"] == "docs/guide/lamps.md"
        assert found["url"].startswith("https://docs.example.com/guide/lamps#")


async def test_only_an_archive_without_an_address_takes_an_upload(
    http: httpx.AsyncClient, site: Site
) -> None:
    """Where it comes from is said once."""
    await put(http, site)
    refused = await http.put(f"{SOURCES}/docs/archive", content=targz({"a.md": "a"}))
    assert (refused.status_code, refused.json()["detail"][:32]) == (422, "This data source takes no upload")


async def _parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
