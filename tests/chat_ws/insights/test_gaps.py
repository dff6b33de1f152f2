from datetime import UTC, datetime, timedelta, timezone

import pytest

from chat_ws.insights.gaps import cursor, group, is_partition, kinds, pages, place, same_words, span
from shared.contracts.insights import AskedQuestion, PageCount
from shared.errors import InvalidRequestError

NOW = datetime(2026, 11, 27, 1, 2, 3, 4567, tzinfo=UTC)
DAY = timedelta(days=1)


def asked(question: str = "Why?", **fields: object) -> AskedQuestion:
    values = {"id": "m", "question": question, "asked_at": NOW, "outcome": "unanswered"}
    return AskedQuestion.model_validate(values | fields)


def test_the_time_is_the_last_thirty_days_unless_said_otherwise() -> None:
    """Either end may be said; what retention should have removed is not in it."""
    assert span(None, None, now=NOW, retention_days=None).since == NOW - 30 * DAY
    assert span(None, NOW - DAY, now=NOW, retention_days=None).since == NOW - 31 * DAY
    assert span(NOW - 90 * DAY, None, now=NOW, retention_days=60).since == NOW - 60 * DAY
    found = span(NOW - 2 * DAY, NOW - DAY, now=NOW, retention_days=60)
    assert (found.since, found.until) == (NOW - 2 * DAY, NOW - DAY)
    for offset in (timedelta(hours=23, minutes=59), timedelta(hours=-23, minutes=-59)):
        zone = timezone(offset)
        ancient, late = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
        found = span(ancient, late, now=NOW, retention_days=None)
        assert (found.since.isoformat(), found.until.isoformat()) == (
            "1970-01-01T00:00:00+00:00",
            "9999-01-01T00:00:00+00:00",
        )
    with pytest.raises(InvalidRequestError, match="since is after until"):
        span(NOW, NOW - DAY, now=NOW, retention_days=None)


def test_a_cursor_is_what_it_was_made_of() -> None:
    """To the microsecond; anything else is refused by name."""
    assert place(cursor(NOW, 12)) == (NOW, 12)
    for wrong in ("", "1", "1.", "x.1", "9999999999999999999.1", "1.1.1"):
        with pytest.raises(InvalidRequestError) as caught:
            place(wrong)
        assert caught.value.param == "cursor"


def test_a_group_tells_of_its_questions() -> None:
    """The latest stands for it; kinds are counted, one question may be of two; three are examples."""
    questions = [
        asked("Newest", rating="down", page_url="https://d.test/a"),
        asked("b", outcome="weak", page_url="https://d.test/b"),
        asked("c", outcome="answered", rating="down", page_url="https://d.test/b"),
        asked("d", rating="up", asked_at=NOW - DAY),
    ]
    found = group(questions)
    assert (found.question, found.count, found.last_asked_at) == ("Newest", 4, NOW)
    assert found.kinds == {"unanswered": 2, "down_voted": 2, "weak": 1}
    assert [page.model_dump() for page in found.pages] == [
        {"page_url": "https://d.test/b", "count": 2},
        {"page_url": "https://d.test/a", "count": 1},
    ]
    assert [one.question for one in found.examples] == ["Newest", "b", "c"]
    assert list(kinds(asked(outcome="failed"))) == []


def test_pages_are_bounded() -> None:
    """Ten at most, the most asked on first, then by address."""
    found = pages([asked(page_url=f"https://d.test/{n:02}") for n in range(20)])
    assert found == [PageCount(page_url=f"https://d.test/{n:02}", count=1) for n in range(10)]


def test_the_same_words_are_together() -> None:
    """Whatever their case and spaces, the largest group first."""
    assert same_words([asked("A"), asked("b  c"), asked("B C")]) == [[1, 2], [0]]
    assert same_words([]) == []


def test_groups_are_of_all_questions() -> None:
    """Each in exactly one; anything else is no grouping of them."""
    assert is_partition([[1], [0, 2]], 3)
    assert not is_partition([[0], [0, 1]], 2)
    assert not is_partition([[0]], 2)
    assert not is_partition([[0], [2]], 2)
