"""Sources are checked field by field, kept, and removed with their documents."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retriever.sources.registry import problems, unfetchable
from shared.contracts.data_sources import DataSourceRequest
from shared.errors import InvalidRequestError, NotFoundError
from tests.support.archives import targz
from tests.support.site import Site
from tests.support.sources_room import SourcesRoom


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "sitemap"}, ["url"]),
        ({"kind": "feed", "url": "https://x.org/", "urls": ["https://x.org/"]}, ["urls"]),
        ({"kind": "urls"}, ["urls"]),
        ({"kind": "urls", "url": "https://x.org/", "urls": ["https://x.org/", "x"]}, ["url", "urls.1"]),
        ({"kind": "llms_txt", "url": "file:///etc/passwd"}, ["url"]),
        ({"kind": "sitemap", "url": "https://user:pw@x.org/"}, ["url"]),
        ({"kind": "sitemap", "url": "http://169.254.169.254/"}, ["url"]),
        ({"kind": "sitemap", "url": "http://127.0.0.1/"}, ["url"]),
        ({"kind": "sitemap", "url": "http://[::ffff:10.0.0.1]/"}, ["url"]),
        (
            {"kind": "sitemap", "url": "https://x.org/", "include": ["/a", "b"], "exclude": ["c"]},
            ["include.1", "exclude.0"],
        ),
        (
            {"kind": "sitemap", "url": "https://x.org/", "hosts": ["y.org", "a/b", "10.0.0.1"]},
            ["hosts.1", "hosts.2"],
        ),
        ({"kind": "sitemap", "url": "https://x.org/", "hosts": ["y.org"], "include": ["/a/**"]}, []),
    ],
)
def test_each_field_is_checked(fields: dict[str, object], wrong: list[str]) -> None:
    """What does not fit is named by its field."""
    request = DataSourceRequest.model_validate(fields)
    assert [found.field for found in problems(request, allow_loopback=False)] == wrong


def test_loopback_is_for_tests() -> None:
    """The setting opens this machine and nothing else."""
    assert unfetchable("http://127.0.0.1:8000/", allow_loopback=True) == ""
    assert "private" in unfetchable("http://10.0.0.1/", allow_loopback=True)
    assert unfetchable("https://docs.example.com/", allow_loopback=False) == ""


async def test_put_get_and_list(site: Site) -> None:
    """A source is new once; its creation stays; its last job is shown."""
    room = SourcesRoom()
    request = DataSourceRequest(kind="sitemap", url=site.url("/sitemap.xml"))
    first, new = await room.registry.put("docs", request)
    again, new_again = await room.registry.put("docs", request.model_copy(update={"max_pages": 5}))
    assert (new, new_again, again.max_pages) == (True, False, 5)
    assert (again.created_at, again.last_job) == (first.created_at, None)
    job = await room.synced()
    found = await room.registry.get("docs")
    assert found.last_job is not None
    assert (found.last_job.id, found.last_job.counts.embedded) == (job.id, 2)
    await room.registry.put("other", request)
    page = await room.registry.page(limit=1, cursor=None)
    assert [item.id for item in page.items] == ["other"]
    rest = await room.registry.page(limit=1, cursor=page.next_cursor)
    assert ([item.id for item in rest.items], rest.next_cursor) == (["docs"], None)


async def test_what_does_not_fit_is_refused() -> None:
    """The error names each field, and nothing is kept."""
    room = SourcesRoom()
    with pytest.raises(InvalidRequestError) as caught:
        await room.registry.put("docs", DataSourceRequest(kind="urls", url="https://x.org/"))
    assert [found.field for found in caught.value.fields] == ["url", "urls"]
    with pytest.raises(NotFoundError):
        await room.registry.get("docs")


async def test_removing_a_source_removes_its_documents(site: Site) -> None:
    """Those of others, and those put by hand, stay; a second time there is nothing to remove."""
    room = SourcesRoom()
    for id in ("docs", "other"):
        await room.source(site, id)
        await room.synced(id)
    await room.room.put("docs/by-hand", "By hand.")
    last = await room.jobs.last("docs")
    assert last is not None
    await room.room.ingest.delete(last.changes[0]["document_id"])
    await room.registry.delete("docs", keep_documents=False)
    left = {str(record["document_id"]).partition("/")[0] for record in room.room.of_kind("record")}
    assert left == {"docs", "other"}
    assert len(room.room.of_kind("record")) == 3
    with pytest.raises(NotFoundError):
        await room.registry.delete("docs", keep_documents=False)


async def test_documents_may_be_kept(site: Site) -> None:
    """A source may go and leave its documents."""
    room = SourcesRoom()
    await room.source(site)
    await room.synced()
    await room.registry.delete("docs", keep_documents=True)
    assert sorted(await room.texts()) == ["a", "b"]


async def test_an_upload_for_a_source_that_is_removed_meanwhile(tmp_path: Path) -> None:
    """It is not kept: the next source of this name has no archive yet."""
    room = SourcesRoom(folder=tmp_path)
    await room.archive()

    async def parts() -> AsyncIterator[bytes]:
        yield targz({"a.md": "Apples."})
        await room.registry.delete("docs", keep_documents=False)

    with pytest.raises(NotFoundError):
        await room.registry.keep_archive("docs", parts(), declared=None)
    assert await room.vault.find("docs") is None
    await room.archive()
    assert (await room.registry.get("docs")).archive is None
