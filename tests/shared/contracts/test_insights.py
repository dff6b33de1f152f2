from datetime import UTC, datetime

from shared.contracts.insights import Counts, Gaps, Questions

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_times_are_written_as_everywhere() -> None:
    """RFC 3339 in UTC; a page has its items and where the next begins."""
    found = Questions(items=[], since=NOW, until=NOW, counts=Counts())
    assert '"since":"2026-11-27T00:00:00.000Z"' in found.model_dump_json()
    assert found.next_cursor is None


def test_a_newer_service_may_say_more() -> None:
    """Fields that are not known are ignored."""
    told = {
        "items": [],
        "since": NOW,
        "until": NOW,
        "questions": 0,
        "truncated": False,
        "pages": [],
        "new": 1,
    }
    assert Gaps.model_validate(told).degraded == []
