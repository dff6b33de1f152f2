import asyncio
from collections import deque

import pytest

from chat_ws.health import ChatHealth
from chat_ws.ports import BusyError
from chat_ws.run_logs.memory import MemoryRunLogs
from shared.contracts.wire import Check
from shared.errors import OverloadedError
from tests.support.chat_fakes import MemoryHistory


async def answers() -> None:
    """A database that answers on a connection of its own."""


async def silent() -> None:
    """One that does not."""
    await asyncio.Event().wait()


async def test_all_is_well_once_the_schema_is_there() -> None:
    """Until the schema is up to date the service is down, although its database answers."""
    health = ChatHealth(MemoryHistory(), MemoryRunLogs(), answers)
    report = await health.report()
    assert (report.status, report.checks["postgres"].status) == ("down", "ok")
    assert "prepared" in report.checks["postgres"].detail
    health.prepared = True
    report = await health.report()
    assert (report.status, report.checks["postgres"].detail) == ("ok", "")


async def test_a_database_that_is_away_is_down() -> None:
    """The reason is told, and the next report is of the moment it is asked for."""
    history = MemoryHistory()
    history.failures["ping"] = deque([OverloadedError("The database is not available")])
    health = ChatHealth(history, MemoryRunLogs(), silent, prepared=True)
    report = await health.report()
    assert (report.status, report.checks["postgres"].detail) == ("down", "The database is not available")
    assert (await health.report()).status == "ok"


@pytest.mark.parametrize("busy", [True, False])
async def test_a_database_that_our_requests_keep_busy_is_degraded(busy: bool) -> None:
    """Where it answers beside the pool, whoever waits for the pool's connections is served in the end."""
    history = MemoryHistory()
    if busy:
        history.failures["ping"] = deque([BusyError("Too many wait")])
    else:
        history.before["ping"] = asyncio.Event().wait
    report = await ChatHealth(history, MemoryRunLogs(), answers, prepared=True).report()
    assert (report.status, report.checks["postgres"].status) == ("degraded", "degraded")
    assert "busy" in report.checks["postgres"].detail
    unprepared = await ChatHealth(history, MemoryRunLogs(), answers).report()
    assert unprepared.status == "down"


async def test_a_database_that_does_not_answer_is_down() -> None:
    """A probe gets its answer in about a second, whatever hangs."""
    history = MemoryHistory()
    history.before["ping"] = asyncio.Event().wait
    report = await asyncio.wait_for(ChatHealth(history, MemoryRunLogs(), silent, prepared=True).report(), 3)
    assert (report.status, report.checks["postgres"].detail) == ("down", "does not answer")


async def test_what_is_not_configured_is_no_fault() -> None:
    """Without Redis the service is ok, and says so."""
    report = await ChatHealth(MemoryHistory(), MemoryRunLogs(), answers, prepared=True).report()
    assert report.checks["redis"].status == "ok"
    assert report.uptime_s >= 0


async def test_what_run_logs_lack_is_told() -> None:
    """Without its Redis the service works, and says what does not; without its database it is down."""

    class Lost(MemoryRunLogs):
        def check(self) -> Check:
            return Check(status="degraded", detail="lost")

    history = MemoryHistory()
    health = ChatHealth(history, Lost(), answers, prepared=True)
    report = await health.report()
    assert (report.status, report.checks["redis"].detail) == ("degraded", "lost")
    history.failures["ping"] = deque([OverloadedError()])
    assert (await health.report()).status == "down"
