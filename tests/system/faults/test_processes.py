"""Each process killed, stopped, told to end under questions: it comes back, nothing promised is missing."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.experiment import CLIENTS, Experiment, experiment
from tests.support.system import Carrel
from tests.support.waiting import eventually
from tests.support.wired import Wired

pytestmark = [pytest.mark.system, pytest.mark.faults]

SHOWS = {
    "gateway": "gateway",
    "retriever": "retriever",
    "chat_ws": "chat_ws",
    "postgres": "chat_ws.postgres|chat_ws",
}
"""Where ``/health`` shows that a process is gone; the gateway's own absence shows by itself."""


async def replaced(carrel: Carrel, name: str, pid: int) -> None:
    """Wait until another process than ``pid`` runs as ``name``."""
    await eventually(lambda: carrel.pids().get(name, pid) != pid, within=60)


def working_in(folder: Path) -> list[int]:
    """Return the processes that work in ``folder``."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.readlink() == folder.resolve():
                found.append(int(link.parent.name))
    return found


async def strike(fault: Experiment, carrel: Carrel, name: str, how: signal.Signals) -> int:
    """Send process ``name`` the signal ``how``; return its id."""
    pid = carrel.pids()[name]
    fault.begins()
    os.kill(pid, how)
    return pid


@pytest.mark.parametrize("name", SHOWS)
async def test_killed(embedded: Carrel, name: str) -> None:
    """SIGKILL: supervisord starts it again (``autorestart``); its clients resume and resend."""
    async with experiment(embedded.address, embedded.admin_key, f"{name} SIGKILL") as fault:
        pid = await strike(fault, embedded, name, signal.SIGKILL)
        if name == "postgres":
            # It may be back within a moment, before anybody asks for its health.
            await fault.told_or_back(SHOWS[name])
        else:
            await fault.told(SHOWS[name])
        await replaced(embedded, name, pid)
        await fault.recovered(since=fault.began)


async def test_killed_in_the_middle_of_answers(ways: Wired) -> None:
    """SIGKILL of chat_ws while answers grow slowly: the next start ends their runs as ``incomplete``."""
    carrel, cohere = ways.carrel, ways.cohere
    async with experiment(carrel.address, carrel.admin_key, "chat_ws SIGKILL in the middle") as fault:
        before = len(cohere.asked)
        cohere.chat, cohere.slow_s = "slow-bytes", 0.2
        try:
            await eventually(lambda: len(cohere.asked) >= before + 3 * CLIENTS, within=30)
            pid = await strike(fault, carrel, "chat_ws", signal.SIGKILL)
            await fault.told("chat_ws")
            await asyncio.gather(fault.sees("incomplete"), replaced(carrel, "chat_ws", pid))
        finally:
            cohere.chat, cohere.slow_s = "", 1.0
        await fault.recovered()


@pytest.mark.parametrize("name", ["gateway", "retriever", "chat_ws"])
async def test_hung(embedded: Carrel, name: str) -> None:
    """SIGSTOP: the watchdog kills it after three probes, supervisord starts it again."""
    async with experiment(embedded.address, embedded.admin_key, f"{name} SIGSTOP") as fault:
        pid = await strike(fault, embedded, name, signal.SIGSTOP)
        await fault.told(SHOWS[name])
        await replaced(embedded, name, pid)
        await fault.recovered(since=fault.began)


async def test_postmaster_hung(embedded: Carrel) -> None:
    """SIGSTOP of the one that takes connections: those there are go on; the watchdog sees that it hangs."""
    async with experiment(embedded.address, embedded.admin_key, "postmaster SIGSTOP") as fault:
        pid = await strike(fault, embedded, "postgres", signal.SIGSTOP)
        await fault.works(since=fault.began)
        await eventually(lambda: not Path(f"/proc/{pid}").exists(), within=60)
        await fault.recovered()


async def test_all_of_postgres_hung(embedded: Carrel) -> None:
    """SIGSTOP of the server and all of its own processes: nothing of it stands in the new one's way."""
    async with experiment(embedded.address, embedded.admin_key, "postgres and its own SIGSTOP") as fault:
        pid = await strike(fault, embedded, "postgres", signal.SIGSTOP)
        for own in working_in(embedded.layout.postgres):
            os.kill(own, signal.SIGSTOP)
        await fault.told(SHOWS["postgres"])
        await replaced(embedded, "postgres", pid)
        await fault.recovered(since=fault.began)


ORDERS = {"gateway": signal.SIGTERM, "retriever": signal.SIGTERM, "chat_ws": signal.SIGTERM}


@pytest.mark.parametrize("name", SHOWS)
async def test_told_to_end(embedded: Carrel, name: str) -> None:
    """SIGTERM (PostgreSQL: SIGINT), as at a deploy: what runs is drained, and it is started again."""
    how = ORDERS.get(name, signal.SIGINT)
    async with experiment(embedded.address, embedded.admin_key, f"{name} {how.name}") as fault:
        pid = await strike(fault, embedded, name, how)
        await replaced(embedded, name, pid)
        await fault.recovered(since=fault.began)


async def test_watchdog_killed(embedded: Carrel) -> None:
    """SIGKILL of the watchdog: nobody notices; the new one still restarts what hangs."""
    async with experiment(embedded.address, embedded.admin_key, "watchdog SIGKILL") as fault:
        said = embedded.log.read_text().count("Carrel is ready")
        pid = await strike(fault, embedded, "watchdog", signal.SIGKILL)
        await replaced(embedded, "watchdog", pid)
        # What hung before it saw that well, and is not old, would have the time of a slow start.
        await eventually(lambda: embedded.log.read_text().count("Carrel is ready") > said, within=60)
        pid = await strike(fault, embedded, "retriever", signal.SIGSTOP)
        await fault.told("retriever")
        await replaced(embedded, "retriever", pid)
        await fault.recovered(since=fault.began)
