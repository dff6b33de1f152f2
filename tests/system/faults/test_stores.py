"""What is kept elsewhere goes away and comes back: PostgreSQL, its connections, Redis."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg2
import pytest

from tests.support.experiment import experiment
from tests.support.wired import Wired

pytestmark = [pytest.mark.system, pytest.mark.faults]
POSTGRES = "chat_ws.postgres|chat_ws"
FULL = ("too many clients", "reserved")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
async def test_postgres_restarts(ways: Wired, how: signal.Signals) -> None:
    """Orderly, at once or killed: questions are refused until it is back, and nothing else is touched."""
    carrel = ways.carrel
    before = carrel.pids()
    async with experiment(
        carrel.address, carrel.admin_key, f"postgres ends by {how.name}, restarts"
    ) as fault:
        fault.begins()
        await asyncio.to_thread(ways.postgres.stop, how)
        await asyncio.gather(fault.told(POSTGRES), fault.sees("overloaded"))
        await asyncio.wrap_future(ways.hand.submit(ways.postgres.start))
        await fault.recovered()
    assert carrel.pids() == before


@contextmanager
def all_connections(ways: Wired) -> Iterator[None]:
    """Hold every connection that the server has, ours taken away."""
    with ExitStack() as held:

        def take() -> bool:
            try:
                connection = psycopg2.connect(ways.postgres.url(), connect_timeout=5)
            except psycopg2.OperationalError as error:
                if not any(reason in str(error) for reason in FULL):
                    raise
                return False
            held.callback(connection.close)
            return True

        taken = 0
        while taken < 20:
            ways.ways["postgres"].reset()
            while take():
                taken += 1
        yield


async def test_postgres_has_no_connection_left(ways: Wired) -> None:
    """Others hold them all: questions are refused, the process lives, and goes on when there is room."""
    carrel = ways.carrel
    async with experiment(carrel.address, carrel.admin_key, "postgres without free connections") as fault:
        fault.begins()
        with ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, all_connections(ways))
            await asyncio.gather(fault.told(POSTGRES), fault.sees("overloaded"))
        await fault.recovered()


async def test_redis_killed(ways: Wired) -> None:
    """Everybody is answered without it, and it is used again when it is back."""
    carrel = ways.carrel
    async with experiment(carrel.address, carrel.admin_key, "redis SIGKILL") as fault:
        fault.begins()
        ways.redis.kill()
        try:
            told = fault.told("gateway.redis", "chat_ws.redis")
            await asyncio.gather(told, fault.works(since=fault.began), fault.sees("documents kept"))
        finally:
            await asyncio.to_thread(ways.redis.start)
        await fault.recovered()


async def test_redis_hangs(ways: Wired) -> None:
    """Frozen: nobody waits for it for long."""
    carrel = ways.carrel
    async with experiment(carrel.address, carrel.admin_key, "redis SIGSTOP") as fault:
        fault.begins()
        ways.redis.signal(signal.SIGSTOP)
        try:
            told = fault.told("gateway.redis", "chat_ws.redis")
            await asyncio.gather(told, fault.works(since=fault.began), fault.sees("documents kept"))
        finally:
            ways.redis.signal(signal.SIGCONT)
        await fault.recovered()
