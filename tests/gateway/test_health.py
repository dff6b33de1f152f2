"""The health of the whole."""

import asyncio
import json

import pytest

from gateway.exchange import Timeouts
from gateway.health import HealthProbe, overall_status
from gateway.upstream import Pool
from shared.contracts.gateway import ServiceHealth
from tests.support.gateway_server import NOWHERE
from tests.support.gateway_upstream import Script, Wire, upstream

TIMEOUTS = Timeouts(connect=1, first_byte=5, idle=5, keep_alive=5)


def says(status: str, *, code: bytes = b"200 OK") -> Script:
    """A service that reports ``status``."""
    checks = {"postgres": {"status": status, "detail": "said so"}}
    body = json.dumps(
        {"status": status, "version": "1", "uptime_s": 1.5, "checks": checks, "new": 1}
    ).encode()

    async def answer(wire: Wire) -> None:
        await wire.reply(body, status=code)

    return answer


def probe(**urls: str) -> HealthProbe:
    """A probe of the services at ``urls``."""
    pools = {name: Pool(url, timeouts=TIMEOUTS, max_connections=4) for name, url in urls.items()}
    return HealthProbe(pools, timeout_s=0.3)


async def test_what_the_services_say_is_passed_on() -> None:
    """Each service's own checks, and how long it took to say so."""
    async with upstream(says("ok")) as one, upstream(says("degraded")) as two:
        found = await probe(retriever=one.url, chat_ws=two.url).overall()
    assert found.status == "degraded"
    assert found.services["gateway"].status == "ok"
    assert found.services["chat_ws"].checks["postgres"].detail == "said so"
    assert found.services["retriever"].latency_ms > 0


async def test_a_service_that_is_down_says_so_itself() -> None:
    """A 503 with a report is a report."""
    async with upstream(says("down", code=b"503 Service Unavailable")) as one, upstream(says("ok")) as two:
        found = await probe(retriever=one.url, chat_ws=two.url).overall()
    assert (found.status, found.services["retriever"].status) == ("degraded", "down")
    assert found.services["retriever"].checks


async def test_services_that_cannot_be_asked_are_down_and_why() -> None:
    """Not there, silent, or saying something else: down, one by one, all asked at once."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    async def nonsense(wire: Wire) -> None:
        await wire.reply(b"<html>")

    async with upstream(never) as one, upstream(never) as two, upstream(nonsense) as three:
        asked = probe(a=NOWHERE, b=one.url, c=two.url, d=three.url)
        began = asyncio.get_running_loop().time()
        found = await asked.overall()
        took = asyncio.get_running_loop().time() - began
    assert found.status == "down"
    details = {name: health.detail for name, health in found.services.items()}
    assert details["a"] == "A service cannot be reached"
    assert details["b"] == details["c"] == "did not answer within 0.3 s"
    assert details["d"] == "answered something that is not its health"
    assert took < 0.55


async def test_a_crowd_asks_once() -> None:
    """Probes at the same time share one question to each service."""
    async with upstream(says("ok")) as service:
        asked = probe(retriever=service.url)
        await asyncio.gather(*(asked.overall() for _ in range(20)), asked.one("retriever"))
    assert len(service.asked) == 1


async def test_an_answer_is_soon_old() -> None:
    """After half a second, the services are asked again."""
    async with upstream(says("ok")) as service:
        asked = probe(retriever=service.url)
        await asked.overall()
        await asyncio.sleep(0.6)
        await asked.overall()
    assert len(service.asked) == 2


def test_the_gateway_itself_is_well() -> None:
    """It answers, so it is."""
    own = probe().own()
    assert (own.status, own.checks) == ("ok", {})
    assert own.uptime_s >= 0


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        (["ok", "ok"], "ok"),
        (["ok", "degraded"], "degraded"),
        (["down", "ok"], "degraded"),
        (["down", "degraded"], "degraded"),
        (["down", "down"], "down"),
    ],
)
def test_the_whole_is_down_when_nothing_works(states: list[str], whole: str) -> None:
    """One service that works keeps the whole from being down."""
    services = {str(n): ServiceHealth(status=s, latency_ms=0) for n, s in enumerate(states)}
    assert overall_status(services) == whole
