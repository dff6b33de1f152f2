"""Sources, pages and jobs come back as they were kept."""

from datetime import UTC, datetime

from retriever.documents.records import instant
from retriever.ports import AnyOf, Equals
from retriever.sources.records import (
    Job,
    Page,
    Source,
    describe,
    due_at,
    job_point,
    of_pages,
    of_source,
    page_point,
    source_point,
    to_answer,
    to_job,
    to_page,
    to_source,
)

SOURCE = Source("docs", {"kind": "sitemap", "url": "https://x.org/sitemap.xml"}, created=5, updated=7)
JOB = Job(
    "j",
    "docs",
    "completed",
    "request",
    False,
    created=1_000_000,
    started=2_000_000,
    finished=3_000_000,
    counts={"found": 1, "embedded": 1},
    changes=[{"url": "https://x.org/a", "document_id": "docs/x.org/a", "change": "added"}],
    failures=[{"url": "https://x.org/b", "reason": "gone"}],
)


def test_they_come_back() -> None:
    """What an older version did not keep has its default; what a newer one keeps is left aside."""
    page = Page("docs", "https://x.org/a", "docs/x.org/a", etag='"a"')
    assert to_page(page_point(page).payload) == page
    assert to_source(source_point(SOURCE).payload) == SOURCE
    assert to_job({**job_point(JOB).payload, "new": 1}) == JOB
    known = {key: value for key, value in page_point(page).payload.items() if key != "reason"}
    assert to_page(known) == page
    assert page_point(page).id == page_point(Page("docs", page.url, "other")).id
    assert page_point(page).id != page_point(Page("other", page.url, page.document_id)).id
    assert page.fetched_at == datetime(1970, 1, 1, tzinfo=UTC)


def test_filters_are_of_one_source() -> None:
    """Pages of one source are never those of another."""
    assert of_source("docs").must == (Equals("kind", "data_source"), Equals("document_id", "docs"))
    assert of_pages("docs").must == (Equals("kind", "data_source_page docs"),)
    assert of_pages("docs", ("a", "b")).must[1] == AnyOf("url", ("a", "b"))


def test_a_job_as_clients_see_it() -> None:
    """Counts that are not there are zero; times that have not come are none."""
    answer = to_answer(JOB)
    assert (answer.counts.found, answer.counts.removed) == (1, 0)
    assert (answer.changes[0].change, answer.failures[0].reason) == ("added", "gone")
    assert answer.finished_at == instant(3_000_000)
    queued = to_answer(Job("j", "docs", "queued", "schedule", True, created=1))
    assert (queued.started_at, queued.finished_at, queued.full) == (None, None, True)


def test_when_a_source_is_due() -> None:
    """Without an interval never; else at once, then an interval after the last job began."""
    assert due_at(SOURCE, None) is None
    timed = Source("docs", {**SOURCE.asked, "interval_s": 600}, created=5, updated=7)
    assert due_at(timed, None) == 7
    assert due_at(timed, JOB) == 601_000_000
    assert describe(timed, JOB).next_sync_at == instant(601_000_000)
    plain = describe(SOURCE, None)
    assert (plain.next_sync_at, plain.last_job, plain.url) == (None, None, "https://x.org/sitemap.xml")
