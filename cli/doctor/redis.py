"""Asks Redis what it is; nothing is written."""

import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.doctor.reach import line_of
from cli.doctor.verdicts.redis import GROUP, SERVER, failed, verdict
from cli.findings import Finding

_TIMEOUT_S = 4.0


def check(url: str) -> list[Finding]:
    """Return what there is to say of the server at ``url``; empty is none."""
    if not url:
        return [Finding(GROUP, SERVER, "green", "not set: one gateway counts by itself, and needs none")]
    needs = (line_of("REDIS_URL"),)
    client = redis.Redis.from_url(
        url,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
    )
    try:
        with client:
            client.ping()
            began = time.monotonic()
            client.ping()
            ms = (time.monotonic() - began) * 1000
            return [verdict(client.info(), ms=ms)]
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
        return [failed("refused", needs=needs)]
    except (redis.RedisError, OSError):
        return [failed("silent", needs=needs)]
