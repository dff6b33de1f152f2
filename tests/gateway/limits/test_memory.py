"""The limiter in memory: buckets and a clock."""

from gateway.limits.buckets import Buckets
from gateway.limits.memory import MemoryLimiter
from gateway.limits.rates import Asked, Rate

ASKED = (Asked("ask-visitor:a", "ask-visitor", Rate(2, 2)),)


async def test_its_clock_is_given() -> None:
    """Tokens come back by the clock alone, for a coroutine as for a plain call."""
    now = [10.0]
    limiter = MemoryLimiter(clock=lambda: now[0], buckets=Buckets(most=1))
    taken = [(await limiter.take(ASKED)).allowed, limiter.take_now(ASKED).allowed]
    assert [*taken, limiter.take_now(ASKED).allowed, limiter.take_now(ASKED).allowed] == [
        True,
        True,
        False,
        False,
    ]
    now[0] = 11.0
    verdict = limiter.take_now(ASKED)
    assert (verdict.allowed, verdict.remaining) == (True, 0)


async def test_what_somebody_else_refused_is_given_back() -> None:
    """A token that was given back is there again; it is always well, and closes."""
    limiter = MemoryLimiter(clock=lambda: 10.0)
    assert limiter.take_now(ASKED).remaining == 1
    limiter.give_back(ASKED)
    assert limiter.take_now(ASKED).remaining == 1
    assert limiter.check().status == "ok"
    await limiter.close()
