"""A page is known before its document is, and what became of it is kept before it is counted."""

from collections.abc import AsyncIterator

import pytest

from retriever.sources.listings import Listed
from retriever.sources.progress import Progress
from retriever.sources.records import Job, Page
from retriever.sources.visits import LOOKED_UP_AT_ONCE, Visitor, Visits
from retriever.web.urls import parse
from shared.errors import UpstreamUnavailableError
from tests.support.retriever_memory import failing
from tests.support.site import Site, html, serving_site, tagged
from tests.support.sources_room import SourcesRoom, make_crawler


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving_site() as served:
        served.pages["/a"] = tagged(html("Apples."), '"1"')
        yield served


async def visitor(room: SourcesRoom, site: Site) -> Visitor:
    source = await room.source(site)
    job = Job("j", source.id, "running", "request", False, created=1)
    return Visitor(source, Progress(job), make_crawler())


def page(site: Site, path: str = "/a", old: Page | None = None) -> Page:
    return Visits.page("docs", Listed(parse(site.url(path))), old)


async def test_a_page_is_known_before_its_document(site: Site) -> None:
    """If the index is lost in between, the page is there to find what may have become of it."""
    room = SourcesRoom()
    by = await visitor(room, site)
    room.store.before = failing(UpstreamUnavailableError("lost"), "retrieve")
    with pytest.raises(UpstreamUnavailableError):
        await room.visits.visit(by, page(site), lastmod="", owned=None)
    room.store.before = lambda _: None
    known = (await room.shelf.pages("docs"))[site.url("/a")]
    assert (known.outcome, known.job) == ("pending", "")
    assert room.room.of_kind("record") == []
    await by.fetches.close()


async def test_what_is_known_is_kept_with_the_page(site: Site) -> None:
    """Tag, date and time of a page are those of its last visit; a failure leaves them as they were."""
    room = SourcesRoom()
    by = await visitor(room, site)
    await room.visits.visit(by, page(site), lastmod="2026-11-25", owned=None)
    known = (await room.shelf.pages("docs"))[site.url("/a")]
    assert (known.outcome, known.etag, known.lastmod, known.job) == ("added", '"1"', "2026-11-25", "j")
    del site.pages["/a"]
    await room.visits.visit(by, known, lastmod="2026-11-26", owned=None)
    failed = (await room.shelf.pages("docs"))[site.url("/a")]
    assert (failed.outcome, failed.etag, failed.lastmod) == ("failed", '"1"', "2026-11-25")
    await by.fetches.close()


async def test_removing_what_is_gone_already(site: Site) -> None:
    """A document that somebody removed meanwhile is removed."""
    room = SourcesRoom()
    by = await visitor(room, site)
    await room.visits.remove(by, page(site), "it is no longer listed")
    assert by.progress.job.changes[0]["change"] == "removed"
    await by.fetches.close()


async def test_ownership_is_looked_up_in_parts(site: Site) -> None:
    """However many documents, each that exists is known as ours or not."""
    room = SourcesRoom()
    await room.room.put("docs/mine", "Mine.", metadata={"data_source": "docs"})
    await room.room.put("docs/yours", "Yours.")
    names = [f"docs/{n}" for n in range(LOOKED_UP_AT_ONCE)] + ["docs/mine", "docs/yours"]
    assert await room.visits.owned("docs", names) == {"docs/mine": True, "docs/yours": False}
    assert await room.visits.owned("docs", []) == {}


async def test_a_document_that_came_before_its_page_was_settled_is_new(site: Site) -> None:
    """A pass that is made again counts it as taken in, not as unchanged."""
    room = SourcesRoom()
    by = await visitor(room, site)
    lost = failing(UpstreamUnavailableError("lost"), "upsert", after=3)
    room.store.before = lost
    with pytest.raises(UpstreamUnavailableError):
        await room.visits.visit(by, page(site), lastmod="", owned=None)
    room.store.before = lambda _: None
    (record,) = room.room.of_kind("record")
    known = (await room.shelf.pages("docs"))[site.url("/a")]
    assert known.document_id == record["document_id"]
    await room.visits.visit(by, known, lastmod="", owned=True)
    assert by.progress.counts()["embedded"] == 1
    await by.fetches.close()
