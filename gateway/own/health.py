"""The health of the whole: asked for when somebody wants to know, and watched all the time.

Owns the questions to the services, how their answers add up, and the word to each service's breaker. A
service that is down is one entry of the answer; the gateway itself is always there to say so.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from pydantic import ValidationError

from gateway.upstream.pool import Pool, Service, get
from shared import __version__
from shared.contracts.gateway import OverallHealth, ServiceHealth
from shared.contracts.wire import Check, Health
from shared.errors import CarrelError
from shared.tasks import cancel, spawn

FRESH_S = 0.5
"""How long an answer is good for the next question: a crowd of probes costs the services one."""
WATCH_S = 1.0
"""How often the watch asks a service that is there."""
WATCH_AWAY_S = 0.25
"""How often it asks one that is not."""
_WORSE = ("ok", "degraded", "down")
_log = logging.getLogger(__name__)


class HealthProbe:
    """Asks ``services`` for their health, each replica, and tells their breakers whether they answered."""

    def __init__(
        self,
        services: Mapping[str, Service],
        *,
        timeout_s: float,
        checks: Mapping[str, Callable[[], Check]] | None = None,
    ) -> None:
        """``checks`` tell of what the gateway itself needs."""
        self.asked = {
            name: [_Asked(pool, timeout_s) for pool in service.pools] for name, service in services.items()
        }
        self._checks = checks or {}
        self._born = time.monotonic()

    async def overall(self) -> OverallHealth:
        """Return the health of the gateway and of every service."""
        found = await asyncio.gather(*(self.one(name) for name in self.asked))
        services = dict(zip(self.asked, found, strict=True))
        own = self.own()
        here = ServiceHealth(status=own.status, latency_ms=0.0, checks=own.checks)
        return OverallHealth(
            status=overall_status(services, own=own.status),
            version=__version__,
            uptime_s=self._uptime_s(),
            services={"gateway": here, **services},
        )

    def own(self) -> Health:
        """Return the gateway's own health: it answers, so it is well, or lacks something at most."""
        checks = {name: check() for name, check in self._checks.items()}
        well = all(check.status == "ok" for check in checks.values())
        return Health(
            status="ok" if well else "degraded",
            version=__version__,
            uptime_s=self._uptime_s(),
            checks=checks,
        )

    async def one(self, name: str) -> ServiceHealth:
        """Return the health of the service ``name``, of all its replicas together."""
        return together(await asyncio.gather(*(replica.health() for replica in self.asked[name])))

    def _uptime_s(self) -> float:
        return round(time.monotonic() - self._born, 3)


class _Asked:
    """One service, and what is known of it."""

    def __init__(self, pool: Pool, timeout_s: float) -> None:
        self.breaker = pool.breaker
        self.answered = False
        """Whether it ever did."""
        self.watched = False
        self._pool, self._timeout_s = pool, timeout_s
        self._lock = asyncio.Lock()
        self._known = ServiceHealth(status="down", latency_ms=0, detail="was not asked yet")
        self._came = self._good_until = 0.0

    async def ask(self) -> None:
        """Ask now; whoever comes meanwhile shares the answer."""
        async with self._lock:
            await self._ask()

    async def health(self) -> ServiceHealth:
        """Return the health now: as it was told to others just before, else asked for.

        That it is away the watch knows: nobody waits for an answer that will not come.
        """
        if self.watched and self.breaker.open and self._known.status == "down":
            return self._known
        arrived = time.monotonic()
        async with self._lock:
            if self._came < arrived and self._good_until < arrived:
                await self._ask()
                self._good_until = self._came + FRESH_S
            return self._known

    async def _ask(self) -> None:
        self._known = await self._answer()
        self._came = time.monotonic()

    async def _answer(self) -> ServiceHealth:
        began = time.monotonic()
        heard = False

        def hear() -> None:
            # Its first word is enough: a process that answers is alive, whatever it goes on to say.
            nonlocal heard
            heard = self.answered = True
            self.breaker.answered()

        try:
            async with asyncio.timeout(self._timeout_s):
                _, body = await get(self._pool, "/health", max_bytes=256 * 1024, heard=hear)
        except TimeoutError:
            reason = f"did not answer within {self._timeout_s:g} s"
            return _down(began, reason) if heard else self._unanswered(began, reason)
        except CarrelError as error:
            return _down(began, error.detail) if heard else self._unanswered(began, error.detail)
        try:
            health = Health.model_validate_json(body)
        except ValidationError:
            return _down(began, "answered something that is not its health")
        return ServiceHealth(status=health.status, latency_ms=_since(began), checks=health.checks)

    def _unanswered(self, began: float, reason: str) -> ServiceHealth:
        self.breaker.unanswered(reason)
        return _down(began, reason)


class Watch:
    """Asks every service of ``probe`` all the time; says in the log when one goes and when it is back."""

    def __init__(
        self, probe: HealthProbe, *, every_s: float = WATCH_S, away_every_s: float = WATCH_AWAY_S
    ) -> None:
        self._probe, self._every_s, self._away_every_s = probe, every_s, away_every_s

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch until left."""
        asked = [replica for replicas in self._probe.asked.values() for replica in replicas]
        tasks = [spawn(self._watch(one), name=f"watch {one.breaker.service}") for one in asked]
        try:
            yield
        finally:
            for one, task in zip(asked, tasks, strict=True):
                one.watched = False
                await cancel(task)

    async def _watch(self, one: _Asked) -> None:
        opened = asyncio.Event()
        one.watched = True

        def changed() -> None:
            _tell(one)
            opened.set()

        one.breaker.changed = changed
        while True:
            try:
                await one.ask()
            except Exception:
                # A watch that ended would leave a breaker open for ever.
                _log.exception("%s could not be asked for its health", one.breaker.service)
            opened.clear()
            # In doubt it is asked again at once; when requests have opened the breaker, too.
            if not one.breaker.doubtful:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._away_every_s if one.breaker.open else self._every_s):
                        await opened.wait()


def _tell(one: _Asked) -> None:
    breaker = one.breaker
    if not breaker.open:
        _log.info("%s answers, after %.1f s", breaker.service, breaker.open_s)
    elif one.answered:
        _log.warning("%s is away: %s", breaker.service, breaker.reason)
    else:
        _log.info("%s is not there yet: %s", breaker.service, breaker.reason)


def together(replicas: Sequence[ServiceHealth]) -> ServiceHealth:
    """Return the health of a service from that of its replicas, in the order of their addresses.

    It is down when all are, degraded when one is not well; checks are those of the worst, and ``detail``
    names each that is not well.
    """
    worst = max(replicas, key=lambda health: _WORSE.index(health.status))
    if len(replicas) == 1:
        return worst
    states = {health.status for health in replicas}
    told = [
        f"replica {number}: {health.status}{health.detail and f', {health.detail}'}"
        for number, health in enumerate(replicas, 1)
        if health.status != "ok"
    ]
    return ServiceHealth(
        status=worst.status if len(states) == 1 else "degraded",
        latency_ms=max(health.latency_ms for health in replicas),
        checks=worst.checks,
        detail="; ".join(told),
    )


def overall_status(services: Mapping[str, ServiceHealth], *, own: str = "ok") -> str:
    """Return how the whole is: down when no service can do its job, degraded when one is not well."""
    states = {health.status for health in services.values()}
    if states == {"down"}:
        return "down"
    return "ok" if states | {own} <= {"ok"} else "degraded"


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


def _down(began: float, detail: str) -> ServiceHealth:
    return ServiceHealth(status="down", latency_ms=_since(began), detail=detail)
