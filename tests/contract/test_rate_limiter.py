"""One suite for both adapters of the rate limiter port; Redis is a real server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.limits.memory import MemoryLimiter
from gateway.limits.ports import RateLimiter
from gateway.limits.rates import Asked, Rate
from gateway.limits.redis import RedisLimiter
from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.integration

# Nothing refills within a test.
TEN = Asked("ask-visitor:a", "ask-visitor", Rate(10, 86_400))
THREE = Asked("ask-address:b", "ask-address", Rate(3, 86_400))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(Path(tmp_path_factory.mktemp("redis")))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest, server: RedisServer) -> AsyncIterator[RateLimiter]:
    server.ask("FLUSHALL")
    opened: RateLimiter = MemoryLimiter()
    if request.param == "redis":
        # A machine that is busy with others is no lost Redis.
        opened = RedisLimiter(server.url, memory=MemoryLimiter(), deadline_s=20)
    yield opened
    await opened.close()


async def test_a_bucket_empties(limiter: RateLimiter) -> None:
    """The quota passes, each time with one less left, and then nothing."""
    verdicts = [await limiter.take((THREE,)) for _ in range(5)]
    assert [(verdict.allowed, verdict.remaining) for verdict in verdicts] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
        (False, 0),
    ]
    assert {(v.policy, v.quota, v.window_s) for v in verdicts} == {("ask-address", 3, 86_400)}


async def test_a_refusal_says_when_to_come_again(limiter: RateLimiter) -> None:
    """About a third of the window, which one token takes; that is the reset, too."""
    for _ in range(3):
        assert (await limiter.take((THREE,))).retry_after_s == 0
    refused = await limiter.take((THREE,))
    assert 28_700 < refused.retry_after_s <= 28_800
    assert refused.reset_s == refused.retry_after_s


async def test_the_tightest_bucket_is_told(limiter: RateLimiter) -> None:
    """Of several, the one with the fewest tokens left, wherever it stands."""
    assert (await limiter.take((TEN, THREE))).policy == "ask-address"
    for _ in range(9):
        await limiter.take((TEN,))
    assert (await limiter.take((THREE, TEN))).policy == "ask-visitor"


async def test_all_or_nothing(limiter: RateLimiter) -> None:
    """A request that one bucket refuses takes no token of the others."""
    for _ in range(3):
        assert (await limiter.take((THREE,))).allowed
    for asked in ((TEN, THREE), (THREE, TEN)):
        refused = await limiter.take(asked)
        assert (refused.allowed, refused.policy) == (False, "ask-address")
    assert (await limiter.take((TEN,))).remaining == 9


async def test_tokens_come_back(limiter: RateLimiter) -> None:
    """An empty bucket has one again after an interval."""
    quick = Asked("ask-visitor:quick", "ask-visitor", Rate(20, 1))
    for _ in range(20):
        await limiter.take((quick,))
    async with asyncio.timeout(5):
        while True:
            if (await limiter.take((quick,))).allowed:
                return
            await asyncio.sleep(0.005)


async def test_requests_at_the_same_time_share_the_quota(limiter: RateLimiter) -> None:
    """Of a hundred at once exactly the quota passes."""
    verdicts = await asyncio.gather(*(limiter.take((TEN,)) for _ in range(100)))
    assert sum(verdict.allowed for verdict in verdicts) == 10


async def test_it_is_well_and_closes_twice(limiter: RateLimiter) -> None:
    """The health report has a line for it; closing again is harmless."""
    assert limiter.check().status == "ok"
    await limiter.close()
    await limiter.close()
