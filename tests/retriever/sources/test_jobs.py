"""Jobs: one at a time for a source, cancelled, resumed after a restart, begun by the clock."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from retriever.sources.jobs import PASSES
from retriever.sources.records import Job
from shared.errors import CarrelError, InternalError, NotFoundError, UpstreamUnavailableError
from tests.support.retriever_memory import failing
from tests.support.site import Answer, Asked, Site, html, serving_site, sitemap
from tests.support.sources_room import SourcesRoom
from tests.support.waiting import eventually

PAGES = 12
LOST = UpstreamUnavailableError("lost")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving_site() as served:
        served.pages |= {f"/{n}": html(f"Part {n}.") for n in range(PAGES)}
        served.pages["/sitemap.xml"] = sitemap(*(served.url(f"/{n}") for n in range(PAGES)))
        yield served


def failing_often(room: SourcesRoom, name: str, times: int, error: CarrelError = LOST) -> None:
    """Let the store fail the next ``times`` calls of ``name``."""
    left = [times]

    def before(called: str) -> None:
        if called == name and left[0]:
            left[0] -= 1
            raise error

    room.store.before = before


async def test_one_job_at_a_time(site: Site, room: SourcesRoom) -> None:
    """A second sync is the job that is going; afterwards there is a new one."""
    site.gate = asyncio.Event()
    first, begun = await room.jobs.start("docs")
    again, begun_again = await room.jobs.start("docs", full=True)
    assert (begun, begun_again, first.id) == (True, False, again.id)
    site.gate.set()
    assert (await room.ended(first.id)).counts["embedded"] == PAGES
    other, begun = await room.jobs.start("docs")
    assert begun
    assert other.id != first.id
    await room.ended(other.id)


async def test_what_is_not_there(room: SourcesRoom) -> None:
    """No source, no job: said as such."""
    for call in (room.jobs.start("none"), room.jobs.get("none"), room.jobs.cancel("none")):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(NotFoundError):
        await anext(room.jobs.watch("none"))


async def test_a_job_is_watched_to_its_end(site: Site, room: SourcesRoom) -> None:
    """Counts grow from news to news; silence is broken; the last is the whole."""
    site.gate = asyncio.Event()
    job, _ = await room.jobs.start("docs")
    seen: list[Job] = []
    async for news in room.jobs.watch(job.id):
        seen.append(news)
        if len(seen) == 20:
            site.gate.set()
    assert seen[-1].status == "completed"
    assert len(seen[-1].changes) == PAGES
    embedded = [news.counts.get("embedded", 0) for news in seen]
    assert embedded == sorted(embedded)
    assert [news.status async for news in room.jobs.watch(job.id)] == ["completed"]


async def test_a_cancelled_job_ends(site: Site, room: SourcesRoom) -> None:
    """What it has taken in stays, and it stays cancelled after a restart."""
    site.gate = asyncio.Event()
    job, _ = await room.jobs.start("docs")
    await eventually(lambda: len(site.paths()) > 2)
    cancelled = await room.jobs.cancel(job.id)
    assert cancelled.status == "cancelled"
    assert cancelled.finished
    assert (await room.jobs.cancel(job.id)).status == "cancelled"
    again = SourcesRoom(room.store)
    assert (await again.jobs.get(job.id)).status == "cancelled"
    site.gate.set()
    assert (await again.synced()).counts["embedded"] == PAGES


async def test_a_job_that_ended_is_not_cancelled(room: SourcesRoom) -> None:
    """It stays as it ended."""
    job = await room.synced()
    assert (await room.jobs.cancel(job.id)).status == "completed"


async def test_an_interrupted_job_goes_on(site: Site, room: SourcesRoom) -> None:
    """After a restart the same job ends, without asking again for what it had."""
    arrived = asyncio.Event()

    def slow(_: Asked) -> Answer:
        arrived.set()
        return html("Last.")

    job, _ = await room.jobs.start("docs")
    site.pages[f"/{PAGES - 1}"] = slow
    await arrived.wait()
    await room.close()
    had = len([path for path in site.paths() if path != "/sitemap.xml"])
    again = SourcesRoom(room.store)
    running = asyncio.ensure_future(again.jobs.run(_set()))
    ended = await again.ended(job.id)
    running.cancel()
    assert ended.status == "completed"
    assert (ended.id, ended.started) == (job.id, (await room.shelf.last_job("docs") or job).started)
    assert len(await again.texts()) == PAGES
    assert ended.counts["embedded"] + ended.counts.get("unchanged", 0) == PAGES
    asked_again = len([path for path in site.paths() if path != "/sitemap.xml"]) - had
    assert asked_again < PAGES
    await again.close()


async def test_a_sync_takes_up_what_was_interrupted(site: Site, room: SourcesRoom) -> None:
    """Also where nobody has gone on with it yet, there is one job."""
    site.gate = asyncio.Event()
    job, _ = await room.jobs.start("docs")
    await room.close()
    again = SourcesRoom(room.store)
    taken_up, begun = await again.jobs.start("docs")
    assert (taken_up.id, begun) == (job.id, False)
    site.gate.set()
    assert (await again.ended(job.id)).status == "completed"


async def test_a_job_that_cannot_be_kept_is_not_begun(room: SourcesRoom) -> None:
    """What is answered is kept: otherwise the sync is refused."""
    failing_often(room, "upsert", 1)
    with pytest.raises(UpstreamUnavailableError):
        await room.jobs.start("docs")
    assert await room.jobs.last("docs") is None


async def test_a_lost_index_is_waited_for(room: SourcesRoom) -> None:
    """The pass is made again, and the job ends as if nothing had been."""
    job, _ = await room.jobs.start("docs")
    calls = [0]

    def before(called: str) -> None:
        if called == "upsert":
            calls[0] += 1
            if calls[0] in (1, 5, 6, 20):
                raise LOST

    room.store.before = before
    ended = await room.ended(job.id)
    assert ended.status == "completed"
    assert calls[0] > 20
    assert len(await room.texts()) == PAGES


async def test_an_index_that_stays_lost_fails_the_job(room: SourcesRoom) -> None:
    """After many passes it is given up, and said; what cannot even be kept is taken up later."""
    job, _ = await room.jobs.start("docs")
    failing_often(room, "scroll", PASSES)
    ended = await room.ended(job.id)
    assert (ended.status, ended.reason) == ("failed", "lost")
    job, _ = await room.jobs.start("docs")
    failing_often(room, "upsert", PASSES + 1)
    await eventually(lambda: not room.jobs._live)
    assert (await room.jobs.get(job.id)).status == "queued"
    taken_up, begun = await room.jobs.start("docs")
    assert (taken_up.id, begun) == (job.id, False)
    assert (await room.ended(job.id)).status == "completed"


async def test_old_jobs_that_stay_are_no_failure(room: SourcesRoom) -> None:
    """A job is complete although older ones could not be forgotten."""
    room.store.before = failing(LOST, "newest", after=2)
    job = await room.synced()
    room.store.before = lambda _: None
    assert (await room.jobs.get(job.id)).status == "completed"


async def test_a_fault_of_ours_is_told_bare(
    site: Site, room: SourcesRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody thought of ends the job without its inside, which is in the log."""

    class Broken:
        async def fetch(self, *_: object, **__: object) -> None:
            raise RuntimeError("inside")

        async def close(self) -> None:
            """Nothing is open."""

    broken = SourcesRoom(room.store, make_fetches=Broken)  # type: ignore[arg-type]  # it answers nothing
    job = await broken.synced()
    assert (job.status, job.reason) == ("failed", "something went wrong on our side")
    assert "inside" in caplog.text
    failing_often(room, "scroll", 1, InternalError())
    assert (await broken.synced()).status == "failed"


async def test_sources_are_synced_by_the_clock(site: Site) -> None:
    """A source with an interval begins at once and again after it; one without never."""
    now = [1_795_000_000_000_000]
    room = SourcesRoom(now_us=lambda: now[0])
    await room.source(site, "timed", interval_s=600)
    await room.source(site, "untimed")
    running = asyncio.ensure_future(room.jobs.run(_set()))
    ids: set[str] = set()

    async def completed() -> None:
        """Wait for a job that was not seen before, and for its end; between two looks the site is served."""
        async with asyncio.timeout(30):
            while True:
                last = await room.jobs.last("timed")
                if last is not None and last.id not in ids:
                    break
                await asyncio.sleep(0.005)
            job = await room.ended(last.id)
        assert (job.status, job.trigger) == ("completed", "schedule")
        ids.add(job.id)

    await completed()
    now[0] += 599_000_000
    await asyncio.sleep(0.01)
    last = await room.jobs.last("timed")
    assert last is not None
    assert last.id in ids
    now[0] += 2_000_000
    await completed()
    assert await room.shelf.last_job("untimed") is None
    running.cancel()


async def test_the_clock_outlives_a_lost_index(site: Site, room: SourcesRoom) -> None:
    """A look that fails is put off; the next one begins what is due."""
    await room.source(site, interval_s=600)
    failing_often(room, "scroll", 3)
    running = asyncio.ensure_future(room.jobs.run(_set()))
    await eventually(lambda: len(room.room.of_kind("record")) == PAGES)
    running.cancel()


async def test_nothing_begins_while_a_source_is_removed(site: Site, room: SourcesRoom) -> None:
    """Its job ends first, and a sync meanwhile finds no source."""
    site.gate = asyncio.Event()
    job, _ = await room.jobs.start("docs")
    async with room.jobs.removing("docs"):
        assert (await room.jobs.get(job.id)).status == "cancelled"
        with pytest.raises(NotFoundError):
            await room.jobs.start("docs")
    site.gate.set()
    async with room.jobs.removing("docs"):
        pass
    assert (await room.synced()).status == "completed"


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
