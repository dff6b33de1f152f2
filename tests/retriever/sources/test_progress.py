"""A job's report is what became of its pages."""

from retriever.sources.progress import Progress
from retriever.sources.records import MAX_REPORTED, Job, Outcome, Page

JOB = Job("j", "docs", "queued", "request", True, created=1)


def page(name: str, outcome: Outcome, job: str = "j", reason: str = "") -> Page:
    return Page(
        "docs", f"https://x.org/{name}", f"docs/x.org/{name}", job=job, outcome=outcome, reason=reason
    )


def test_pages_are_counted_once() -> None:
    """Each page counts as what it came to last, and the report names changes and failures."""
    progress = Progress(JOB)
    progress.found(4, passed_over=2)
    progress.fetched()
    progress.came(10)
    for one in (
        page("a", "added"),
        page("b", "unchanged"),
        page("c", "failed", reason="500"),
        page("d", "removed"),
    ):
        progress.page(one)
    progress.page(page("b", "replaced"))
    progress.failed_list("https://x.org/sitemap.xml", "cut")
    job = progress.job
    assert job.counts == {
        "found": 4,
        "passed_over": 2,
        "fetched": 1,
        "embedded": 2,
        "unchanged": 0,
        "failed": 1,
        "removed": 1,
    }
    assert [(change["url"][-1], change["change"]) for change in job.changes] == [
        ("a", "added"),
        ("b", "replaced"),
        ("d", "removed"),
    ]
    assert [failure["reason"] for failure in job.failures] == ["cut", "500"]
    assert (progress.brief.counts, progress.brief.changes) == (job.counts, [])
    assert (progress.bytes, progress.full, progress.id) == (10, True, "j")


def test_an_interrupted_job_counts_on() -> None:
    """What this job did before is counted again from the pages, what others did is not."""
    progress = Progress(JOB)
    progress.failed_list("x", "y")
    progress.begin([page("a", "added"), page("b", "added", job="other"), page("c", "pending")])
    assert progress.done("https://x.org/a")
    assert not progress.done("https://x.org/b")
    assert not progress.done("https://x.org/c")
    assert progress.counts()["embedded"] == 1
    assert progress.job.failures == []


def test_whoever_watches_is_told() -> None:
    """Each change is told; the first start and the first reason stay."""
    told: list[str] = []
    progress = Progress(JOB)
    progress.on_change(lambda: told.append(progress.brief.status))
    assert progress.turn("running", started=5).started == 5
    assert progress.turn("running", started=9).started == 5
    ended = progress.turn("failed", reason="no list", finished=11)
    assert (ended.started, ended.finished, ended.reason) == (5, 11, "no list")
    assert told == ["running", "running", "failed"]


def test_a_report_is_bounded() -> None:
    """However much fails, a report stays readable."""
    progress = Progress(JOB)
    for number in range(MAX_REPORTED + 5):
        progress.failed_list(str(number), "x")
        progress.page(page(str(number), "removed"))
    assert len(progress.job.failures) == len(progress.job.changes) == MAX_REPORTED
