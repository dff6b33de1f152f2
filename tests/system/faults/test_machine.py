"""What the machine does to it: a full disk, no file handles, a clock that jumps, names that are not found."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import book
from tests.support.chat_client import Frame, ask, opened, session
from tests.support.clock import Clock
from tests.support.experiment import experiment
from tests.support.fake_cohere import KEY
from tests.support.fleet import QUESTIONS
from tests.support.name_server import Manner, NameServer, asking
from tests.support.small_disk import SmallDisk
from tests.support.system import Carrel
from tests.support.tcp_proxy import TcpProxy
from tests.support.wired import QUIET, Wired, cohere_in_thread

pytestmark = [pytest.mark.system, pytest.mark.faults]
POSTGRES = "chat_ws.postgres|chat_ws"
HOLD_S = 4.0
"""How long what shows nowhere lasts."""
LACKS = {"slow": "without rerank", "dead": "without generation", "failing": "without generation"}
"""What an answer lacks: who is found late is in time for what may take longer."""
COHERE = {"COHERE_API_KEY": KEY, "COHERE_MONTHLY_CALLS": "0"}


@contextmanager
def running(carrel: Carrel) -> Iterator[Carrel]:
    """Run it within the block, with the small book in it."""
    try:
        carrel.start(within=90)
        carrel.carrel("ingest", book.write(carrel.folder / "book"))
        yield carrel
    finally:
        carrel.close()


async def test_disk_full(tmp_path: Path) -> None:
    """Nothing is acknowledged for which there was no room; reading goes on; with room all is as before."""
    with SmallDisk(tmp_path / "disk").mounted(200) as disk, running(Carrel(disk.folder, **QUIET)) as carrel:
        async with experiment(carrel.address, carrel.admin_key, "disk full") as fault:
            fault.begins()
            disk.fill()
            await asyncio.gather(fault.sees("overloaded", within=60), fault.told(POSTGRES))
            await asyncio.sleep(HOLD_S)
            disk.free()
            await fault.recovered()


@contextmanager
def no_more_files(pid: int) -> Iterator[None]:
    """Let process ``pid`` open nothing more within the block."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # The lowest number that is free: whatever is opened next would get it.
    taken = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    lowest = min(set(range(len(taken) + 1)) - taken)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("name", ["gateway", "retriever", "chat_ws"])
async def test_no_file_handles(ways: Wired, name: str) -> None:
    """It takes nobody new, says so to nobody, keeps whom it has, and goes on when there are handles again."""
    carrel = ways.carrel
    before = carrel.pids()
    async with experiment(carrel.address, carrel.admin_key, f"{name} has no file handles") as fault:
        fault.begins()
        with no_more_files(before[name]):
            for way in ("chat_ws", "retriever", "postgres", "redis", "cohere"):
                ways.ways[way].reset()
            if name != "retriever":
                await fault.told(name)
            await asyncio.sleep(HOLD_S)
        await fault.recovered()
    assert carrel.pids()["chat_ws"] == before["chat_ws"]


@pytest.mark.parametrize("hours", [1, -1])
async def test_clock_jumps(tmp_path: Path, hours: int) -> None:
    """The clock of all processes is set, and back again: nobody notices; order is by number, not by time."""
    clock = Clock(tmp_path)
    with running(Carrel(tmp_path, **QUIET, **clock.variables)) as carrel:
        before = carrel.pids()
        async with experiment(carrel.address, carrel.admin_key, f"clock jumps by {hours:+} h") as fault:
            token = await session(carrel.address)
            asked = [await one_more(carrel, token, {})]
            for seconds in (hours * 3600, 0):
                fault.begins()
                clock.shift(seconds)
                asked.append(await one_more(carrel, token, asked[0]))
                await fault.recovered(since=fault.began)
                await asyncio.sleep(HOLD_S)
            assert listed(carrel, token, asked[0]) == [one["message_id"] for one in asked]
        assert carrel.pids() == before


async def one_more(carrel: Carrel, token: str, before: Frame) -> Frame:
    """Ask, in the conversation of ``before`` if there is one; return the acknowledgement."""
    follows = {"conversation_id": before["conversation_id"]} if before else {}
    async with opened(carrel.address, token) as socket:
        acknowledged, *_, end = await ask(socket, QUESTIONS[0], **follows)
    assert end["status"] == "completed"
    return acknowledged


def listed(carrel: Carrel, token: str, of: Frame) -> list[str]:
    """Return the questions of a conversation as they are listed."""
    path = f"/v1/conversations/{of['conversation_id']}/messages"
    answer = carrel.get(path, Authorization=f"Bearer {token}").raise_for_status()
    return [item["id"] for item in answer.json()["items"] if item["role"] == "user"]


@pytest.mark.parametrize("manner", ["slow", "dead", "failing"])
async def test_names_are_not_found(tmp_path: Path, manner: Manner) -> None:
    """Cohere's name is found late or not at all: its deadline holds, and everybody is answered."""
    with (
        NameServer().running() as names,
        cohere_in_thread() as cohere,
        TcpProxy(int(cohere.url.rpartition(":")[2])).running() as way,
    ):
        cohere_url = f"http://cohere.example:{way.port}"
        carrel = Carrel(tmp_path, **QUIET, **COHERE, COHERE_BASE_URL=cohere_url)
        carrel.prefix = asking(tmp_path)
        with running(carrel):
            assert names.asked
            async with experiment(carrel.address, carrel.admin_key, f"names: {manner}") as fault:
                fault.begins()
                names.manner = manner
                way.reset()  # who has a connection needs no name
                await asyncio.gather(fault.sees(LACKS[manner]), fault.works(since=fault.began))
                if manner != "slow":
                    await fault.told("retriever.cohere")
                names.manner = "well"
                await fault.recovered()
