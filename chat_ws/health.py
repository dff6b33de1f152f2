"""The chat service's own health."""

import asyncio
import time
from dataclasses import dataclass, field

from chat_ws.ports import History, RunLogs
from shared import __version__
from shared.contracts.wire import Check, Health
from shared.errors import CarrelError

_PING_S = 1.0


@dataclass
class ChatHealth:
    """Knows whether the service can do its job, and asks the database each time."""

    history: History
    logs: RunLogs
    started: float = field(default_factory=time.monotonic)
    prepared: bool = False
    """Whether the schema is up to date and orphans are ended."""
    draining: bool = False

    async def report(self) -> Health:
        """Return the state of everything the service needs, as it is now."""
        postgres = await self._postgres()
        redis = self.logs.check()
        able = postgres.status == "ok" and self.prepared
        return Health(
            status=redis.status if able else "down",
            version=__version__,
            uptime_s=round(time.monotonic() - self.started, 1),
            checks={"postgres": postgres, "redis": redis},
        )

    async def _postgres(self) -> Check:
        try:
            async with asyncio.timeout(_PING_S):
                await self.history.ping()
        except TimeoutError:
            return Check(status="down", detail="does not answer")
        except CarrelError as error:
            return Check(status="down", detail=error.detail)
        return Check(status="ok", detail="" if self.prepared else "the schema is being prepared")
