"""When a service is left alone, and when it is asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.breaker import FAILURES, UNANSWERED, Breaker


class Clock:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def breaker() -> Breaker:
    """A breaker that has seen nothing yet."""
    return Breaker("retriever", clock=Clock())


def test_a_service_nobody_has_asked_is_asked(breaker: Breaker) -> None:
    """It begins closed."""
    assert (breaker.open, breaker.doubtful) == (False, False)


def test_two_questions_without_an_answer_open_it(breaker: Breaker) -> None:
    """The watch's first is a doubt, the second a fact; its next answer closes at once."""
    breaker.unanswered("did not answer within 1.5 s")
    assert (breaker.open, breaker.doubtful) == (False, True)
    breaker.unanswered("did not answer within 1.5 s")
    assert (breaker.open, breaker.doubtful, breaker.reason) == (True, False, "did not answer within 1.5 s")
    breaker.answered()
    assert (breaker.open, breaker.doubtful) == (False, False)


def test_an_answer_between_removes_the_doubt(breaker: Breaker) -> None:
    """Questions without an answer count in a row only."""
    for _ in range(5):
        breaker.unanswered("slow")
        breaker.answered()
    assert not breaker.open


def test_requests_in_a_row_open_it(breaker: Breaker) -> None:
    """Failures in a row do; one that succeeds between them, or an answer to the watch, begins anew."""
    for heal in (breaker.succeeded, breaker.answered):
        for _ in range(FAILURES - 1):
            breaker.failed()
        heal()
    for _ in range(FAILURES - 1):
        breaker.failed()
    assert not breaker.open
    breaker.failed()
    assert (breaker.open, breaker.reason) == (True, "requests got no answer")


def test_only_the_watch_closes_it(breaker: Breaker) -> None:
    """The end of an old request says nothing about new ones."""
    for _ in range(FAILURES):
        breaker.failed()
    breaker.succeeded()
    assert breaker.open


def test_a_refusal_says_when_to_ask_again(breaker: Breaker) -> None:
    """What a client is told names the service, is retryable, and says when."""
    error = breaker.refusal()
    assert (error.status, error.code, error.retryable) == (503, "upstream_unavailable", True)
    assert error.retry_after_ms
    assert "retriever" in error.detail


def test_each_change_is_told_once() -> None:
    """However often it fails, it opens once; and it says for how long it has been open."""
    clock = Clock()
    breaker, told = Breaker("chat_ws", clock=clock), []
    breaker.changed = lambda: told.append((breaker.open, breaker.open_s))
    for _ in range(5):
        breaker.unanswered("gone")
        breaker.failed()
    clock.now += 7.0
    breaker.answered()
    breaker.answered()
    assert told == [(True, 0.0), (False, 7.0)]


@given(st.lists(st.sampled_from(["failed", "succeeded", "unanswered", "answered"])))
def test_it_is_open_only_for_a_reason(events: list[str]) -> None:
    """An answer always closes; open means enough failed in a row since the watch's last answer."""
    breaker = Breaker("retriever", clock=Clock())
    for event in events:
        if event == "unanswered":
            breaker.unanswered("gone")
        else:
            getattr(breaker, event)()
    if events and events[-1] == "answered":
        assert not breaker.open
    if breaker.open:
        last = len(events) - events[::-1].index("answered") if "answered" in events else 0
        since = events[last:]
        assert since.count("failed") >= FAILURES or since.count("unanswered") >= UNANSWERED
