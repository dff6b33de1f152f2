"""Each way between two parts misbehaves: slow, cut, silent, in drops, reset, gone."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.support.experiment import Experiment, experiment
from tests.support.tcp_proxy import TcpProxy
from tests.support.wired import Wired

pytestmark = [pytest.mark.system, pytest.mark.faults]

SHOWS = {
    "chat_ws": "chat_ws",
    "retriever": "retriever",
    "postgres": "chat_ws.postgres|chat_ws",
    "redis": "gateway.redis|chat_ws.redis",
    "cohere": "retriever.cohere|retriever",
}
"""Where ``/health`` shows that a way leads nowhere."""
WITHOUT = {"redis", "cohere"}
"""What is done without: everybody is answered all the while."""
MEETS = {
    "retriever": "failed",
    "postgres": "overloaded",
    "redis": "documents kept",
    "cohere": "without generation",
}
"""What clients meet while the way leads nowhere; each document is a request that is counted in Redis."""
HOLD_S = 3.0


async def leads_nowhere(fault: Experiment, name: str, break_it: Callable[[], None]) -> None:
    """Break the way to ``name``: health tells, clients meet what they are to, or are answered."""
    fault.begins()
    break_it()
    meets = [fault.sees(MEETS[name])] if name in MEETS else []
    works = [fault.works(since=fault.began)] if name in WITHOUT else []
    waits: list[Awaitable[object]] = [fault.told(SHOWS[name]), *meets, *works]
    await asyncio.gather(*waits)


@pytest.mark.parametrize("name", SHOWS)
async def test_silent(ways: Wired, name: str) -> None:
    """Half-open, both ways: deadlines end every wait, breakers keep others from waiting."""
    way = ways.ways[name]
    async with experiment(ways.carrel.address, ways.carrel.admin_key, f"way to {name} half-open") as fault:
        try:
            await leads_nowhere(fault, name, way.stall)
        finally:
            way.heal()
        await fault.recovered()


@pytest.mark.parametrize("name", SHOWS)
async def test_answers_do_not_come(ways: Wired, name: str) -> None:
    """Half-open, one way: what is asked arrives, and no answer comes back; nothing is done twice."""
    way = ways.ways[name]
    fault_name = f"answers of {name} do not come"
    async with experiment(ways.carrel.address, ways.carrel.admin_key, fault_name) as fault:
        try:
            await leads_nowhere(fault, name, lambda: way.stall("down"))
        finally:
            way.heal()
        await fault.recovered()


async def test_acknowledgements_get_lost(ways: Wired) -> None:
    """Committed, and the word of it lost with the connection: asked again under its id, it is found."""
    way = ways.ways["chat_ws"]
    async with experiment(ways.carrel.address, ways.carrel.admin_key, "acknowledgements get lost") as fault:
        found = asyncio.ensure_future(fault.sees("found again"))
        for _ in range(3):
            fault.begins()
            way.stall("down")
            await asyncio.sleep(HOLD_S / 2)
            way.reset()
            way.heal()
            await fault.works(since=fault.began)
        await found
        await fault.recovered()


@pytest.mark.parametrize("name", SHOWS)
async def test_gone(ways: Wired, name: str) -> None:
    """Every connection is reset, and new ones too."""
    way = ways.ways[name]

    def vanish() -> None:
        way.behave(refusing=True)
        way.reset()

    async with experiment(ways.carrel.address, ways.carrel.admin_key, f"way to {name} refused") as fault:
        try:
            await leads_nowhere(fault, name, vanish)
        finally:
            way.heal()
        await fault.recovered()


@pytest.mark.parametrize("name", SHOWS)
@pytest.mark.parametrize("manner", ["slow", "drops", "cut", "reset"])
async def test_bad(ways: Wired, name: str, manner: str) -> None:
    """Slow (0.3 s a piece), in drops of 16 bytes, cut or reset twice a second: all are answered."""
    way = ways.ways[name]
    async with experiment(ways.carrel.address, ways.carrel.admin_key, f"way to {name}: {manner}") as fault:
        fault.begins()
        try:
            await misbehave(way, manner)
            if manner in ("slow", "drops"):
                await fault.works(since=fault.began)
        finally:
            way.heal()
        await fault.recovered()


async def misbehave(way: TcpProxy, manner: str) -> None:
    """Begin to be slow or to drip; or break every connection again and again for some seconds."""
    match manner:
        case "slow":
            way.behave(latency_s=0.3)
        case "drops":
            way.behave(trickle_bytes=16)
        case _:
            for _ in range(int(HOLD_S / 0.5)):
                way.cut() if manner == "cut" else way.reset()
                await asyncio.sleep(0.5)
