"""The rate limiter shared by all replicas: one script in one Redis server, which also tells the time.

Owns the connection, its deadlines, and what happens without it. Imported only when REDIS_URL is set: the
client takes a tenth of a second to import. This process's own count comes first: what it alone would refuse
never costs Redis a command, and while Redis is lost its verdict stands at once, with no bucket fresh again.

Nothing Redis says is logged: a server may repeat the password of a command it does not understand.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib import resources
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from gateway.limits.memory import MemoryLimiter
from gateway.limits.rates import Asked, Verdict, judge
from shared.contracts.wire import Check
from shared.redis import pool
from shared.tasks import cancel, spawn

COMMAND_S = 0.25
PAUSE_S = 1.0
"""For so long a lost Redis is left alone before it is tried again."""
CONNECTIONS = 16
PREFIX = "carrel:rate:"
_log = logging.getLogger(__name__)


class RedisLimiter:
    """The port over Redis 6.2 or later at ``url``; ``memory`` is this process's own count.

    ``deadline_s`` is how long a request waits for Redis, whatever is the matter: a connection, the network,
    the server. ``clock`` counts the pause of a lost one.
    """

    def __init__(
        self,
        url: str,
        *,
        memory: MemoryLimiter,
        deadline_s: float = COMMAND_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._memory, self._deadline_s, self._clock = memory, deadline_s, clock
        self._redis = Redis(connection_pool=pool(url, connections=CONNECTIONS, deadline_s=deadline_s))
        self._script = resources.files(__package__).joinpath("buckets.lua").read_text("utf-8")
        self._sha = sha1(self._script.encode(), usedforsecurity=False).hexdigest()
        self._lost = False
        self._again = 0.0
        self._trial: asyncio.Task[None] | None = None

    async def take(self, asked: Sequence[Asked]) -> Verdict:
        """Take a token from each bucket, or from none, as the port does; counted here when Redis is lost."""
        verdict = self._memory.take_now(asked)
        if not verdict.allowed or self._is_lost():
            return verdict
        try:
            verdict = await self._ask(asked)
        # Whatever a server that is none of ours makes the client do: the request goes on.
        except Exception as error:
            self._failed(error)
            return verdict
        if not verdict.allowed:
            self._memory.give_back(asked)
        return verdict

    def check(self) -> Check:
        """Return how Redis was when it was asked last."""
        if self._lost:
            return Check(status="degraded", detail="lost: limits in this process")
        return Check(status="ok", detail="limits are shared")

    async def close(self) -> None:
        """Close every connection."""
        await cancel(self._trial)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._deadline_s):
                await self._redis.aclose(close_connection_pool=True)

    async def _ask(self, asked: Sequence[Asked]) -> Verdict:
        keys = [PREFIX + ask.key for ask in asked]
        arguments = [int(number) for ask in asked for number in (ask.rate.interval, ask.rate.depth)]
        async with asyncio.timeout(self._deadline_s):
            try:
                said = await self._redis.evalsha(self._sha, len(keys), *keys, *arguments)
            except NoScriptError:
                # A server that is new, or was told to forget: EVAL tells it again.
                said = await self._redis.eval(self._script, len(keys), *keys, *arguments)
        return _verdict(asked, said)

    def _is_lost(self) -> bool:
        if self._lost and self._clock() >= self._again and (self._trial is None or self._trial.done()):
            self._trial = spawn(self._try(), name="redis-trial")
        return self._lost

    async def _try(self) -> None:
        """Find out whether Redis is back; no request waits for it."""
        try:
            async with asyncio.timeout(self._deadline_s):
                # What the old connections still hold is nobody's answer any more.
                await self._redis.connection_pool.disconnect(inuse_connections=False)
                said = await self._redis.eval(self._script, 0)
                if said != [1]:
                    raise ValueError("another answer than the script's")
        except Exception as error:
            self._failed(error)
        else:
            self._lost = False
            _log.info("Redis is back: limits are shared again")

    def _failed(self, error: Exception) -> None:
        self._again = self._clock() + PAUSE_S
        if not self._lost:
            self._lost = True
            _log.warning(
                "Redis is lost (%s): each replica counts its own requests until it is back",
                type(error).__name__,
            )


def _verdict(asked: Sequence[Asked], said: Any) -> Verdict:
    """Return what ``said`` means; raise ValueError when the script did not say it."""
    if not isinstance(said, list) or len(said) != len(asked) + 1 or any(type(n) is not int for n in said):
        raise ValueError("not what the script answers")
    allowed, *full_in = said
    within = all(0 <= full <= ask.rate.depth for ask, full in zip(asked, full_in, strict=True))
    if allowed not in (0, 1) or not within:
        raise ValueError("numbers that the script does not answer")
    return judge(asked, [float(full) for full in full_in], allowed=allowed == 1)
