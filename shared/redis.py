"""How our services connect to Redis: few connections, a deadline for everything, no second try."""

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def pool(url: str, *, connections: int, deadline_s: float) -> BlockingConnectionPool:
    """Return connections to Redis 6.2 or later at ``url``; nothing is opened before the first command."""
    return BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=deadline_s,
        socket_timeout=deadline_s,
        socket_connect_timeout=deadline_s,
        # The deadline is for all; a second try would be another request's time.
        retry=Retry(NoBackoff(), 0),
        # Of RESP3 nothing is needed, and older servers and proxies do not know its greeting.
        protocol=2,
        driver_info=None,
    )
