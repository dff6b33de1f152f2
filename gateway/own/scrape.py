"""The metrics of all services, asked for when somebody wants them."""

import asyncio
import logging
from collections.abc import Mapping

from prometheus_client.metrics_core import Metric

from gateway.own.asking import ask
from gateway.own.metrics import merge
from gateway.routing import Target
from gateway.upstream.pool import Pool, Service
from shared.metrics import Metrics

MAX_BYTES = 2 * 1024 * 1024
"""The most a service may tell."""
_log = logging.getLogger(__name__)


class Scrape:
    """Merges the gateway's ``own`` metrics with those of the services of ``services``, each replica."""

    def __init__(
        self, own: Metrics, services: Mapping[Target, Service], *, internal_token: str, timeout_s: float
    ) -> None:
        self._own = own
        # Replicas are told apart by their addresses.
        self._pools = {
            target.value if len(service.pools) == 1 else f"{target.value} {pool.authority.decode()}": pool
            for target, service in services.items()
            for pool in service.pools
        }
        self._token, self._timeout_s = internal_token, timeout_s

    async def families(self) -> list[Metric]:
        """Return what everybody tells, as far as the services are up."""
        told = await asyncio.gather(*(self._ask(name, pool) for name, pool in self._pools.items()))
        texts = dict(zip(self._pools, told, strict=True))
        own = await self._own.families()
        # Reading takes milliseconds, which the connections would wait for.
        return await asyncio.to_thread(merge, own, texts)

    async def _ask(self, name: str, pool: Pool) -> str | None:
        answer = await ask(
            pool, "/metrics", internal_token=self._token, timeout_s=self._timeout_s, max_bytes=MAX_BYTES
        )
        if answer is None:
            return None
        status, body = answer
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        if status != 200:
            _log.warning("%s answers HTTP %d when it is asked for its metrics", name, status)
            return None
        return text
