"""How often is asked again, and when."""

from datetime import UTC, datetime

import pytest

from retriever.web.manners import ATTEMPTS, Pace, Wait, again, is_temporary, retry_after

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def test_statuses_that_may_pass() -> None:
    """Overload and failures are asked again, refusals are not."""
    assert all(map(is_temporary, (408, 429, 500, 502, 503, 504)))
    assert not any(map(is_temporary, (200, 301, 304, 400, 401, 403, 404, 410, 501)))


def test_pauses_grow_and_end() -> None:
    """Each pause is longer; after the last attempt there is none."""
    waits = [again(attempt) for attempt in range(1, ATTEMPTS + 1)]
    assert waits == [Wait(0.5), Wait(2.0), None]


def test_what_the_server_asks_for_is_for_the_whole_host() -> None:
    """Retry-After pauses every page of the host; a pause that is too long ends the trying."""
    assert again(1, retry_after=7.0) == Wait(7.0, whole_host=True)
    assert again(1, retry_after=3600.0) is None
    assert again(ATTEMPTS, retry_after=1.0) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0),
        ("Wed, 25 Nov 2026 12:00:30 -0000", 30.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """Both forms of the header are read, everything else is none."""
    assert retry_after(value, now=NOW) == seconds


def test_a_host_has_its_pace() -> None:
    """Turns follow each other by the delay, and not before a pause ends."""
    pace = Pace(2.0)
    assert [pace.take(10.0), pace.take(10.0), pace.take(11.0)] == [0.0, 2.0, 3.0]
    pace.pause(20.0, 30.0)
    assert pace.take(21.0) == 29.0
    pace.pause(22.0, 1.0)
    assert pace.take(60.0) == 0.0
