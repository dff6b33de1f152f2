"""Data sources on the wire."""

import pytest
from pydantic import ValidationError

from shared.contracts.data_sources import MAX_URLS, DataSourceRequest, IngestionJob, JobCounts, SyncRequest


def test_defaults_are_those_of_an_ordinary_site() -> None:
    """A kind and an address are enough."""
    request = DataSourceRequest.model_validate({"kind": "sitemap", "url": "https://x.org/sitemap.xml"})
    assert (request.include, request.exclude, request.interval_s, request.max_pages) == ([], [], None, 2000)
    assert SyncRequest().full is False


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "git"},
        {"kind": "urls", "urls": [""]},
        {"kind": "urls", "urls": ["x"] * (MAX_URLS + 1)},
        {"kind": "sitemap", "url": "x" * 2001},
        {"kind": "sitemap", "url": "https://x.org/\0"},
        {"kind": "sitemap", "include": ["/"] * 101},
        {"kind": "sitemap", "interval_s": 299},
        {"kind": "sitemap", "interval_s": "600"},
        {"kind": "sitemap", "max_pages": 20_001},
        {"kind": "sitemap", "hosts": ["x"] * 51},
        {"kind": "sitemap", "uri": "https://x.org/"},
    ],
)
def test_what_is_out_of_bounds_is_refused(fields: dict[str, object]) -> None:
    """Every list, text and number has its bounds, and an unknown field is an error."""
    with pytest.raises(ValidationError):
        DataSourceRequest.model_validate(fields)


def test_an_answer_may_grow() -> None:
    """A reader of today takes what a server of tomorrow adds."""
    job = IngestionJob.model_validate(
        {
            "id": "j",
            "data_source_id": "docs",
            "status": "running",
            "trigger": "schedule",
            "created_at": "2026-11-25T12:00:00Z",
            "counts": {"found": 3, "skipped": 1},
            "new": True,
        }
    )
    assert job.counts == JobCounts(found=3)
