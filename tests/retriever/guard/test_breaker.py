"""A dependency that fails is left alone for a while."""

from retriever.guard.breaker import FAILURES, MAX_PAUSE_S, PAUSE_S, Breaker


def test_it_opens_after_failures_in_a_row_and_tries_one_call_after_the_pause() -> None:
    """Below the number all calls go; then none until the pause is over, and then one."""
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.allows(0.0)
        breaker.failed(0.0, "HTTP 500")
    assert breaker.ill(0.0, answered=-1.0)
    assert breaker.reason == "HTTP 500"
    assert not breaker.allows(PAUSE_S - 1)
    assert breaker.allows(PAUSE_S)
    assert not breaker.allows(PAUSE_S)
    breaker.succeeded()
    assert not breaker.ill(PAUSE_S, answered=-1.0)
    assert breaker.allows(PAUSE_S)


def test_what_asks_for_a_pause_gets_it_within_bounds() -> None:
    """One failure that says how long to wait opens it at once, never for longer than the bound."""
    breaker = Breaker()
    breaker.failed(0.0, "HTTP 429", pause_s=7.0)
    assert not breaker.allows(6.0)
    assert breaker.allows(7.0)
    breaker.failed(10.0, "HTTP 429", pause_s=9999.0)
    assert not breaker.allows(9.0 + MAX_PAUSE_S)
    assert breaker.allows(10.0 + MAX_PAUSE_S)


def test_what_is_like_it_speaks_for_it_after_the_pause() -> None:
    """Not before, and not what was answered before it failed: it may have gone since."""
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(10.0, "HTTP 500")
    over = 10.0 + PAUSE_S
    assert breaker.ill(over - 1, answered=over - 2)
    assert breaker.ill(over, answered=9.0)
    assert not breaker.ill(over, answered=over - 2)
    assert breaker.allows(over)
    assert breaker.ill(over, answered=over - 2), "it is being tried"
