"""The chat service's own health."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chat_ws.ports import BusyError, History, RunLogs
from shared import __version__
from shared.contracts.wire import Check, Health
from shared.errors import CarrelError

_PING_S = 1.0
_ASIDE_S = 0.5
_BUSY = "answers, but all our connections to it are busy: requests wait (DATABASE_CONNECTIONS)"


@dataclass
class ChatHealth:
    """Knows whether the service can do its job, and asks the database each time.

    ``aside`` asks it on a connection for which nobody waits: it tells a database that does not answer from
    one that our own requests keep busy.
    """

    history: History
    logs: RunLogs
    aside: Callable[[], Awaitable[object]]
    started: float = field(default_factory=time.monotonic)
    prepared: bool = False
    """Whether the schema is up to date and orphans are ended."""
    draining: bool = False

    async def report(self) -> Health:
        """Return the state of everything the service needs, as it is now."""
        postgres = await self._postgres()
        redis = self.logs.check()
        able = postgres.status != "down" and self.prepared
        degraded = "degraded" in (postgres.status, redis.status)
        return Health(
            status="down" if not able else "degraded" if degraded else "ok",
            version=__version__,
            uptime_s=round(time.monotonic() - self.started, 1),
            checks={"postgres": postgres, "redis": redis},
        )

    async def _postgres(self) -> Check:
        try:
            await _within(_PING_S, self.history.ping)
        except (TimeoutError, BusyError):
            return await self._silent()
        except CarrelError as error:
            return Check(status="down", detail=error.detail)
        return Check(status="ok", detail="" if self.prepared else "the schema is being prepared")

    async def _silent(self) -> Check:
        try:
            await _within(_ASIDE_S, self.aside)
        except (TimeoutError, CarrelError):
            return Check(status="down", detail="does not answer")
        return Check(status="degraded", detail=_BUSY)


async def _within(seconds: float, ask: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(seconds):
        await ask()
