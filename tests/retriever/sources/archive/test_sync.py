"""The index follows an archive, uploaded or fetched, and nothing is lost when it is not what it should be."""

import asyncio
import gzip
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from retriever.ports import Point
from retriever.sources.archive.sync import AT_ONCE, ArchiveSync
from retriever.sources.records import Job
from shared.errors import InvalidRequestError, NotFoundError, UpstreamUnavailableError
from tests.support.archives import Files, tar, targz, zipped
from tests.support.retriever_memory import MemoryStore
from tests.support.site import Answer, Asked, Site, html, redirect, serving_site, sitemap, tagged
from tests.support.sources_room import SourcesRoom

FILES: Files = {"a.md": "Apples grow.", "docs/b.rst": "Bees hum.", "logo.png": b"\x89PNG", ".git/c.md": "no"}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving_site() as served:
        yield served


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[SourcesRoom]:
    opened = SourcesRoom(folder=tmp_path)
    await opened.archive()
    yield opened
    await opened.close()


def counts(job: Job) -> dict[str, int]:
    """The counts that are not zero, but for found."""
    assert job.status == "completed", job.reason
    return {
        key: number for key, number in job.counts.items() if number and key not in ("found", "passed_over")
    }


@pytest.mark.parametrize("make", [tar, targz, zipped])
async def test_an_archive_is_taken_in(room: SourcesRoom, make: Callable[..., bytes]) -> None:
    """Each wanted file is a document with its path as id, its address by the template, and its source."""
    await room.archive(url_template="https://x.org/{stem}.html")
    await room.upload(make(FILES))
    job = await room.synced()
    assert counts(job) == {"fetched": 2, "embedded": 2}
    assert (job.counts["found"], job.counts["passed_over"]) == (2, 2)
    records = {str(record["document_id"]): record for record in room.room.of_kind("record")}
    assert sorted(records) == ["docs/a.md", "docs/docs/b.rst"]
    assert records["docs/docs/b.rst"]["url"] == "https://x.org/docs/b.html"
    assert records["docs/a.md"]["metadata"] == {"data_source": "docs"}
    assert job.changes == [
        {"url": "a.md", "document_id": "docs/a.md", "change": "added"},
        {"url": "docs/b.rst", "document_id": "docs/docs/b.rst", "change": "added"},
    ]


async def test_only_what_changed_is_taken_in(room: SourcesRoom) -> None:
    """Another file, a new one, one that is gone; what is the same is not even read a second time."""
    await room.upload(targz(FILES))
    await room.synced()
    before = {str(record["document_id"]): record["revision"] for record in room.room.of_kind("record")}
    assert counts(await room.synced()) == {"unchanged": 2}
    await room.upload(zipped({"a.md": "Apples grow.", "c.md": "Cats."}, top="repo-2/"))
    job = await room.synced()
    assert counts(job) == {"fetched": 1, "unchanged": 1, "embedded": 1, "removed": 1}
    assert [(change["url"], change["change"]) for change in job.changes] == [
        ("c.md", "added"),
        ("docs/b.rst", "removed"),
    ]
    assert await room.texts() == {"a.md": "Apples grow.", "c.md": "Cats."}
    after = {str(record["document_id"]): record["revision"] for record in room.room.of_kind("record")}
    assert after["docs/a.md"] == before["docs/a.md"]
    assert counts(await room.synced()) == {"unchanged": 2}
    await room.upload(targz({"a.md": "Apples fall.", "c.md": "Cats."}))
    job = await room.synced()
    assert counts(job) == {"fetched": 1, "unchanged": 1, "embedded": 1}
    assert [change["change"] for change in job.changes] == ["replaced"]


async def test_another_address_is_another_document(room: SourcesRoom) -> None:
    """The template changed: documents say where they are now."""
    await room.upload(targz(FILES))
    await room.synced()
    await room.archive(url_template="https://x.org/{path}")
    assert counts(await room.synced()) == {"fetched": 2, "embedded": 2}
    assert {record["url"] for record in room.room.of_kind("record")} == {
        "https://x.org/a.md",
        "https://x.org/docs/b.rst",
    }


async def test_a_full_sync_reads_everything(room: SourcesRoom) -> None:
    """And writes nothing anew that is the same."""
    await room.upload(targz(FILES))
    await room.synced()
    assert counts(await room.synced(full=True)) == {"fetched": 2, "unchanged": 2}


async def test_what_cannot_be_taken_in_keeps_its_document(room: SourcesRoom) -> None:
    """A link in its place, too large, without text, a pointer: told with reasons; what stood before stays."""
    await room.upload(targz({name: f"Part {name}." for name in ("a.md", "b.md", "c.md", "d.md")}))
    await room.synced()
    worse = {"b.md": "x" * 100_001, "c.md": " ", "d.md": "version https://git-lfs.github.com/spec/v1\n"}
    await room.upload(targz(worse, links={"a.md": "/etc/passwd"}))
    job = await room.synced()
    assert counts(job) == {"fetched": 1, "failed": 4}
    reasons = {failure["url"]: failure["reason"] for failure in job.failures}
    assert "a link" in reasons["a.md"]
    assert "more than 100000 bytes" in reasons["b.md"]
    assert "no readable text" in reasons["c.md"]
    assert "Git LFS" in reasons["d.md"]
    assert len(await room.texts()) == 4
    assert counts(await room.synced()) == {"fetched": 1, "failed": 4}
    await room.upload(targz({"a.md": "Part a.md.", "b.md": "Bees."}))
    assert counts(await room.synced()) == {"fetched": 2, "unchanged": 1, "embedded": 1, "removed": 2}


async def test_names_that_lead_elsewhere_are_told(room: SourcesRoom) -> None:
    """They are neither written nor taken in; the rest is."""
    await room.upload(tar({"../../evil.md": "x", "a.md": "Apples."}, top="repo/"))
    job = await room.synced()
    assert counts(job) == {"fetched": 1, "embedded": 1}
    assert [failure["reason"] for failure in job.failures] == ["its name leads out of the archive"]


BROKEN = {
    "cut": targz({"a.md": "Apples " * 500, "b.md": "Bees " * 500})[:60],
    "cut zip": zipped(FILES)[:100],
    "cut tar": tar(FILES)[:3000],
    "turned": zipped({"a.md": "Apples grow."}).replace(b"PK\x01\x02", b"PK\x01\x03"),
    "bomb": gzip.compress(tar({"a.md": bytes(20_000_000)}), 9),
    "empty": targz({}),
    "unwanted": targz({"main.rs": "fn main() {}"}),
    "packed else": gzip.compress(b"BZh91AY" * 100),
}


@pytest.mark.parametrize("archive", BROKEN.values(), ids=BROKEN.keys())
async def test_an_archive_that_cannot_be_read_changes_nothing(room: SourcesRoom, archive: bytes) -> None:
    """Cut, broken, a bomb, empty: the job fails with a reason, and what stood before stays."""
    await room.upload(targz(FILES))
    await room.synced()
    before = await room.texts()
    await room.upload(archive)
    job = await room.synced()
    assert job.status == "failed"
    assert job.reason.startswith("the archive ")
    assert await room.texts() == before
    await room.upload(targz(FILES))
    assert counts(await room.synced()) == {"unchanged": 2}


async def test_reading_is_bounded_in_time(tmp_path: Path) -> None:
    """A thread that reads too long ends by itself."""
    room = SourcesRoom(folder=tmp_path)
    ticks = iter(range(0, 10_000, 100))
    room.sync._archives = ArchiveSync(
        room.shelf,
        room.visits,
        room.vault,
        archive_bytes=10**6,
        file_bytes=10**5,
        job_bytes=10**7,
        clock=lambda: next(ticks),
    )
    await room.archive()
    await room.upload(targz(FILES))
    job = await room.synced()
    assert (job.status, job.reason) == (
        "failed",
        "the archive cannot be read: reading it takes longer than 300 s",
    )


async def test_without_an_archive_there_is_nothing_to_sync(room: SourcesRoom, tmp_path: Path) -> None:
    """It is said what is missing, also where the disk has lost it."""
    assert "no archive was uploaded" in (await room.synced()).reason
    await room.upload(targz(FILES))
    await room.synced()
    (blob,) = (path for path in (tmp_path / "docs").iterdir() if path.name != "archive.json")
    os.unlink(blob)
    job = await room.synced()
    assert "no archive was uploaded" in job.reason
    assert len(await room.texts()) == 2
    with pytest.raises(NotFoundError):
        await room.upload(targz(FILES), "other")


async def test_more_files_than_wanted_are_told(room: SourcesRoom) -> None:
    """max_pages bounds them; those beyond are left as they are."""
    await room.upload(targz({f"{n}.md": f"Part {n}." for n in range(5)}))
    await room.synced()
    await room.archive(max_pages=2)
    job = await room.synced()
    assert counts(job) == {"unchanged": 2}
    assert job.failures == [{"url": "archive", "reason": "3 further files are in it; max_pages is 2"}]
    assert len(await room.texts()) == 5


async def test_documents_of_others_are_left_alone(room: SourcesRoom) -> None:
    """A document put by hand under the same id is neither replaced nor removed."""
    await room.room.put("docs/a.md", "By hand.")
    await room.upload(targz(FILES))
    job = await room.synced()
    assert counts(job) == {"embedded": 1, "fetched": 1, "failed": 1}
    assert "somebody else" in job.failures[0]["reason"]
    await room.upload(targz({"docs/b.rst": "Bees hum.", "x.png": ""}))
    assert counts(await room.synced()) == {"unchanged": 1}
    assert (await room.texts())["a.md"] == "By hand."


async def test_a_pass_goes_on_after_the_index_was_lost(room: SourcesRoom) -> None:
    """What was taken in counts as that, and is not read again."""
    await room.upload(targz({f"{n}.md": f"Part {n}." for n in range(12)}))
    upserts = 0

    def before(name: str) -> None:
        nonlocal upserts
        upserts += name == "upsert"
        if name == "upsert" and upserts == 30:
            raise UpstreamUnavailableError("lost")

    room.store.before = before
    job = await room.synced()
    assert (job.status, job.counts["embedded"]) == ("completed", 12)
    assert 12 <= job.counts["fetched"] <= 12 + AT_ONCE
    assert len(await room.texts()) == 12


class Gated(MemoryStore):
    """A store whose writes wait while the gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()

    async def upsert(self, points: Sequence[Point]) -> None:
        if not self.gate.is_set():
            self.waiting.set()
            await self.gate.wait()
        await super().upsert(points)


async def test_an_upload_meanwhile_is_taken_in_by_the_job_that_is_going(tmp_path: Path) -> None:
    """Whoever uploads and syncs is answered with the job that is going: it ends with what stands then."""
    store = Gated()
    room = SourcesRoom(store, folder=tmp_path)
    await room.archive()
    await room.upload(targz({f"{n}.md": f"Part {n}." for n in range(8)}))

    def before(name: str) -> None:
        if name == "upsert" and len(room.room.of_kind("record")) == 3:
            store.gate.clear()

    store.before = before
    job, _ = await room.jobs.start("docs")
    await store.waiting.wait()
    store.before = lambda _: None
    await room.upload(targz({"0.md": "Another.", "9.md": "Part 9."}))
    again, begun = await room.jobs.start("docs")
    assert (again.id, begun) == (job.id, False)
    store.gate.set()
    assert (await room.ended(job.id)).status == "completed"
    assert await room.texts() == {"0.md": "Another.", "9.md": "Part 9."}


async def test_an_archive_is_fetched_where_it_has_an_address(site: Site, room: SourcesRoom) -> None:
    """With what was said of it last time; the content decides, and a redirect is followed."""
    url = site.url("/repo/archive/main.zip")
    site.pages["/repo/archive/main.zip"] = redirect("/codeload/main")
    site.pages["/codeload/main"] = tagged(Answer(zipped(FILES)), '"1"')
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /")
    await room.archive(url=url)
    assert counts(await room.synced()) == {"fetched": 2, "embedded": 2}
    assert counts(await room.synced()) == {"unchanged": 2}
    assert site.asked[-1].headers["if-none-match"] == '"1"'
    assert site.asked[-1].headers["accept-encoding"] == "identity"
    assert counts(await room.synced(full=True)) == {"fetched": 2, "unchanged": 2}
    assert "if-none-match" not in site.asked[-1].headers
    site.pages["/codeload/main"] = tagged(Answer(targz({"a.md": "Apples fall."}, top="")), '"2"')
    assert counts(await room.synced()) == {"fetched": 1, "embedded": 1, "removed": 1}
    assert site.paths().count("/robots.txt") == 0, "the owner named it"
    with pytest.raises(InvalidRequestError, match="takes no upload"):
        await room.upload(targz(FILES))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        Answer(status=500),
        html("Sign in"),
        redirect("http://10.0.0.1/main.zip"),
        Answer(b"\x1f\x8b" + bytes(2_000_000)),
        Answer(targz(FILES), headers={"content-length": "9999"}, cut=50),
    ],
)
async def test_an_archive_that_cannot_be_fetched_changes_nothing(
    site: Site, room: SourcesRoom, answer: Answer
) -> None:
    """Gone, failing, a page, elsewhere, too large, cut: the reason names the address, the old one stays."""
    site.pages["/main.tgz"] = Answer(targz(FILES))
    await room.archive(url=site.url("/main.tgz"))
    await room.synced()
    kept = await room.vault.find("docs")
    site.pages["/main.tgz"] = answer
    job = await room.synced()
    assert job.status == "failed"
    assert site.url("/main.tgz") in job.reason
    assert await room.vault.find("docs") == kept
    assert len(await room.texts()) == 2


async def test_a_download_that_breaks_off_begins_anew(site: Site, room: SourcesRoom) -> None:
    """What came of the first attempt is not a part of the second."""
    whole = targz({"a.md": os.urandom(300_000).hex()[:90_000]})
    site.pages["/main.tgz"] = [Answer(whole, cut=len(whole) // 2), Answer(whole)]
    await room.archive(url=site.url("/main.tgz"))
    assert counts(await room.synced()) == {"fetched": 1, "embedded": 1}
    assert site.paths().count("/main.tgz") == 2


async def test_a_source_may_become_another_kind(site: Site, room: SourcesRoom) -> None:
    """What came of the old kind goes with the first sync of the new one."""
    await room.upload(targz(FILES))
    await room.synced()
    site.pages |= {"/sitemap.xml": sitemap(site.url("/x")), "/x": html("A page.")}
    await room.source(site)
    assert counts(await room.synced()) == {"fetched": 1, "embedded": 1, "removed": 2}

    def feed(_: Asked) -> Answer:
        return Answer(b"<rss><channel><item><link>/x</link></item></channel></rss>")

    await room.archive()
    assert "no archive was uploaded" in (await room.synced()).reason
    await room.upload(targz(FILES))
    assert counts(await room.synced()) == {"fetched": 2, "embedded": 2, "removed": 1}
    site.pages["/feed"] = feed
    await room.source(site, kind="feed", url=site.url("/feed"))
    assert counts(await room.synced()) == {"fetched": 1, "embedded": 1, "removed": 2}


async def test_a_source_takes_its_archive_with_it(room: SourcesRoom, tmp_path: Path) -> None:
    """Removed, nothing of it is left on the disk."""
    await room.upload(targz(FILES))
    await room.synced()
    described = await room.registry.get("docs")
    assert described.archive is not None
    assert described.archive.bytes == len(targz(FILES))
    await room.registry.delete("docs", keep_documents=False)
    assert await room.texts() == {}
    assert await asyncio.to_thread(os.listdir, tmp_path) == [".incoming"]
