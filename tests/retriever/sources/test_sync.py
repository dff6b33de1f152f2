"""The index follows a site: new, changed and gone pages, and nothing is lost when the site misbehaves."""

import gzip

import pytest

from retriever.documents.preparation import Submission
from retriever.sources.records import Job
from tests.support.site import Answer, Site, bomb, html, redirect, sitemap, tagged
from tests.support.sources_room import DAY_US, SourcesRoom


def counts(job: Job) -> dict[str, int]:
    """The counts that are not zero, but for found."""
    assert job.status == "completed", job.reason
    return {
        key: number for key, number in job.counts.items() if number and key not in ("found", "passed_over")
    }


async def test_a_site_is_taken_in(site: Site, room: SourcesRoom) -> None:
    """Each page is a document with its address, its own title, and the source it is of."""
    job = await room.synced()
    assert counts(job) == {"fetched": 2, "embedded": 2}
    assert await room.texts() == {"a": "Apples grow.", "b": "Bees hum."}
    record = next(record for record in room.room.of_kind("record") if record["url"] == site.url("/a"))
    assert (record["title"], record["metadata"]) == ("A page", {"data_source": "docs"})
    assert [change["change"] for change in job.changes] == ["added", "added"]


async def test_what_is_unchanged_is_not_written_again(site: Site, room: SourcesRoom) -> None:
    """The same bytes, without any tag or date, make no new revision."""
    await room.synced()
    before = {str(record["revision"]) for record in room.room.of_kind("record")}
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 2}
    assert {str(record["revision"]) for record in room.room.of_kind("record")} == before


async def test_the_content_decides(site: Site, room: SourcesRoom) -> None:
    """Another ETag over the same content is no change; another content is."""
    site.pages["/a"] = tagged(html("Apples grow."), '"1"')
    await room.synced()
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 2}
    assert site.asked[-1].headers.get("if-none-match", site.asked[-2].headers.get("if-none-match")) == '"1"'
    site.pages["/a"] = tagged(html("Apples grow."), '"2"')
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 2}
    site.pages["/a"] = tagged(html("Apples fall."), '"3"')
    job = await room.synced()
    assert counts(job) == {"fetched": 2, "unchanged": 1, "embedded": 1}
    assert [(change["url"], change["change"]) for change in job.changes] == [(site.url("/a"), "replaced")]
    assert (await room.texts())["a"] == "Apples fall."


async def test_a_full_sync_asks_for_everything(site: Site, room: SourcesRoom) -> None:
    """Tags and dates are left aside when they are said not to be trusted."""
    site.pages["/a"] = tagged(html("Apples grow."), '"1"')
    site.pages["/sitemap.xml"] = sitemap((site.url("/a"), "2026-01-01"))
    await room.synced()
    await room.synced(full=True)
    assert site.paths().count("/a") == 2
    assert "if-none-match" not in site.asked[-1].headers


async def test_a_date_of_the_list_saves_the_request(site: Site, room: SourcesRoom) -> None:
    """A page whose date stands is not asked for, one whose date moved is."""
    site.pages["/sitemap.xml"] = sitemap((site.url("/a"), "2026-01-01"), (site.url("/b"), "2026-01-01"))
    await room.synced()
    site.pages["/sitemap.xml"] = sitemap((site.url("/a"), "2026-01-01"), (site.url("/b"), "2026-01-02"))
    site.pages["/b"] = html("Bees sleep.")
    assert counts(await room.synced()) == {"fetched": 1, "unchanged": 1, "embedded": 1}
    assert site.paths().count("/a") == 1
    assert (await room.texts())["b"] == "Bees sleep."


async def test_a_document_removed_by_hand_comes_back(site: Site, room: SourcesRoom) -> None:
    """What is known of a page counts only while its document stands."""
    site.pages["/a"] = tagged(html("Apples grow."), '"1"')
    site.pages["/sitemap.xml"] = sitemap((site.url("/a"), "2026-01-01"))
    (change,) = (await room.synced()).changes
    await room.room.ingest.delete(change["document_id"])
    assert counts(await room.synced()) == {"fetched": 1, "embedded": 1}


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_is_gone_is_removed(site: Site, room: SourcesRoom, status: int) -> None:
    """The server says so: the document goes, and is told once."""
    await room.synced()
    site.pages["/a"] = Answer(status=status)
    job = await room.synced()
    assert counts(job) == {"fetched": 2, "unchanged": 1, "removed": 1}
    assert list(await room.texts()) == ["b"]
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 1, "failed": 1}
    site.pages["/a"] = html("Apples again.")
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 1, "embedded": 1}


async def test_a_page_that_is_listed_no_more_is_removed(site: Site, room: SourcesRoom) -> None:
    """It goes with what was known of it; what is listed stays."""
    await room.synced()
    site.pages["/sitemap.xml"] = sitemap(site.url("/b"))
    job = await room.synced()
    assert counts(job) == {"fetched": 1, "unchanged": 1, "removed": 1}
    assert list(await room.texts()) == ["b"]
    await room.synced()
    assert list(await room.shelf.pages("docs")) == [site.url("/b")]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=404),
        sitemap(),
        html("Not found"),
        Answer(b"<urlset><url>", headers={"content-type": "application/xml"}),
        Answer(b"<urlset></urlset>", cut=5),
        Answer(bomb(60)),
        redirect("http://10.0.0.1/sitemap.xml"),
        sitemap("https://elsewhere.example/a"),
    ],
)
async def test_a_source_that_cannot_be_read_removes_nothing(
    site: Site, room: SourcesRoom, answer: Answer
) -> None:
    """Failing, gone, empty, a page, cut, a bomb, elsewhere: all documents stay and it is said."""
    await room.synced()
    site.pages["/sitemap.xml"] = answer
    job = await room.synced()
    assert job.status == "failed"
    assert "sitemap.xml" in job.reason
    assert sorted(await room.texts()) == ["a", "b"]


@pytest.mark.parametrize(
    "answer",
    [Answer(status=500), Answer(b"<html>x", cut=3), Answer(status=403), redirect("http://10.0.0.1/")],
)
async def test_a_page_that_fails_keeps_its_document(site: Site, room: SourcesRoom, answer: Answer) -> None:
    """The reason is told, the document stays as it was."""
    await room.synced()
    site.pages["/a"] = answer
    job = await room.synced()
    assert counts(job) == {"fetched": 2, "unchanged": 1, "failed": 1}
    assert [failure["url"] for failure in job.failures] == [site.url("/a")]
    assert sorted(await room.texts()) == ["a", "b"]


async def test_what_cannot_be_read_as_a_document_is_told(site: Site, room: SourcesRoom) -> None:
    """Other media types, empty pages, bombs, pages too large, other encodings."""
    site.pages |= {
        "/png": Answer(b"x", headers={"content-type": "image/png"}),
        "/empty": html(""),
        "/bomb": Answer(bomb(1), headers={"content-type": "text/html", "content-encoding": "gzip"}),
        "/latin": Answer("Kähne".encode("latin-1"), headers={"content-type": "text/plain; charset=latin-1"}),
        "/bad": Answer(b"\xff\xfe\xfd", headers={"content-type": "text/plain; charset=utf-8"}),
    }
    site.pages["/sitemap.xml"] = sitemap(
        *(site.url(path) for path in ("/png", "/empty", "/bomb", "/latin", "/bad"))
    )
    job = await room.synced()
    assert counts(job) == {"fetched": 5, "embedded": 1, "failed": 4}
    assert await room.texts() == {"latin": "Kähne"}
    reasons = {failure["url"].rpartition("/")[2]: failure["reason"] for failure in job.failures}
    assert "Cannot read image/png" in reasons["png"]
    assert "no readable text" in reasons["empty"]
    assert "more than 100000 bytes" in reasons["bomb"]


async def test_documents_of_others_are_left_alone(site: Site, room: SourcesRoom) -> None:
    """A document put by hand, or of another source, is neither replaced nor removed."""
    (change, _) = (await room.synced()).changes
    own = Submission(b"By hand.", "text/plain")
    await room.room.ingest.delete(change["document_id"])
    await room.room.ingest.put(change["document_id"], own)
    await room.source(site, "other")
    await room.synced("other")
    site.pages["/sitemap.xml"] = sitemap(site.url("/b"), site.url("/a"))
    job = await room.synced()
    assert "somebody else" in job.failures[0]["reason"]
    site.pages["/sitemap.xml"] = sitemap(site.url("/b"))
    assert counts(await room.synced()) == {"fetched": 1, "unchanged": 1}
    documents = sorted(str(record["document_id"]) for record in room.room.of_kind("record"))
    assert [id.partition("/")[0] for id in documents] == ["docs", "docs", "other", "other"]


async def test_a_list_that_was_not_read_whole_removes_nothing(site: Site, room: SourcesRoom) -> None:
    """One sitemap of the index fails: its pages stay, the others' are followed."""
    site.pages |= {
        "/sitemap.xml": sitemap(site.url("/1.xml"), site.url("/2.xml.gz"), index=True),
        "/1.xml": sitemap(site.url("/a")),
        "/2.xml.gz": Answer(gzip.compress(sitemap(site.url("/b"), site.url("/c")).body)),
        "/c": html("Cats."),
    }
    assert counts(await room.synced()) == {"fetched": 3, "embedded": 3}
    site.pages |= {"/1.xml": Answer(status=503), "/2.xml.gz": sitemap(site.url("/b"))}
    job = await room.synced()
    assert counts(job) == {"fetched": 1, "unchanged": 1}
    assert job.failures[0] == {"url": site.url("/1.xml"), "reason": "the server answered 503"}
    assert sorted(await room.texts()) == ["a", "b", "c"]
    site.pages["/1.xml"] = sitemap(site.url("/a"))
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 2, "removed": 1}


async def test_patterns_hosts_and_bounds(site: Site, room: SourcesRoom) -> None:
    """Only wanted pages of the source's own hosts are had, and no more than max_pages; the rest is told."""
    site.pages["/sitemap.xml"] = sitemap(
        *(site.url(f"/guide/{n}") for n in range(4)), site.url("/a"), "http://elsewhere.example/guide/x"
    )
    site.pages |= {f"/guide/{n}": html(f"Part {n}.") for n in range(4)}
    await room.source(site, include=["/guide/**"], exclude=["/guide/3"], max_pages=2)
    job = await room.synced()
    assert counts(job) == {"fetched": 2, "embedded": 2}
    assert (job.counts["found"], job.counts["passed_over"]) == (2, 3)
    assert "1 further pages" in job.failures[0]["reason"]
    await room.source(site, exclude=["/guide/0"], include=["/guide/**"], max_pages=5)
    assert counts(await room.synced()) == {"fetched": 3, "unchanged": 1, "embedded": 2, "removed": 1}


async def test_the_bytes_of_a_job_are_bounded(site: Site) -> None:
    """A job that has read enough ends and says so; nothing is called gone."""
    room = SourcesRoom(job_bytes=60)
    await room.source(site)
    site.pages |= {f"/{n}": html(f"Part {n}.") for n in range(20)}
    site.pages["/sitemap.xml"] = sitemap(*(site.url(f"/{n}") for n in range(20)))
    job = await room.synced()
    assert job.status == "failed"
    assert "SYNC_MAX_BYTES" in job.reason
    assert 0 < job.counts["embedded"] < 20


async def test_lists_of_addresses_and_llms_txt(site: Site, room: SourcesRoom) -> None:
    """Both lead to the same pages; a page with a query is one of its own."""
    site.pages |= {"/a?v=2": html("Apples, second."), "/llms.txt": Answer(b"- [A](/a)\n- [A2](/a?v=2)")}
    await room.source(site, "list", kind="urls", url=None, urls=[site.url("/a"), site.url("/a?v=2")])
    await room.source(site, "llms", kind="llms_txt", url=site.url("/llms.txt"))
    for id in ("list", "llms"):
        assert counts(await room.synced(id)) == {"fetched": 2, "embedded": 2}


async def test_a_feed_forgets_what_the_source_does_not(site: Site) -> None:
    """What a feed no longer tells is still asked for, and removed only when it is gone."""
    now = iter(range(1_795_000_000_000_000, 1_795_000_000_000_000 + 10**6 * DAY_US, DAY_US))
    room = SourcesRoom(now_us=lambda: next(now))

    def feed(*paths: str) -> Answer:
        items = "".join(f"<item><link>{path}</link></item>" for path in paths)
        return Answer(f"<rss><channel>{items}</channel></rss>".encode())

    site.pages["/feed"] = feed("/a", "/b")
    await room.source(site, kind="feed", url=site.url("/feed"))
    assert counts(await room.synced()) == {"fetched": 2, "embedded": 2}
    site.pages["/feed"] = feed("/b")
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 2}
    site.pages["/a"] = Answer(status=410)
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 1, "removed": 1}
    assert counts(await room.synced()) == {"fetched": 1, "unchanged": 1}


async def test_citations_link_to_where_the_page_is(site: Site, room: SourcesRoom) -> None:
    """After a redirect a document's address is the page's own; its id stays that of the listed one."""
    site.pages["/a"] = redirect("/moved", 301)
    site.pages["/moved"] = html("Apples moved.")
    job = await room.synced()
    record = next(r for r in room.room.of_kind("record") if str(r["document_id"]).endswith("/a"))
    assert record["url"] == site.url("/moved")
    assert counts(job) == {"fetched": 2, "embedded": 2}
