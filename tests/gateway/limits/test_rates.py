"""Rates as they are written, and what is told of a bucket."""

import pytest

from gateway.limits.rates import Asked, Rate, Verdict, judge, rate_headers

SECOND = 1_000_000.0


@pytest.mark.parametrize(
    ("text", "quota", "window_s"),
    [
        ("60/min", 60, 60),
        ("5/s", 5, 1),
        ("1000/h", 1000, 3600),
        ("3/d", 3, 86_400),
        ("20/30s", 20, 30),
        ("1/15min", 1, 900),
        (" 7/1d ", 7, 86_400),
        ("10000/s", 10_000, 1),
        ("1/366d", 1, 366 * 86_400),
    ],
)
def test_a_rate_is_written_as_requests_in_a_window(text: str, quota: int, window_s: int) -> None:
    """A number, a slash, and a unit of time with or without a count."""
    assert Rate.parse(text) == Rate(quota, window_s)
    assert Rate.parse(str(Rate.parse(text))) == Rate(quota, window_s)


@pytest.mark.parametrize(
    "text", ["", "60", "60/m", "/min", "-1/s", "1.5/s", "1/s/s", "1/1.5s", "６/s", "1 /s"]
)
def test_what_is_no_rate_is_told_what_would_be(text: str) -> None:
    """The refusal shows the forms."""
    with pytest.raises(ValueError, match=r"must be requests in a window, such as 60/min, 5/s"):
        Rate.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0/min", "must allow at least 1 request"),
        ("5/0s", "must have a window from 1 s to 366 d"),
        ("5/367d", "must have a window from 1 s to 366 d"),
        ("10001/s", "must allow at most 10000 requests a second; LIMITS=off"),
    ],
)
def test_rates_that_mean_nothing_are_refused(text: str, reason: str) -> None:
    """Nothing, no time, and more than can be counted are each told apart."""
    with pytest.raises(ValueError, match=reason):
        Rate.parse(text)


def test_a_token_never_comes_back_too_early() -> None:
    """An interval that is no whole number of microseconds is rounded up."""
    assert (Rate(7, 60).interval, Rate(60, 60).interval) == (8_571_429.0, SECOND)
    assert Rate(7, 60).depth == 7 * 8_571_429.0


@pytest.mark.parametrize(
    ("full_in", "remaining", "reset_s"),
    [
        (0.0, 60, 0),
        (1.0, 59, 1),
        (SECOND, 59, 1),
        (SECOND + 1, 58, 1),
        (60 * SECOND, 0, 1),
    ],
)
def test_a_bucket_tells_what_is_left_and_when_there_is_more(
    full_in: float, remaining: int, reset_s: int
) -> None:
    """Whole tokens, and the seconds until the next one, rounded up."""
    verdict = Verdict(True, "ask-visitor", Rate(60, 60), full_in)
    assert (verdict.remaining, verdict.reset_s, verdict.retry_after_s) == (remaining, reset_s, 0)
    assert (verdict.quota, verdict.window_s) == (60, 60)


@pytest.mark.parametrize(
    ("full_in", "wait_s"), [(60 * SECOND, 20), (58.5 * SECOND, 19), (40 * SECOND + 1, 1)]
)
def test_a_refusal_says_when_to_come_again(full_in: float, wait_s: int) -> None:
    """The seconds, rounded up, until there is a token; the draft's reset says the same."""
    verdict = Verdict(False, "ask-visitor", Rate(3, 60), full_in)
    assert (verdict.retry_after_s, verdict.reset_s, verdict.remaining) == (wait_s, wait_s, 0)


def test_the_headers_are_those_of_the_draft() -> None:
    """A quoted policy with its quota and window, and what is left of it."""
    verdict = Verdict(True, "ask-visitor", Rate(60, 600), 91 * SECOND)
    assert rate_headers(verdict) == (
        (b"ratelimit-policy", b'"ask-visitor";q=60;w=600'),
        (b"ratelimit", b'"ask-visitor";r=50;t=1'),
    )


def test_the_tightest_bucket_is_told() -> None:
    """The one with the fewest tokens left, or the one to wait for the longest."""
    slow, quick = Asked("a", "slow", Rate(2, 60)), Asked("b", "quick", Rate(100, 60))
    assert (
        judge((quick, slow), (98.5 * quick.rate.interval, slow.rate.interval), allowed=True).policy == "slow"
    )
    assert judge((slow, quick), (slow.rate.interval, quick.rate.depth), allowed=True).policy == "quick"
    assert judge((quick, slow), (quick.rate.depth, slow.rate.depth), allowed=False).policy == "slow"
    assert judge((quick, slow), (quick.rate.depth, 0.0), allowed=False).policy == "quick"
