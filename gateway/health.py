"""The health of the whole, asked for when somebody wants to know.

Owns the questions to the services and how their answers add up. A service that is down is one entry of the
answer; the gateway itself is always there to say so.
"""

import asyncio
import time
from collections.abc import Mapping

from pydantic import ValidationError

from gateway.upstream import Pool, get
from shared import __version__
from shared.contracts.gateway import OverallHealth, ServiceHealth
from shared.contracts.wire import Health
from shared.errors import CarrelError

FRESH_S = 0.5
"""How long an answer is good for the next question: a crowd of probes costs the services one."""


class HealthProbe:
    """Asks every service of ``pools`` for its health, all at once."""

    def __init__(self, pools: Mapping[str, Pool], *, timeout_s: float) -> None:
        self._pools, self._timeout_s = pools, timeout_s
        self._born = time.monotonic()
        self._lock = asyncio.Lock()
        self._asked = -FRESH_S
        self._found: dict[str, ServiceHealth] = {}

    async def overall(self) -> OverallHealth:
        """Return the health of the gateway and of every service."""
        services = {"gateway": ServiceHealth(status="ok", latency_ms=0.0), **await self._services()}
        return OverallHealth(
            status=overall_status({name: health for name, health in services.items() if name != "gateway"}),
            version=__version__,
            uptime_s=self._uptime_s(),
            services=services,
        )

    def own(self) -> Health:
        """Return the gateway's own health: it answers, so it is well."""
        return Health(status="ok", version=__version__, uptime_s=self._uptime_s(), checks={})

    async def one(self, name: str) -> ServiceHealth:
        """Return the health of the service ``name``."""
        return (await self._services())[name]

    def _uptime_s(self) -> float:
        return round(time.monotonic() - self._born, 3)

    async def _services(self) -> dict[str, ServiceHealth]:
        async with self._lock:
            if time.monotonic() - self._asked > FRESH_S:
                found = await asyncio.gather(*(self._ask(pool) for pool in self._pools.values()))
                self._found = dict(zip(self._pools, found, strict=True))
                self._asked = time.monotonic()
            return self._found

    async def _ask(self, pool: Pool) -> ServiceHealth:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                _, body = await get(pool, "/health", max_bytes=256 * 1024)
            health = Health.model_validate_json(body)
        except TimeoutError:
            return _down(began, f"did not answer within {self._timeout_s:g} s")
        except CarrelError as error:
            return _down(began, error.detail)
        except ValidationError:
            return _down(began, "answered something that is not its health")
        return ServiceHealth(status=health.status, latency_ms=_since(began), checks=health.checks)


def overall_status(services: Mapping[str, ServiceHealth]) -> str:
    """Return how the whole is: down when no service can do its job, degraded when one is not well."""
    states = {health.status for health in services.values()}
    if states == {"down"}:
        return "down"
    return "ok" if states <= {"ok"} else "degraded"


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


def _down(began: float, detail: str) -> ServiceHealth:
    return ServiceHealth(status="down", latency_ms=_since(began), detail=detail)
