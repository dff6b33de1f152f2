import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from uuid import uuid4

import pytest

from chat_ws.conversations import Conversations
from chat_ws.ports import RunRecord, Stored
from chat_ws.run_logs.log import Frame, Gap, RunLog
from chat_ws.run_logs.memory import MemoryRunLogs, elsewhere
from chat_ws.runs.line import Line
from chat_ws.runs.live import Runs
from chat_ws.runs.turns import Turns
from shared.contracts.chat_ws import RunRegenerate
from shared.errors import (
    IdempotencyConflictError,
    NotFoundError,
    OverloadedError,
    RunNotFoundError,
    UpstreamUnavailableError,
)
from tests.support.chat_fakes import WHOLE, Answerer, Clock, MemoryHistory, Step, question
from tests.support.chat_history import ending
from tests.support.run_frames import write
from tests.support.waiting import eventually


class Elsewhere(MemoryRunLogs):
    """Run logs as with Redis: ``there`` is what other replicas tell, and None where nothing can be read."""

    shared = True

    def __init__(self) -> None:
        super().__init__()
        self.there: MemoryRunLogs | None = MemoryRunLogs()
        self.discarded: list[str] = []
        self.hurries = 0

    async def read(self, run_id: str, *, after: int, live: bool = True) -> AsyncGenerator[Frame | Gap]:
        if self.there is None:
            raise elsewhere()
        async with aclosing(self.there.read(run_id, after=after, live=live)) as entries:
            async for entry in entries:
                yield entry

    async def discard(self, run_ids: Sequence[str]) -> None:
        self.discarded += run_ids

    async def hurry(self) -> None:
        self.hurries += 1


class Room:
    """Conversations of one process over a history that may outlive it."""

    def __init__(self, *scripts: Sequence[Step], history: MemoryHistory | None = None) -> None:
        self.logs, self.clock = Elsewhere(), Clock()
        self.history = history or MemoryHistory()
        self.answerer = Answerer(*scripts)
        self.runs = Runs(
            answerer=self.answerer,
            history=self.history,
            logs=self.logs,
            clock=Clock(),
            resume_window_s=0.01,
        )
        self.of = Conversations(history=self.history, runs=self.runs, clock=self.clock, silence_s=0.01)

    async def told(self, run_id: str, *, after: int = 0, visitor: str = "v1") -> list[Frame | RunRecord]:
        async with asyncio.timeout(5):
            return [entry async for entry in self.of.follow(visitor, run_id, starting_after=after)]


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """A room whose answers are whole."""
    made = Room()
    yield made
    await made.runs.drain(0)


async def forgotten(room: Room, run_id: str) -> None:
    """Wait until the run's frames are gone."""
    await room.told(run_id)
    await eventually(lambda: room.runs.find("v1", run_id) is None)
    room.clock.move(60)


async def test_a_question_is_stored_and_answered(room: Room) -> None:
    """Asking commits the question and starts its run."""
    stored = await room.of.ask("v1", question())
    frames = await room.told(stored.run_id)
    assert [frame["type"] for frame in frames if isinstance(frame, dict)] == [e.type for e in WHOLE]
    message = await room.history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert (message.content, message.status) == ("Ownership is a set.", "completed")


async def test_a_question_that_nobody_has_time_for_is_not_taken(room: Room) -> None:
    """When the line is full nothing is stored, and the client may come again."""
    room.runs._line = Line(Turns(most=1, each=1, waiting=0))
    with pytest.raises(OverloadedError) as caught:
        await room.of.ask("v1", question())
    assert caught.value.retryable
    assert room.history.runs == {}


async def test_a_question_asked_again_begins_nothing(room: Room) -> None:
    """The same frame is the same run, also when it is long over; other content is a conflict."""
    frame = question()
    first = await room.of.ask("v1", frame)
    again = await room.of.ask("v1", frame)
    assert (again.duplicate, again.run_id, again.message_id) == (True, first.run_id, first.message_id)
    await forgotten(room, first.run_id)
    await room.of.ask("v1", frame)
    assert len(room.answerer.requests) == 1
    with pytest.raises(IdempotencyConflictError):
        await room.of.ask("v1", frame.model_copy(update={"content": "Another"}))


async def test_a_question_nobody_answers_is_answered_when_it_is_resent(room: Room) -> None:
    """A commit that was never confirmed left a run that nobody runs: the resent frame starts it."""
    frame = question()
    lost = await room.history.create_message("v1", frame)
    stored = await room.of.ask("v1", frame)
    assert (stored.duplicate, stored.run_id) == (True, lost.run_id)
    assert len(await room.told(stored.run_id)) == len(WHOLE)


async def test_a_question_that_another_replica_answers_is_not_answered_here(room: Room) -> None:
    """Whoever resends it on this replica is told of the same run, and nothing begins a second time."""
    frame = question()
    there = await room.history.create_message("v1", frame)
    room.history.elsewhere.add(there.run_id)
    stored = await room.of.ask("v1", frame)
    assert (stored.duplicate, stored.run_id, stored.ours) == (True, there.run_id, False)
    assert room.answerer.requests == []


async def test_a_run_of_another_replica_is_asked_to_stop(room: Room) -> None:
    """Who cancels it here is heard there; one that has ended, or is another visitor's, is left alone."""
    stored = await room.history.create_message("v1", question())
    with pytest.raises(RunNotFoundError):
        await room.of.cancel("v2", stored.run_id)
    assert room.history.stops == []
    await room.of.cancel("v1", stored.run_id)
    assert (room.history.stops, room.logs.hurries) == ([stored.run_id], 1)
    await room.history.end_orphans()
    await room.of.cancel("v1", stored.run_id)
    assert room.history.stops == [stored.run_id]


async def test_a_question_is_answered_again(room: Room) -> None:
    """Its filters and what was said before it are asked with again, once for each frame."""
    first = await room.of.ask("v1", question("One?", filters={"lang": "en"}))
    await room.told(first.run_id)
    frame = RunRegenerate(message_id=first.message_id, client_message_id=uuid4())
    stored = await room.of.ask("v1", frame)
    end = (await room.told(stored.run_id))[-1]
    assert isinstance(end, dict)
    assert (end["type"], end["status"]) == ("run-end", "completed")
    assert (await room.of.ask("v1", frame)).duplicate
    first_asked, then_asked = room.answerer.requests
    assert then_asked == first_asked.model_copy(update={"fresh": True})
    assert len(room.answerer.requests) == 2
    message = await room.history.get_message("v1", stored.conversation_id, stored.answer_id)
    assert (message.content, message.question_id) == ("Ownership is a set.", first.message_id)


@pytest.mark.parametrize("after", [0, 4, 8])
async def test_a_run_that_is_gone_is_a_gap_and_its_end(room: Room, after: int) -> None:
    """Past the window whoever has not seen the end gets the gap and the end, under the end's number."""
    stored = await room.of.ask("v1", question())
    await forgotten(room, stored.run_id)
    gap, end = await room.told(stored.run_id, after=after)
    assert isinstance(gap, RunRecord)
    assert (gap.conversation_id, gap.message_id) == (stored.conversation_id, stored.answer_id)
    assert isinstance(end, dict)
    assert (end["type"], end["status"], end["sequence_number"]) == ("run-end", "completed", len(WHOLE))
    assert end["message_id"] == stored.answer_id


async def test_whoever_has_seen_the_end_gets_nothing(room: Room) -> None:
    """Nothing was missed, so nothing is told."""
    stored = await room.of.ask("v1", question())
    await forgotten(room, stored.run_id)
    assert await room.told(stored.run_id, after=len(WHOLE)) == []


async def test_after_a_kill_the_end_is_told_behind_what_was_seen(room: Room) -> None:
    """A run ended by the next start tells its end under the number the client waits for."""
    stored = await room.history.create_message("v1", question())
    assert await room.history.end_orphans() == 1
    _, end = await room.told(stored.run_id, after=5)
    assert isinstance(end, dict)
    assert (end["status"], end["sequence_number"]) == ("incomplete", 6)


async def test_a_run_of_another_process_is_not_told_here(room: Room) -> None:
    """It is there, so it is not said to be missing; asking again may help."""
    stored = await room.history.create_message("v1", question())
    with pytest.raises(UpstreamUnavailableError) as caught:
        await room.told(stored.run_id)
    assert (caught.value.param, caught.value.retryable) == ("run_id", True)


async def test_a_gap_stands_for_what_is_gone(room: Room) -> None:
    """Frames past the log's bound are one record in the middle of the live frames."""
    stored = await room.of.ask("v1", question())
    run = room.runs.find("v1", stored.run_id)
    assert run is not None
    run.log._max_bytes = 1
    first, *rest = await room.told(stored.run_id)
    assert first == RunRecord(stored.run_id, stored.conversation_id, stored.answer_id, "running", None)
    assert [frame["type"] for frame in rest if isinstance(frame, dict)][-1] == "run-end"


async def test_cancelling_ends_a_run_and_is_harmless_after_it() -> None:
    """A running run is cancelled; one that has ended, live or stored, stays as it is."""
    room = Room([*WHOLE[:5], asyncio.Event()])
    stored = await room.of.ask("v1", question())
    await room.of.cancel("v1", stored.run_id)
    last = (await room.told(stored.run_id))[-1]
    assert isinstance(last, dict)
    assert last["status"] == "cancelled"
    await room.of.cancel("v1", stored.run_id)
    await forgotten(room, stored.run_id)
    await room.of.cancel("v1", stored.run_id)


async def test_what_is_not_yours_is_not_there(room: Room) -> None:
    """Following, cancelling and continuing what another visitor has is not found, live or stored."""
    stored = await room.of.ask("v1", question())
    for _ in range(2):
        with pytest.raises(RunNotFoundError):
            await room.told(stored.run_id, visitor="v2")
        with pytest.raises(RunNotFoundError):
            await room.of.cancel("v2", stored.run_id)
        await forgotten(room, stored.run_id)
    with pytest.raises(NotFoundError):
        await room.of.ask("v2", question(conversation_id=stored.conversation_id))


async def test_leaving_in_the_middle_leaves_nothing_behind(room: Room) -> None:
    """A follower that goes away, waiting or not, closes what it read from; the run goes on."""
    gate = asyncio.Event()
    room = Room([*WHOLE[:5], gate, *WHOLE[5:]])
    stored = await room.of.ask("v1", question())
    follower = asyncio.ensure_future(room.told(stored.run_id))
    entries = room.of.follow("v1", stored.run_id, starting_after=0)
    await anext(entries)
    await entries.aclose()
    follower.cancel()
    await asyncio.wait([follower])
    gate.set()
    assert len(await room.told(stored.run_id)) == len(WHOLE)


# Runs of other replicas


async def running_elsewhere(room: Room) -> tuple[Stored, RunLog]:
    """A question that another replica answers, with the log it writes."""
    stored = await room.history.create_message("v1", question())
    assert room.logs.there is not None
    return stored, room.logs.there.open(stored.run_id)


def numbers(told: Sequence[Frame | RunRecord]) -> list[int | None]:
    """The numbers of frames; None is a gap."""
    return [entry["sequence_number"] if isinstance(entry, dict) else None for entry in told]


async def test_a_run_of_another_replica_is_followed(room: Room) -> None:
    """From any number on, live and to its end, as if it ran here; it is its visitor's alone."""
    stored, log = await running_elsewhere(room)
    write(log, 1, 3)
    following = [asyncio.ensure_future(room.told(stored.run_id, after=after)) for after in (0, 2)]
    for number in (4, 5):
        await asyncio.sleep(0.02)
        write(log, number, number)
    write(log, 6, 6, end=True)
    assert [numbers(told) for told in await asyncio.gather(*following)] == [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6]]
    with pytest.raises(RunNotFoundError):
        await room.told(stored.run_id, visitor="v2")


async def test_a_run_whose_replica_was_killed_ends(room: Room) -> None:
    """Its followers get what is kept, then a gap and the end, numbered behind what each has seen."""
    stored, log = await running_elsewhere(room)
    write(log, 1, 3)
    following = [asyncio.ensure_future(room.told(stored.run_id, after=after)) for after in (0, 5)]
    await asyncio.sleep(0.03)
    assert not any(told.done() for told in following)
    await room.history.end_orphans()
    told = await asyncio.gather(*following)
    assert [numbers(one) for one in told] == [[1, 2, 3, None, 4], [None, 6]]
    assert [one[-1]["status"] for one in told if isinstance(one[-1], dict)] == ["incomplete"] * 2


async def test_a_run_that_is_over_is_told_from_what_is_kept(room: Room) -> None:
    """Within the window its frames, and of those that are gone the gap."""
    stored, log = await running_elsewhere(room)
    write(log, 1, 4, end=True)
    await room.history.end_run(ending(stored, last_sequence=4))
    assert numbers(await room.told(stored.run_id)) == [1, 2, 3, 4]
    assert numbers(await room.told(stored.run_id, after=4)) == []
    room.clock.move(60)
    assert numbers(await room.told(stored.run_id, after=1)) == [2, 3, 4]
    room.logs.there = None
    assert numbers(await room.told(stored.run_id, after=2)) == [None, 4]


async def test_the_last_frames_of_a_run_may_be_on_their_way(room: Room) -> None:
    """Its end is stored before it is told: who comes in between gets the rest, not a gap."""
    room.of._silence_s = 5
    stored, log = await running_elsewhere(room)
    write(log, 1, 3)
    await room.history.end_run(ending(stored, last_sequence=5))
    follower = asyncio.ensure_future(room.told(stored.run_id, after=1))
    await asyncio.sleep(0.02)
    write(log, 4, 5, end=True)
    assert numbers(await follower) == [2, 3, 4, 5]
    there, room.logs.there = room.logs.there, None
    with pytest.raises(UpstreamUnavailableError):
        await room.told(stored.run_id, after=1)
    # It comes no more, or too late: the gap, then.
    room.logs.there, room.of._silence_s = there, 0.01
    cut, log = await running_elsewhere(room)
    write(log, 1, 3)
    await room.history.end_run(ending(cut, last_sequence=5))
    assert numbers(await room.told(cut.run_id)) == [1, 2, 3, None, 5]


async def test_a_run_that_cannot_be_read_here_is_not_lost(room: Room) -> None:
    """Who asks is told to ask again; who follows already waits for the end, the database away or not."""
    stored, log = await running_elsewhere(room)
    write(log, 1, 2)
    follower = asyncio.ensure_future(room.told(stored.run_id))
    await asyncio.sleep(0.02)
    room.logs.there = None
    with pytest.raises(UpstreamUnavailableError):
        await room.told(stored.run_id)
    room.history.failures["find_run"] = deque([OverloadedError()])
    await eventually(lambda: not room.history.failures["find_run"])
    await room.history.end_run(ending(stored, last_sequence=7))
    assert numbers(await follower) == [1, 2, None, 7]


async def test_a_run_that_is_deleted_elsewhere_is_followed_no_more(room: Room) -> None:
    """Its follower is told that there is no such run."""
    stored, log = await running_elsewhere(room)
    write(log, 1, 2)
    follower = asyncio.ensure_future(room.told(stored.run_id))
    await asyncio.sleep(0.02)
    await room.of.delete("v1", stored.conversation_id)
    with pytest.raises(RunNotFoundError):
        await follower
    assert (room.logs.discarded, room.logs.hurries) == ([stored.run_id], 1)


async def test_erasing_leaves_no_frames(room: Room) -> None:
    """What is kept of a visitor's runs goes with the visitor, wherever they ran."""
    here = await room.of.ask("v1", question())
    there, _ = await running_elsewhere(room)
    await room.of.erase("v1")
    assert set(room.logs.discarded) == {here.run_id, there.run_id}
