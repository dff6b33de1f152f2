"""The health of the whole."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.own.health import HealthProbe, Watch, overall_status, together
from gateway.upstream.breaker import FAILURES, UNANSWERED, Breaker
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool
from gateway.upstream.replicas import Replicas
from shared.contracts.gateway import ServiceHealth
from shared.contracts.wire import Check
from tests.support.gateway_server import NOWHERE
from tests.support.gateway_upstream import Script, Upstream, Wire, upstream
from tests.support.waiting import eventually

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


WELL = ServiceHealth(status="ok", latency_ms=1, checks={"postgres": Check(status="ok")})
ILL = ServiceHealth(status="degraded", latency_ms=3, checks={"postgres": Check(status="degraded")})
AWAY = ServiceHealth(status="down", latency_ms=2, detail="cannot be reached")


@pytest.mark.parametrize(
    ("replicas", "status", "worst", "detail"),
    [
        ([AWAY], "down", AWAY, "cannot be reached"),
        ([WELL, WELL], "ok", WELL, ""),
        ([WELL, ILL], "degraded", ILL, "replica 2: degraded"),
        ([AWAY, WELL], "degraded", AWAY, "replica 1: down, cannot be reached"),
        ([ILL, AWAY], "degraded", AWAY, "replica 1: degraded; replica 2: down, cannot be reached"),
        ([ILL, ILL], "degraded", ILL, "replica 1: degraded; replica 2: degraded"),
        (
            [AWAY, AWAY],
            "down",
            AWAY,
            "replica 1: down, cannot be reached; replica 2: down, cannot be reached",
        ),
    ],
)
def test_replicas_are_one_service(
    replicas: list[ServiceHealth], status: str, worst: ServiceHealth, detail: str
) -> None:
    """It is down when all are, and says which is not well and why; addresses are nobody's business."""
    found = together(replicas)
    assert (found.status, found.checks, found.detail) == (status, worst.checks, detail)
    assert found.latency_ms == max(health.latency_ms for health in replicas)


async def test_each_replica_is_asked() -> None:
    """The service is as its replicas are together; each has its own breaker."""
    async with upstream(says("ok")) as one:
        pools = [Pool(url, timeouts=TIMEOUTS, max_connections=4) for url in (one.url, NOWHERE)]
        asked = HealthProbe({"chat_ws": Replicas(pools)}, timeout_s=0.3)
        for _ in range(UNANSWERED):
            await asked.asked["chat_ws"][1].ask()
        found = await asked.one("chat_ws")
    assert found.status == "degraded"
    assert found.detail.startswith("replica 2: down")
    assert [pool.breaker.open for pool in pools] == [False, True]


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


class Watched:
    """A watch of one service that asks often, its breaker, and what it said in the log."""

    def __init__(
        self,
        url: str,
        log: pytest.LogCaptureFixture,
        *,
        every_s: float = 0.02,
        away_every_s: float = 0.01,
        timeout_s: float = 0.1,
    ) -> None:
        log.set_level(logging.INFO, logger="gateway.own.health")
        self._log = log
        self.breaker = Breaker("retriever", clock=time.monotonic)
        pool = Pool(url, timeouts=TIMEOUTS, max_connections=4, breaker=self.breaker)
        self.probe = HealthProbe({"retriever": pool}, timeout_s=timeout_s)
        self.watch = Watch(self.probe, every_s=every_s, away_every_s=away_every_s)

    @property
    def said(self) -> list[tuple[str, str]]:
        """The lines, by level, without how long."""
        return [(record.levelname, record.getMessage().split(",")[0]) for record in self._log.records]


@contextmanager
def stopped() -> Iterator[socket.socket]:
    """The socket of a process that is stopped: the kernel takes connections, nobody answers them."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(128)
        yield sock


async def test_a_stopped_process_is_left_alone_until_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    """Connections that are taken and never answered open the breaker; the first answer closes it."""
    with stopped() as sock:
        watched = Watched(f"http://127.0.0.1:{sock.getsockname()[1]}", caplog)
        service = Upstream(says("ok"))
        async with watched.watch.running():
            await eventually(lambda: watched.breaker.open)
            assert (await watched.probe.overall()).services["retriever"].status == "down"
            server = await asyncio.start_server(service.serve, sock=sock)
            await eventually(lambda: not watched.breaker.open)
        server.close()
    assert watched.said == [
        ("INFO", "retriever is not there yet: did not answer within 0.1 s"),
        ("INFO", "retriever answers"),
    ]


async def test_a_service_that_goes_and_comes_is_told_once_each(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it goes, however long it is away, and one when it is back."""
    async with upstream(says("ok")) as service:
        watched = Watched(service.url, caplog)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) > 2)
            service.script = lambda wire: wire.close()
            await eventually(lambda: watched.breaker.open)
            asked = len(service.asked)
            await eventually(lambda: len(service.asked) > asked + 3)
            service.script = says("ok")
            await eventually(lambda: not watched.breaker.open)
    assert watched.said == [
        ("WARNING", "retriever is away: A service closed the connection without an answer"),
        ("INFO", "retriever answers"),
    ]


async def test_a_refused_connection_opens_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody listens no time is lost with asking again later."""
    watched = Watched(NOWHERE, caplog, every_s=60)
    async with watched.watch.running():
        await eventually(lambda: watched.breaker.open)
    assert watched.breaker.reason == "A service cannot be reached"


@pytest.mark.parametrize("code", [b"503 Service Unavailable", b"500 Oops", b"404 Not Found"])
async def test_whatever_is_answered_the_process_is_alive(
    caplog: pytest.LogCaptureFixture, code: bytes
) -> None:
    """A service that says it is down, or something else, is asked: it will say so itself."""
    async with upstream(says("down", code=code)) as service:
        watched = Watched(service.url, caplog)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) > 5)
            assert not watched.breaker.open
    assert watched.said == []


async def test_one_question_without_an_answer_is_a_doubt(caplog: pytest.LogCaptureFixture) -> None:
    """It is asked again at once, not a second later; an answer then is all that was wanted."""

    async def once_silent(wire: Wire) -> None:
        service.script = says("ok")
        await wire.gone()

    async with upstream(once_silent) as service:
        watched = Watched(service.url, caplog, every_s=60)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) == 2)
            await eventually(lambda: not watched.breaker.doubtful)
    assert watched.said == []


async def test_what_requests_have_opened_the_watch_looks_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """A breaker opened by requests is closed by the next answer, not by the next round."""
    async with upstream(says("ok")) as service:
        watched = Watched(service.url, caplog, every_s=60)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) == 1)
            for _ in range(FAILURES):
                watched.breaker.failed()
            assert watched.breaker.open
            await eventually(lambda: not watched.breaker.open)
    assert [level for level, _ in watched.said] == ["WARNING", "INFO"]


async def test_good_news_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """That a service is well is true at the time of the request, whatever the watch saw before."""
    async with upstream(says("ok")) as service:
        watched = Watched(service.url, caplog, every_s=60)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) == 1)
            service.script = says("degraded")
            found = await asyncio.gather(*(watched.probe.overall() for _ in range(20)))
    assert len(service.asked) == 2
    assert {health.status for health in found} == {"degraded"}


async def test_bad_news_is_known(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits to be told that a service is away: the watch has waited already."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    async with upstream(never) as service:
        watched = Watched(service.url, caplog, away_every_s=60)
        async with watched.watch.running():
            await eventually(lambda: watched.breaker.open)
            asked = len(service.asked)
            found = await asyncio.gather(*(watched.probe.one("retriever") for _ in range(20)))
            assert len(service.asked) == asked
        assert {(health.status, health.detail) for health in found} == {
            ("down", "did not answer within 0.1 s")
        }
        service.script = says("ok")
        # Without the watch nobody knows any more.
        assert (await watched.probe.one("retriever")).status == "ok"


async def test_whoever_comes_during_a_question_shares_it(caplog: pytest.LogCaptureFixture) -> None:
    """The watch's question that is under way is not asked once more."""
    gate = asyncio.Event()

    async def slow(wire: Wire) -> None:
        await gate.wait()
        await says("ok")(wire)

    async with upstream(slow) as service:
        watched = Watched(service.url, caplog, every_s=60, timeout_s=5)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) == 1)
            asking = asyncio.get_running_loop().create_task(watched.probe.overall())
            await asyncio.sleep(0)
            gate.set()
            assert (await asking).status == "ok"
    assert len(service.asked) == 1


async def test_a_watch_that_is_left_asks_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of it outlives the gateway, also when it is left in the middle of a question."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    async with upstream(never) as service:
        watched = Watched(service.url, caplog, timeout_s=60)
        async with watched.watch.running():
            await eventually(lambda: len(service.asked) == 1)
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("watch")]


async def test_an_error_of_ours_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong in asking, it goes on: an open breaker must close some day."""

    class Broken(Pool):
        times = 0

        def exchange(self, **options: bool) -> Any:
            self.times += 1
            if self.times == 1:
                raise RuntimeError("a fault of ours")
            return super().exchange(**options)

    async with upstream(says("ok")) as service:
        probed = HealthProbe(
            {"retriever": Broken(service.url, timeouts=TIMEOUTS, max_connections=4)}, timeout_s=1
        )
        async with Watch(probed, every_s=0.01).running():
            await eventually(lambda: len(service.asked) > 1)
    assert "a fault of ours" in caplog.text


@pytest.mark.parametrize("status", ["ok", "degraded"])
async def test_what_the_gateway_lacks_is_told(status: Any) -> None:
    """Its own checks are in its health and in the whole's, which is degraded when one is."""
    probe = HealthProbe({}, timeout_s=1, checks={"redis": lambda: Check(status=status, detail="lost")})
    overall = await probe.overall()
    assert (probe.own().status, probe.own().checks["redis"].status) == (status, status)
    assert (overall.status, overall.services["gateway"].status) == (status, status)
    assert overall.services["gateway"].checks["redis"].detail == "lost"


@pytest.mark.parametrize("rest", [b"", b"x" * 300_000], ids=["without an end", "too large"])
async def test_a_service_that_begins_to_answer_is_alive(rest: bytes) -> None:
    """What it says is no health, but it speaks: it is not kept from requests."""

    async def on_and_on(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        if rest:
            await wire.send(b"%x\r\n%b\r\n" % (len(rest), rest))
        await wire.gone()

    breaker = Breaker("retriever", clock=time.monotonic)
    async with upstream(on_and_on) as service:
        pool = Pool(service.url, timeouts=TIMEOUTS, max_connections=2, breaker=breaker)
        probe = HealthProbe({"retriever": pool}, timeout_s=0.1)
        for _ in range(FAILURES + 1):
            assert (await probe.one("retriever")).status == "down"
            await probe.asked["retriever"][0].ask()
    assert not breaker.open
