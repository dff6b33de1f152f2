import asyncio
import logging

import pytest

from chat_ws.database.history import PostgresHistory
from chat_ws.database.postgres import Database
from chat_ws.database.retention import Retention
from chat_ws.run_logs.memory import MemoryRunLogs
from shared.contracts.chat_ws import FeedbackGiven
from shared.errors import NotFoundError
from tests.chat_ws.insights.test_overview import ask
from tests.support.chat_fakes import Answerer, Clock
from tests.support.chat_service import chatting
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
DAY_S = 86_400.0


async def test_what_is_too_old_goes_with_all_in_it(
    database: Database,
    stored_history: PostgresHistory,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A conversation unused for the time goes with messages and feedback, counted and logged; others stay."""
    caplog.set_level(logging.INFO, "chat_ws.database.retention")
    old = await ask(stored_history, "old")
    await stored_history.rate_message("v1", old.answer_id, FeedbackGiven(rating="up"))
    clock.move(3 * DAY_S)
    young = await ask(stored_history, "young")
    clock.move(5 * DAY_S)
    retention = Retention(database, MemoryRunLogs(), days=7, clock=clock)

    await retention.round()

    with pytest.raises(NotFoundError):
        await stored_history.get_conversation("v1", old.conversation_id)
    assert (await stored_history.get_conversation("v1", young.conversation_id)).title == "young"
    assert dict(retention.removed) == {("conversations",): 1, ("messages",): 2, ("feedback",): 1}
    assert await database.rows("SELECT f.rating FROM feedback AS f") == []
    assert await database.rows("SELECT r.id FROM runs AS r") != []
    assert [record.getMessage() for record in caplog.records] == [
        "retention (7 days): removed 1 conversations, 1 feedback, 2 messages; done"
    ]
    await retention.round()
    assert retention.rounds["done",] == 2


async def test_with_a_run_go_its_frames(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """Whoever still follows a run of what is removed finds nothing kept of it; the others are read on."""
    logs = MemoryRunLogs()
    old = await ask(stored_history, "old")
    clock.move(3 * DAY_S)
    young = await ask(stored_history, "young")
    for stored in (old, young):
        logs.open(stored.run_id)
    clock.move(5 * DAY_S)
    await Retention(database, logs, days=7, clock=clock).round()
    assert logs.run_ids == [young.run_id]


async def test_a_round_is_bounded(database: Database, stored_history: PostgresHistory, clock: Clock) -> None:
    """So many conversations in a transaction, so many transactions in a round; the next one goes on."""
    for number in range(7):
        await ask(stored_history, f"q{number}")
    clock.move(2 * DAY_S)
    retention = Retention(database, MemoryRunLogs(), days=1, clock=clock, batch=2)
    await retention.round(max_batches=2)
    assert (retention.removed["conversations",], retention.rounds["bounded",]) == (4, 1)
    await retention.round(max_batches=2)
    assert (retention.removed["conversations",], retention.rounds["done",]) == (7, 1)


async def test_one_replica_removes_at_a_time(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """While one is at it the other does nothing, and says so."""
    await ask(stored_history, "old")
    clock.move(2 * DAY_S)
    one, other = (Retention(database, MemoryRunLogs(), days=1, clock=clock) for _ in range(2))

    def holding(cursor: object) -> None:
        assert one._remove(cursor) is not None  # type: ignore[arg-type]  # the database's cursor, typed by nobody here
        asyncio.run_coroutine_threadsafe(other.round(), loop).result(10)

    loop = asyncio.get_running_loop()
    await database.run(holding)
    assert dict(other.rounds) == {("elsewhere",): 1}
    assert not other.removed


async def test_a_database_that_is_away_is_met_by_the_next_round(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    """A round that cannot be made is counted and costs nothing else, whatever the reason."""
    away = Database("postgresql://u@127.0.0.1:9/d?connect_timeout=1", connections=1)
    retention = Retention(away, MemoryRunLogs(), days=1, clock=clock)
    await retention.round()
    await away.close()
    assert dict(retention.rounds) == {("failed",): 1}


async def test_a_mistake_of_ours_ends_no_service(
    database: Database, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no matter of the network is logged whole; the rounds go on."""
    await database.rows("DROP TABLE feedback")
    retention = Retention(database, MemoryRunLogs(), days=1, clock=clock)
    running = asyncio.ensure_future(retention.run(every_s=0.001))
    await eventually(lambda: retention.rounds["failed",] >= 2)
    running.cancel()
    assert "retention failed" in caplog.text


async def test_the_service_removes_what_is_too_old(database_url: str) -> None:
    """With RETENTION_DAYS the running service makes its first round once the schema is there."""
    async with chatting(database_url, Answerer(), retention_days=30) as chat:
        await eventually(lambda: chat.app.state.retention.rounds["done",] == 1)
    async with chatting(database_url, Answerer()) as chat:
        assert chat.app.state.retention is None
