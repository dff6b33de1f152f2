import asyncio

import pytest

from chat_ws.app import new_id
from chat_ws.database.history import PostgresHistory
from chat_ws.database.postgres import Cursor, Database
from chat_ws.database.replicas import PostgresReplicas
from chat_ws.ports import RunState, Stored
from chat_ws.runs.process import here
from shared.errors import OverloadedError
from tests.support.chat_fakes import NOW, Clock, question
from tests.support.chat_history import ask

pytestmark = pytest.mark.integration


class Replica:
    """A replica over a database: what it stores, and what it knows of others."""

    def __init__(self, database: Database, name: str, *, process: str = "", lease_s: float = 60) -> None:
        self.history = PostgresHistory(database, clock=Clock(), new_id=new_id, replica_id=name)
        self.of = PostgresReplicas(database, replica_id=name, process=process, clock=Clock(), lease_s=lease_s)

    async def question(self, **fields: object) -> Stored:
        return await self.history.create_message("v1", question(**fields))  # type: ignore[arg-type]  # fields of the test's own

    async def status(self, stored: Stored) -> str:
        record = await self.history.find_run("v1", stored.run_id)
        assert record is not None
        return record.status


def gone() -> str:
    """A process of this machine that has ended: nobody has its number and its beginning."""
    *space, pid, _ = here().split(" ")
    return " ".join([*space, pid, "1"])


async def test_a_beat_tells_how_ones_runs_stand(database: Database) -> None:
    """Those asked for with what is asked of them, and those that are stored as one's own."""
    one, two = Replica(database, "one"), Replica(database, "two")
    mine, theirs, ended = await one.question(), await two.question(), await ask(one.history)
    await two.history.request_stop("v2", mine.run_id)
    assert await one.of.beat([]) == [RunState(mine.run_id, "running", False)]
    await two.history.request_stop("v1", mine.run_id)
    await two.history.request_stop("v1", ended.run_id)
    assert await one.of.beat(["run_deleted"]) == [RunState(mine.run_id, "running", True)]
    asked = await one.of.beat([mine.run_id, ended.run_id])
    assert sorted(asked, key=lambda state: state.status) == [
        RunState(ended.run_id, "completed", False),
        RunState(mine.run_id, "running", True),
    ]
    assert await two.of.beat([]) == [RunState(theirs.run_id, "running", False)]


async def test_what_a_gone_replica_left_is_ended(database: Database) -> None:
    """Its runs keep their part, end as incomplete and free their conversation; those of others go on."""
    cut, living, other = (
        Replica(database, "cut", process=gone()),
        Replica(database, "living", process=here()),
        Replica(database, "other", process=here()),
    )
    for replica in (cut, living, other):
        await replica.of.beat([])
    left, mine, theirs = await cut.question(), await living.question(), await other.question()
    whole = await ask(cut.history)
    await cut.history.checkpoint(left.answer_id, "So far", [])
    assert await living.of.end_orphans(overdue=False) == 1
    assert await living.of.end_orphans(overdue=False) == 0
    message = await living.history.get_message("v1", left.conversation_id, left.answer_id)
    assert (message.content, message.status) == ("So far", "incomplete")
    record = await living.history.find_run("v1", left.run_id)
    assert record is not None
    assert (record.status, record.last_sequence) == ("incomplete", None)
    assert [await living.status(stored) for stored in (mine, theirs, whole)] == [
        "running",
        "running",
        "completed",
    ]
    await living.question(conversation_id=left.conversation_id)


async def test_who_is_not_heard_of_is_gone_after_the_lease(database: Database) -> None:
    """Elsewhere only the time tells; and only to whoever was there long enough to know."""
    far, near = Replica(database, "far"), Replica(database, "near", process=here(), lease_s=0)
    patient = Replica(database, "patient", process=here())
    stored = await far.question()
    for replica in (far, near, patient):
        await replica.of.beat([])
    assert await patient.of.end_orphans(overdue=True) == 0
    assert await near.of.end_orphans(overdue=False) == 0
    assert await near.of.end_orphans(overdue=True) == 1
    assert await near.status(stored) == "incomplete"
    # It was not gone after all: it is told so, and is one of the replicas again.
    assert await far.of.beat([stored.run_id]) == [RunState(stored.run_id, "incomplete", False)]
    again = await far.question()
    assert await near.of.end_orphans(overdue=False) == 0
    assert await near.status(again) == "running"


async def test_who_leaves_is_gone_at_once(database: Database) -> None:
    """What it could not end is ended by the next one who looks, also what never was anybody's."""
    one, two = Replica(database, "one"), Replica(database, "two")
    stored = await one.question()
    await one.of.beat([])
    await two.of.beat([])
    assert await two.of.end_orphans(overdue=False) == 0
    await one.of.leave()
    assert await two.of.end_orphans(overdue=False) == 1
    assert await two.status(stored) == "incomplete"


async def test_strays_are_ones_own(database: Database) -> None:
    """A replica ends runs of its own that it does not run, and no others."""
    one, two = Replica(database, "one"), Replica(database, "two")
    mine, theirs = await one.question(), await two.question()
    await one.of.end_strays([mine.run_id, theirs.run_id])
    assert (await one.status(mine), await one.status(theirs)) == ("incomplete", "running")
    message = await one.history.get_message("v1", mine.conversation_id, mine.answer_id)
    assert message.status == "incomplete"


async def test_one_looks_for_orphans_at_a_time(database: Database) -> None:
    """While one replica looks the others go on at once; ended by many, a run is counted once."""
    replicas = [Replica(database, f"living_{number}") for number in range(4)]
    await replicas[0].of.beat([])
    await Replica(database, "never").question()
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(cursor: Cursor) -> None:
        cursor.execute(replicas[0].of._sql["lock_orphans"], replicas[0].of._own)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)

    holding = asyncio.ensure_future(database.run(hold))
    while await replicas[1].of.end_orphans(overdue=True) != 0:
        pass
    release.set()
    await holding
    ended = await asyncio.gather(*(replica.of.end_orphans(overdue=True) for replica in replicas))
    assert sum(ended) <= 1


async def test_a_store_that_is_away_says_so() -> None:
    """The error is the one of every question."""
    away = Database("postgresql://u@127.0.0.1:9/d?connect_timeout=1", connections=1)
    replica = Replica(away, "one")
    for call in (replica.of.beat([]), replica.of.end_orphans(overdue=True), replica.of.leave()):
        with pytest.raises(OverloadedError):
            await call
    await away.close()


async def test_when_a_run_was_ended_is_kept(database: Database) -> None:
    """An orphan's end has its time."""
    one, two = Replica(database, "one"), Replica(database, "two")
    stored = await one.question()
    await two.of.end_orphans(overdue=False)
    [_, message], _ = await two.history.read_messages("v1", stored.conversation_id, limit=5, after=0)
    assert (message.status, message.ended_at) == ("incomplete", NOW)
