"""What is kept of sources is read, listed and removed, each source's for itself."""

import pytest

from retriever.sources.records import Job, Page, Source
from retriever.sources.shelf import BATCH, KEPT_JOBS, PAGE, Shelf
from shared.errors import InvalidRequestError, NotFoundError
from tests.support.retriever_memory import MemoryStore


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(MemoryStore())


def source(id: str, created: int) -> Source:
    return Source(id, {"kind": "urls", "urls": ["https://x.org/"]}, created, created)


def page(number: int, source_id: str = "docs") -> Page:
    return Page(source_id, f"https://x.org/{number}", f"{source_id}/x.org/{number}")


async def test_sources_are_listed_newest_first(shelf: Shelf) -> None:
    """A page at a time, until there is no next."""
    for number in range(5):
        await shelf.save_source(source(f"s{number}", number))
    first, cursor = await shelf.list_sources(limit=3)
    second, end = await shelf.list_sources(limit=3, cursor=cursor)
    assert [found.id for found in (*first, *second)] == ["s4", "s3", "s2", "s1", "s0"]
    assert end is None
    assert len(await shelf.every_source()) == 5
    with pytest.raises(InvalidRequestError):
        await shelf.list_sources(limit=3, cursor="x")
    with pytest.raises(NotFoundError):
        await shelf.source("none")


async def test_many_pages_are_kept_and_forgotten(shelf: Shelf) -> None:
    """More than one read and one write hold; only those named are forgotten."""
    await shelf.save_pages([page(number) for number in range(PAGE + 5)])
    await shelf.save_pages([page(0, "other")])
    assert len(await shelf.pages("docs")) == PAGE + 5
    await shelf.forget_pages("docs", [page(number).url for number in range(BATCH + 3)])
    assert len(await shelf.pages("docs")) == PAGE + 2 - BATCH
    await shelf.forget_pages("docs", [])
    assert len(await shelf.pages("other")) == 1


async def test_the_newest_jobs_are_kept(shelf: Shelf) -> None:
    """Old jobs go when there are enough newer ones."""
    for number in range(KEPT_JOBS + 5):
        await shelf.save_job(Job(str(number), "docs", "completed", "request", False, created=number))
        await shelf.prune_jobs("docs")
    last = await shelf.last_job("docs")
    assert last is not None
    assert last.id == str(KEPT_JOBS + 4)
    assert await shelf.job("4") is None
    assert await shelf.job("5") is not None
    assert await shelf.last_job("other") is None


async def test_removing_a_source_takes_all_of_it(shelf: Shelf) -> None:
    """Its pages and jobs go with it, those of others stay."""
    for id in ("docs", "other"):
        await shelf.save_source(source(id, 1))
        await shelf.save_pages([page(1, id)])
        await shelf.save_job(Job(id, id, "completed", "request", False, created=1))
    await shelf.remove_source("docs")
    assert await shelf.find("docs") is None
    assert await shelf.pages("docs") == {}
    assert await shelf.job("docs") is None
    assert await shelf.find("other") is not None
    assert len(await shelf.pages("other")) == 1
    assert await shelf.job("other") is not None
