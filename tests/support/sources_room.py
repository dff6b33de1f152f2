"""The parts of data sources over a store in memory, with a crawler that never waits."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

from retriever.sources.archive.sync import ArchiveSync
from retriever.sources.archive.vault import Vault
from retriever.sources.jobs import Jobs, Rhythm
from retriever.sources.records import Job, Source
from retriever.sources.registry import Registry
from retriever.sources.shelf import Shelf
from retriever.sources.sync import Sync
from retriever.sources.visits import Visits
from retriever.web.connection import Connection
from retriever.web.crawler import Crawler
from retriever.web.replies import Fetches
from shared.contracts.data_sources import UNFINISHED, DataSourceRequest
from tests.support.retriever_memory import MemoryStore
from tests.support.retriever_room import Room, ticking
from tests.support.site import Site

DAY_US = 86_400_000_000


async def at_once(_: float) -> None:
    """Sleep without sleeping."""


def make_crawler() -> Fetches:
    """A crawler for this machine."""
    return Crawler(Connection(allow_loopback=True, timeout_s=5), delay_s=0, sleep=at_once)


class SourcesRoom:
    """What ``create_app`` builds for sources, without HTTP. Two of them over one store are a restart."""

    def __init__(
        self,
        store: MemoryStore | None = None,
        *,
        now_us: Callable[[], int] | None = None,
        page_bytes: int = 100_000,
        job_bytes: int = 10_000_000,
        archive_bytes: int = 1_000_000,
        folder: Path | None = None,
        make_fetches: Callable[[], Fetches] = make_crawler,
    ) -> None:
        self.store = store or MemoryStore()
        now = now_us or ticking(1_795_000_000_000_000)
        self.room = Room(self.store, now)
        self.shelf = Shelf(self.store)
        ingest, catalogue = self.room.ingest, self.room.catalogue
        self.visits = Visits(self.shelf, catalogue, ingest, page_bytes=page_bytes, now_us=now)
        self.vault = Vault(folder or Path("unused"), now_us=now)
        archives = ArchiveSync(
            self.shelf,
            self.visits,
            self.vault,
            archive_bytes=archive_bytes,
            file_bytes=page_bytes,
            job_bytes=job_bytes,
        )
        self.sync = Sync(self.shelf, self.visits, archives, job_bytes=job_bytes, now_us=now)
        rhythm = Rhythm(retry_s=0, schedule_s=0.001, news_s=0, silence_s=0.02)
        self.jobs = Jobs(self.shelf, self.sync, make_fetches=make_fetches, now_us=now, rhythm=rhythm)
        self.registry = Registry(
            self.shelf,
            self.jobs,
            self.visits,
            ingest,
            self.vault,
            archive_bytes=archive_bytes,
            now_us=now,
            allow_loopback=True,
        )

    async def source(self, site: Site, id: str = "docs", **fields: object) -> Source:
        """Keep a source; a sitemap unless told otherwise."""
        asked = {"kind": "sitemap", "url": site.url("/sitemap.xml")} | fields
        await self.registry.put(id, DataSourceRequest.model_validate(asked))
        return await self.shelf.source(id)

    async def archive(self, id: str = "docs", **fields: object) -> None:
        """Keep a source that is an archive; it is uploaded unless it has a url."""
        await self.registry.put(id, DataSourceRequest.model_validate({"kind": "archive"} | fields))

    async def upload(self, content: bytes, id: str = "docs") -> None:
        """Upload an archive."""

        async def parts() -> AsyncIterator[bytes]:
            yield content

        await self.registry.keep_archive(id, parts(), declared=len(content))

    async def synced(self, id: str = "docs", *, full: bool = False) -> Job:
        """Sync a source; return its job when it has ended."""
        job, _ = await self.jobs.start(id, full=full)
        return await self.ended(job.id)

    async def ended(self, job_id: str) -> Job:
        """Return a job when it has ended."""
        async for job in self.jobs.watch(job_id):
            if job.status not in UNFINISHED:
                return job
        raise AssertionError("a watch ends with the end of its job")

    async def texts(self) -> dict[str, str]:
        """Each document's id, from its host on, and the text of its chunks."""
        found: dict[str, str] = {}
        for chunk in self.room.of_kind("chunk"):
            id = str(chunk["document_id"])
            found[id] = found.get(id, "") + str(chunk["text"])
        records = {str(record["document_id"]) for record in self.room.of_kind("record")}
        return {id.rpartition("/")[2]: text for id, text in found.items() if id in records}

    async def close(self) -> None:
        """Interrupt what runs."""
        with suppress(TimeoutError):
            await self.jobs.close()
