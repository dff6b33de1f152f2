"""Cohere in every failure: everybody is answered all the same, and the answer says what it lacked."""

import os
import signal
import time
from typing import get_args

import pytest

from tests.support.experiment import Experiment, experiment
from tests.support.fake_cohere import Failure
from tests.support.waiting import eventually
from tests.support.wired import Wired

pytestmark = [pytest.mark.system, pytest.mark.faults]

HARMLESS = {"unknown-event"}
"""Failures after which an answer lacks nothing."""
BROKEN_OFF = {"cut", "error-late", "second-start", "slow-bytes"}
"""Failures in the middle of an answer that has begun: its run fails, and says so."""


@pytest.mark.parametrize("failure", get_args(Failure)[1:])
async def test_fails(ways: Wired, failure: Failure) -> None:
    """Deadlines, breakers, and sentences of the documents instead; broken off in the middle it is failed."""
    carrel, cohere = ways.carrel, ways.cohere
    async with experiment(carrel.address, carrel.admin_key, f"cohere: {failure}") as fault:
        await fresh_retriever(ways)
        await fault.works(since=time.monotonic())
        fault.begins()
        lacked = lacking(fault)
        cohere.chat = cohere.condense = cohere.rerank = cohere.embed = failure
        try:
            if failure in HARMLESS:
                await fault.works(since=fault.began)
                assert lacking(fault) == lacked
            else:
                await fault.sees("failed" if failure in BROKEN_OFF else "without generation")
                await fault.told("retriever.cohere")
        finally:
            cohere.chat = cohere.condense = cohere.rerank = cohere.embed = ""
        # One failure is waited for until its breaker has let a question through again: half a minute.
        await fault.recovered(told=failure == "unavailable")


def lacking(fault: Experiment) -> dict[str, int]:
    """Return how many answers failed or lacked something so far, by what."""
    return {what: count for what, count in fault.seen().items() if what == "failed" or "without" in what}


async def fresh_retriever(ways: Wired) -> None:
    """Start a retriever that knows nothing of the failure before."""
    pid = ways.carrel.pids()["retriever"]
    os.kill(pid, signal.SIGTERM)
    await eventually(lambda: ways.carrel.pids().get("retriever", pid) != pid, within=60)
    await eventually(lambda: ways.carrel.get("/health").json()["status"] == "ok", within=60)
