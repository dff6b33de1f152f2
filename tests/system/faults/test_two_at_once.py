"""Two faults at the same time: what holds for each holds for both."""

import asyncio
from contextlib import ExitStack

import pytest

from tests.support.experiment import experiment
from tests.support.faults import FAULTS, lasting
from tests.support.wired import Wired

pytestmark = pytest.mark.system

HOLD_S = 4.0
"""How long both last."""
PAIRS = (
    ("chat_ws SIGKILL", "postgres SIGKILL"),
    ("chat_ws SIGSTOP", "redis SIGKILL"),
    ("gateway SIGKILL", "way to cohere half-open"),
    ("retriever SIGKILL", "way to redis half-open"),
    ("way to chat_ws half-open", "postgres SIGKILL"),
    ("watchdog SIGKILL", "gateway SIGSTOP"),
)


async def test_two_ways_silent(ways: Wired) -> None:
    """The database and Cohere at once: the one pair that every change meets."""
    await both(ways, ("way to postgres half-open", "way to cohere half-open"))


@pytest.mark.faults
@pytest.mark.parametrize("pair", PAIRS, ids=", ".join)
async def test_two(ways: Wired, pair: tuple[str, str]) -> None:
    """Any two: both for some seconds, then both end; health tells of it, and all is as before."""
    await both(ways, pair)


async def both(ways: Wired, pair: tuple[str, str]) -> None:
    """Make both, end both, and see that all is as before."""
    async with experiment(ways.carrel.address, ways.carrel.admin_key, ", ".join(pair)) as fault:
        fault.begins()
        with ExitStack() as stack:
            for one in pair:
                await asyncio.to_thread(stack.enter_context, lasting(FAULTS[one], ways))
            said = await fault.health.says(lambda sample: sample.status != "ok", since=fault.began)
            fault.row.told_s = said.at - fault.began
            await asyncio.sleep(HOLD_S)
            await asyncio.to_thread(stack.close)
        await fault.recovered()
