import asyncio
from collections import deque

from chat_ws.health import ChatHealth
from shared.errors import OverloadedError
from tests.support.chat_fakes import MemoryHistory


async def test_all_is_well_once_the_schema_is_there() -> None:
    """Until the schema is up to date the service is down, although its database answers."""
    health = ChatHealth(MemoryHistory())
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
    health = ChatHealth(history, prepared=True)
    report = await health.report()
    assert (report.status, report.checks["postgres"].detail) == ("down", "The database is not available")
    assert (await health.report()).status == "ok"


async def test_a_database_that_does_not_answer_is_down() -> None:
    """A probe gets its answer in about a second, whatever hangs."""
    history = MemoryHistory()
    history.before["ping"] = asyncio.Event().wait
    report = await asyncio.wait_for(ChatHealth(history, prepared=True).report(), 3)
    assert (report.status, report.checks["postgres"].detail) == ("down", "does not answer")


async def test_what_is_not_configured_is_no_fault() -> None:
    """Without Redis the service is ok, and says so."""
    report = await ChatHealth(MemoryHistory(), prepared=True).report()
    assert report.checks["redis"].status == "ok"
    assert report.uptime_s >= 0
