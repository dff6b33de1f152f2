"""Which replica of a service is asked."""

import time

import pytest

from gateway.upstream.breaker import UNANSWERED, Breaker
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool
from gateway.upstream.replicas import Replicas, one_of
from tests.support.gateway_upstream import upstream

TIMEOUTS = Timeouts(connect=0.2, first_byte=5, idle=5, keep_alive=5)


def pools(*urls: str) -> list[Pool]:
    """A pool of each, with a breaker of its own."""
    return [
        Pool(url, timeouts=TIMEOUTS, max_connections=4, breaker=Breaker(f"chat {url}", clock=time.monotonic))
        for url in urls
    ]


def away(pool: Pool) -> None:
    for _ in range(UNANSWERED):
        pool.breaker.unanswered("silent")


def test_one_address_is_a_pool() -> None:
    """Nothing stands between a request and the pool of a single address."""
    [pool] = pools("http://a:1")
    assert one_of([pool]) is pool
    assert (pool.pick(), pool.pools) == (pool, (pool,))
    two = pools("http://a:1", "http://b:2")
    assert one_of(two).pools == tuple(two)


def test_the_one_with_least_to_do_is_picked() -> None:
    """Requests and WebSockets count alike; of equals the one that was used longest ago."""
    a, b, c = pools("http://a:1", "http://b:2", "http://c:3")
    replicas = Replicas([a, b, c])
    a.busy = 1
    b.join()
    assert replicas.pick() is c
    c.busy = 2
    a.used, b.used = 2, 1
    assert [replicas.pick() for _ in range(3)] == [b, b, b]
    b.used = 3
    assert replicas.pick() is a


def test_one_that_is_away_is_passed_over() -> None:
    """However little it has to do; when all are away, one is told to be."""
    a, b = pools("http://a:1", "http://b:2")
    replicas = Replicas([a, b])
    b.busy = 4
    away(a)
    assert replicas.pick() is b
    away(b)
    assert replicas.pick().breaker.open
    a.breaker.answered()
    assert replicas.pick() is a


async def test_they_are_used_in_turn() -> None:
    """Requests one after another go round."""
    async with upstream() as one, upstream() as two:
        replicas = Replicas(pools(one.url, two.url))
        for _ in range(4):
            async with replicas.pick().exchange(fresh=False, bodiless=False) as exchange:
                exchange.write(b"GET / HTTP/1.1\r\n\r\n")
                exchange.sent = True
                await exchange.head()
                while await exchange.read():
                    pass
        for pool in replicas.pools:
            pool.close()
    assert [len(one.asked), len(two.asked)] == [2, 2]


def test_a_refusal_names_the_service_and_no_address() -> None:
    """Which replica it was is for the log."""
    [pool] = pools("http://a:1")
    away(pool)
    with pytest.raises(Exception, match="The service chat does not") as caught:
        raise pool.breaker.refusal()
    assert "a:1" not in str(caught.value)
