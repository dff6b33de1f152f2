import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_ws.ports import RunState, Stored
from chat_ws.run_logs.log import MAX_BYTES, Frame, Gap
from chat_ws.run_logs.memory import MemoryRunLogs
from chat_ws.runs.live import Run, Runs, _size
from shared.contracts.retriever import MessageEnd
from shared.errors import ERROR_CODES, InternalError, OverloadedError, UpstreamUnavailableError
from shared.tasks import cancel
from tests.support.chat_fakes import (
    BEGIN,
    CITATION,
    END,
    RUN,
    START,
    WHOLE,
    Answerer,
    Clock,
    MemoryHistory,
    Step,
    delta,
    question,
)
from tests.support.waiting import eventually


class Room:
    """Runs with everything around them faked."""

    def __init__(
        self,
        *scripts: Sequence[Step],
        store_for_s: float = 5.0,
        checkpoint_s: float = 5.0,
        max_runs: int = 9,
        max_queued: int = 9,
    ) -> None:
        self.answerer = Answerer(*scripts)
        self.history = MemoryHistory()
        self.runs = Runs(
            answerer=self.answerer,
            history=self.history,
            logs=MemoryRunLogs(),
            clock=Clock(),
            resume_window_s=60.0,
            checkpoint_s=checkpoint_s,
            max_runs=max_runs,
            max_runs_each=max_runs,
            max_queued=max_queued,
            store_for_s=store_for_s,
            store_at_exit_s=0.3,
        )

    async def start(self) -> tuple[Stored, Run]:
        frame = question()
        stored = await self.history.create_message("v1", frame)
        self.runs.start("v1", stored, frame)
        run = self.runs.find("v1", stored.run_id)
        assert run is not None
        return stored, run

    async def run(self) -> list[Frame]:
        """Start a run and return all its frames."""
        _, run = await self.start()
        return await frames_of(run)


async def frames_of(run: Run, after: int = 0) -> list[Frame]:
    async def read() -> list[Any]:
        return [entry async for entry in run.log.read(after=after)]

    return await asyncio.wait_for(read(), 5)


async def until(run: Run, number: int) -> None:
    """Wait until ``run`` has told frame ``number``."""
    async for entry in run.log.read(after=number - 1):
        assert not isinstance(entry, Gap)
        return


@pytest.fixture
async def rooms() -> AsyncIterator[list[Room]]:
    """Rooms whose runs are ended after the test."""
    made: list[Room] = []
    yield made
    for room in made:
        await room.runs.drain(0)


def well_formed(frames: list[Frame]) -> None:
    assert [frame["sequence_number"] for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame["type"] for frame in frames].count("run-end") == 1
    assert frames[-1]["type"] == "run-end"


async def test_a_run_is_told_and_stored(rooms: list[Room]) -> None:
    """Text, citations, reason and what fell back are stored as told; the question went out whole."""
    room = Room()
    rooms.append(room)
    frames = await room.run()
    well_formed(frames)
    assert [frame["type"] for frame in frames] == [event.type for event in WHOLE]
    [ending] = room.history.endings
    assert (ending.content, ending.citations) == ("Ownership is a set.", (CITATION.citation,))
    assert (ending.status, ending.finish_reason, ending.degraded) == ("completed", "complete", ("rerank",))
    assert (ending.last_sequence, ending.error) == (len(frames), None)
    assert [turn.content for turn in room.answerer.requests[0].messages] == ["What is ownership?"]


async def test_run_end_follows_the_commit(rooms: list[Room]) -> None:
    """While the answer is not stored, run-end is not told, and everything before it is."""
    room, gate = Room(), asyncio.Event()
    rooms.append(room)
    room.history.before["end_run"] = gate.wait
    _, run = await room.start()
    await until(run, len(WHOLE) - 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert run.log.last == len(WHOLE) - 1
    gate.set()
    assert (await frames_of(run))[-1]["type"] == "run-end"


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
@pytest.mark.parametrize("at", [0, 4, 7])
async def test_an_answerer_that_fails(rooms: list[Room], code: str, at: int) -> None:
    """Whatever it raises and wherever, the run ends as failed with that error, and keeps its part."""
    error = ERROR_CODES[code]("why")
    room = Room([*RUN[:at], error])
    rooms.append(room)
    frames = await room.run()
    well_formed(frames)
    end = frames[-1]
    assert (end["status"], end["error"]) == (
        "failed",
        {"code": code, "message": "why", "retryable": error.retryable},
    )
    assert BEGIN not in RUN[:at] or frames[-2]["type"] == "message-end"
    [ending] = room.history.endings
    assert (ending.status, ending.content) == ("failed", "Ownership is a set." if at == 7 else "")
    assert ending.error == end["error"]


async def test_an_answerer_that_breaks(rooms: list[Room], caplog: pytest.LogCaptureFixture) -> None:
    """An error nobody knows is told as internal without its text, and logged with its trace."""
    room = Room([START, BEGIN, delta("Half"), ValueError("secret")])
    rooms.append(room)
    frames = await room.run()
    assert frames[-1]["error"] == {"code": "internal", "message": InternalError().detail, "retryable": False}
    assert "secret" not in str(frames)
    assert "secret" in caplog.text
    assert room.history.endings[0].content == "Half"


async def test_an_answer_without_an_end_is_incomplete(rooms: list[Room]) -> None:
    """An answerer that just stops leaves an incomplete run, its message ended."""
    room = Room([START, BEGIN, delta("Half")])
    rooms.append(room)
    frames = await room.run()
    well_formed(frames)
    assert (frames[-2]["type"], frames[-1]["status"]) == ("message-end", "incomplete")


async def test_nothing_is_told_after_the_answerers_end(rooms: list[Room]) -> None:
    """What comes after run-end, also an error, changes nothing."""
    room = Room([*WHOLE, delta("more"), ValueError("late")])
    rooms.append(room)
    frames = await room.run()
    assert len(frames) == len(WHOLE)
    assert (frames[-1]["status"], room.answerer.closed) == ("completed", 1)


async def test_a_cancelled_run_keeps_its_part(rooms: list[Room]) -> None:
    """The answerer is let go, the message is ended as cancelled, the part is stored."""
    room = Room([*RUN[:5], asyncio.Event()])
    rooms.append(room)
    _, run = await room.start()
    await until(run, 5)
    room.runs.stop(run, "cancelled")
    room.runs.stop(run, "incomplete")
    frames = await frames_of(run)
    well_formed(frames)
    assert (frames[-2]["finish_reason"], frames[-1]["status"]) == ("cancelled", "cancelled")
    [ending] = room.history.endings
    assert (ending.content, ending.status, ending.finish_reason) == (
        "Ownership is ",
        "cancelled",
        "cancelled",
    )
    assert room.answerer.closed == 1


async def test_a_run_stopped_before_it_began_ends_all_the_same(rooms: list[Room]) -> None:
    """A stop in the very moment of the start does not leave a run without an end."""
    room = Room()
    rooms.append(room)
    _, run = await room.start()
    room.runs.stop(run, "cancelled")
    frames = await frames_of(run)
    well_formed(frames)
    assert frames[-1]["status"] == "cancelled"


@pytest.mark.parametrize("ticks", range(12))
async def test_a_stop_at_any_moment_ends_the_run_once(rooms: list[Room], ticks: int) -> None:
    """However far the run is, it ends once, and what is told is what is stored."""
    room = Room()
    rooms.append(room)
    _, run = await room.start()
    for _ in range(ticks):
        await asyncio.sleep(0)
    room.runs.stop(run, "cancelled")
    frames = await frames_of(run)
    well_formed(frames)
    [ending] = room.history.endings
    assert frames[-1]["status"] == ending.status
    assert ending.last_sequence == frames[-1]["sequence_number"]


async def test_a_stop_after_the_end_changes_nothing(rooms: list[Room]) -> None:
    """A run that completed stays completed."""
    room = Room()
    rooms.append(room)
    _, run = await room.start()
    frames = await frames_of(run)
    room.runs.stop(run, "cancelled")
    assert await frames_of(run) == frames
    assert run.stopped_as is None


async def test_a_database_that_is_away_at_the_end(rooms: list[Room]) -> None:
    """The answer is stored as soon as the database is back, once, and run-end told then."""
    room = Room()
    rooms.append(room)
    room.history.failures["end_run"] = deque(OverloadedError() for _ in range(2))
    frames = await room.run()
    assert frames[-1]["status"] == "completed"
    assert len(room.history.endings) == 1


async def test_a_database_that_stays_away(rooms: list[Room], caplog: pytest.LogCaptureFixture) -> None:
    """Past its time run-end is told; the answer is stored all the same when the database comes back."""
    room, gate = Room(store_for_s=0.02), asyncio.Event()
    rooms.append(room)
    room.history.before["end_run"] = gate.wait
    _, run = await room.start()
    assert (await frames_of(run))[-1]["status"] == "completed"
    assert "before it is stored" in caplog.text
    gate.set()
    assert run.storing is not None
    await asyncio.wait_for(asyncio.shield(run.storing), 5)
    assert room.history.endings[0].content == "Ownership is a set."


async def test_an_answer_that_cannot_be_stored(rooms: list[Room]) -> None:
    """A run whose answer the store refuses for good ends as failed, and its conversation is free again."""
    room = Room()
    rooms.append(room)
    room.history.failures["end_run"] = deque([ValueError("a NUL character")])
    frames = await room.run()
    well_formed(frames)
    assert (frames[-1]["status"], frames[-1]["error"]["code"]) == ("failed", "internal")
    [ending] = room.history.endings
    assert (ending.status, ending.content, ending.citations) == ("failed", "", ())
    await room.run()


async def test_a_run_that_another_replica_ended_is_told_so(rooms: list[Room]) -> None:
    """Who was thought to be gone, and finishes, tells what is stored, and changes nothing of it."""
    gate = asyncio.Event()
    room = Room([*RUN, gate, *WHOLE[7:]])
    rooms.append(room)
    _, run = await room.start()
    await until(run, 7)
    await room.history.end_orphans()
    gate.set()
    frames = await frames_of(run)
    well_formed(frames)
    assert (frames[-1]["status"], room.history.endings) == ("incomplete", [])


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (None, "cancelled"),
        (RunState("", "running", True), "cancelled"),
        (RunState("", "incomplete", False), "incomplete"),
        (RunState("", "incomplete", True), "incomplete"),
    ],
)
async def test_what_other_replicas_ask_is_done(
    rooms: list[Room], state: RunState | None, status: str
) -> None:
    """A run that was deleted, is asked to stop or was ended elsewhere stops; the deleted one is not found."""
    room = Room([*RUN[:5], asyncio.Event()])
    rooms.append(room)
    stored, run = await room.start()
    await until(run, 5)
    assert room.runs.unended == [stored.run_id]
    room.runs.attend(["run_unknown", stored.run_id], [RunState(stored.run_id, "running", False)])
    assert run.stopped_as is None
    states = [] if state is None else [replace(state, run_id=stored.run_id)]
    room.runs.attend([stored.run_id], states)
    assert (await frames_of(run))[-1]["status"] == status
    assert (room.runs.find("v1", stored.run_id) is None) == (state is None)
    await eventually(lambda: room.runs.unended == [])


async def test_a_store_that_refuses_everything(rooms: list[Room]) -> None:
    """Even then the run is told to have ended."""
    room = Room()
    rooms.append(room)
    room.history.failures["end_run"] = deque([ValueError("no"), ValueError("no")])
    frames = await room.run()
    assert (frames[-1]["status"], room.history.endings) == ("failed", [])


async def test_a_growing_answer_is_kept_on_the_way(rooms: list[Room]) -> None:
    """Checkpoints hold what was said so far; one that fails is no matter, and none comes after the end."""
    gates = [asyncio.Event() for _ in range(2)]
    room = Room([START, BEGIN, delta("One "), gates[0], delta("two"), gates[1], END], checkpoint_s=0.005)
    rooms.append(room)
    room.history.failures["checkpoint"] = deque([OverloadedError()])
    _, run = await room.start()
    await until(run, 3)
    await eventually(lambda: not room.history.failures["checkpoint"])
    gates[0].set()
    await eventually(lambda: room.history.checkpoints == ["One two"])
    gates[1].set()
    await frames_of(run)
    await asyncio.sleep(0.02)
    assert room.history.checkpoints == ["One two"]


async def test_a_large_part_is_kept_before_its_time(rooms: list[Room]) -> None:
    """Two kilobytes do not wait for the next second."""
    gate = asyncio.Event()
    room = Room([START, BEGIN, delta("x" * 2047), delta("x"), delta("y" * 10), gate, END], checkpoint_s=600)
    rooms.append(room)
    _, run = await room.start()
    await eventually(lambda: [len(kept) for kept in room.history.checkpoints] == [2058])
    gate.set()
    await frames_of(run)
    assert len(room.history.checkpoints) == 1


async def test_runs_take_turns(rooms: list[Room]) -> None:
    """Past the bound a run waits, says so, and goes when there is room; one that is stopped waiting ends."""
    gate = asyncio.Event()
    room = Room([START, gate, END], max_runs=1, max_queued=2)
    rooms.append(room)
    (_, first), (_, second), (_, third) = [await room.start() for _ in range(3)]
    await until(second, 1)
    await until(third, 1)
    assert room.runs.queued == 2
    with pytest.raises(OverloadedError), room.runs.room():
        pytest.fail("it was taken")
    assert room.runs.refused == 1
    room.runs.stop(third, "cancelled")
    told = await frames_of(third)
    well_formed(told)
    assert [told[0]["type"], told[0]["position"], told[-1]["status"]] == ["run-queued", 2, "cancelled"]
    with room.runs.room():
        gate.set()
    assert [frame["type"] for frame in await frames_of(first)] == ["run-start", "run-end"]
    told = await frames_of(second)
    well_formed(told)
    assert [frame["type"] for frame in told] == ["run-queued", "run-start", "run-end"]
    assert len(room.answerer.requests) == 2


async def test_a_retriever_with_too_much_to_do_is_asked_for_less_at_once(rooms: list[Room]) -> None:
    """What was acknowledged is answered all the same; fewer are begun at once from then on."""
    room = Room([START, END])
    rooms.append(room)
    before = room.runs.window
    room.answerer.crowded = True
    told = await room.run()
    well_formed(told)
    assert told[-1]["status"] == "completed"
    assert (before, room.runs.window) == (9, 6)


async def test_two_followers_get_the_same(rooms: list[Room]) -> None:
    """A run is told whole to whoever follows, live or late, and does not begin twice."""
    gate = asyncio.Event()
    room = Room([*RUN, gate, *WHOLE[7:]])
    rooms.append(room)
    stored, run = await room.start()
    room.runs.start("v1", stored, question())
    early = asyncio.ensure_future(frames_of(run))
    await until(run, 7)
    late = asyncio.ensure_future(frames_of(run))
    gate.set()
    assert await early == await late == await frames_of(run)
    assert len(room.answerer.requests) == 1


@settings(max_examples=25)
@given(after=st.integers(0, 12), cut=st.integers(0, 9), cancelled=st.booleans())
def test_resuming_anywhere_gives_exactly_the_rest(after: int, cut: int, *, cancelled: bool) -> None:
    """From every number on, at any time, a follower gets what is left, without a gap and without a double."""

    async def play() -> None:
        gate = asyncio.Event()
        room = Room([*WHOLE[:cut], gate, *WHOLE[cut:]])
        _, run = await room.start()
        if 0 < cut < len(WHOLE):
            await until(run, cut)
        live = asyncio.ensure_future(frames_of(run, after))
        await asyncio.sleep(0)
        if cancelled:
            room.runs.stop(run, "cancelled")
        gate.set()
        whole = await frames_of(run)
        well_formed(whole)
        assert await live == await frames_of(run, after) == whole[after:]
        await room.runs.drain(0)

    asyncio.run(play())


async def test_draining_lets_answers_end(rooms: list[Room]) -> None:
    """A run that ends within the drain time completes."""
    gate = asyncio.Event()
    room = Room([*RUN, gate, *WHOLE[7:]])
    rooms.append(room)
    _, run = await room.start()
    draining = asyncio.ensure_future(room.runs.drain(5))
    await until(run, 7)
    gate.set()
    await asyncio.wait_for(draining, 1)
    assert (await frames_of(run))[-1]["status"] == "completed"
    assert run.pending == []


async def test_draining_ends_what_takes_too_long(rooms: list[Room]) -> None:
    """Past the drain time a run ends as incomplete with its part; one that begins later ends at once."""
    room = Room([*RUN[:6], asyncio.Event()])
    rooms.append(room)
    _, run = await room.start()
    await until(run, 6)
    await asyncio.wait_for(room.runs.drain(0.01), 1)
    frames = await frames_of(run)
    well_formed(frames)
    assert (frames[-1]["status"], room.history.endings[0].content) == ("incomplete", "Ownership is a set.")
    assert run.pending == []
    late = await room.run()
    assert late[-1]["status"] == "incomplete"


async def test_draining_does_not_wait_for_a_database_that_is_away(rooms: list[Room]) -> None:
    """The process can end although an answer cannot be stored; the next start ends that run in the store."""
    room = Room()
    rooms.append(room)
    room.history.before["end_run"] = asyncio.Event().wait
    _, run = await room.start()
    await until(run, len(WHOLE) - 1)
    await asyncio.wait_for(room.runs.drain(0), 4)
    assert run.pending == []


async def test_a_run_is_only_its_visitors(rooms: list[Room]) -> None:
    """Another visitor does not find it."""
    room = Room()
    rooms.append(room)
    stored, _ = await room.start()
    assert room.runs.find("v2", stored.run_id) is None
    assert room.runs.find("v1", "run_other") is None


async def test_a_run_is_forgotten_after_its_window() -> None:
    """What ended is kept for the resume window and no longer."""
    history = MemoryHistory()
    runs = Runs(
        answerer=Answerer(), history=history, logs=MemoryRunLogs(), clock=Clock(), resume_window_s=0.05
    )
    frame = question()
    stored = await history.create_message("v1", frame)
    runs.start("v1", stored, frame)
    run = runs.find("v1", stored.run_id)
    assert run is not None
    await frames_of(run)
    assert runs.find("v1", stored.run_id) is run
    await eventually(lambda: runs.find("v1", stored.run_id) is None)


async def test_a_run_ended_by_the_loop_is_not_ended_twice(rooms: list[Room]) -> None:
    """A task cancelled from outside (the process dies) tells no end: the next start does."""
    room = Room([*RUN[:3], asyncio.Event()])
    rooms.append(room)
    _, run = await room.start()
    await until(run, 3)
    await cancel(run.task)
    assert room.history.endings == []
    assert run.log.last == 3


async def test_a_long_answer_is_bounded(rooms: list[Room]) -> None:
    """Past the bound of a run's log its beginning is a gap; its end is told and all of it stored."""
    text = "x" * (MAX_BYTES // 2)
    room = Room([START, BEGIN, *(delta(text) for _ in range(4)), MessageEnd(finish_reason="complete"), END])
    rooms.append(room)
    _, run = await room.start()
    assert run.task is not None
    await asyncio.wait_for(asyncio.shield(run.task), 5)
    entries = await frames_of(run)
    assert isinstance(entries[0], Gap)
    assert [entry["type"] for entry in entries[1:]] == ["content-delta", "message-end", "run-end"]
    assert len(room.history.endings[0].content) == 4 * len(text)


async def test_a_cut_upstream_is_retryable(rooms: list[Room]) -> None:
    """When the retriever breaks off, the client is told that asking again may help."""
    room = Room([*RUN, UpstreamUnavailableError("broke off")])
    rooms.append(room)
    assert (await room.run())[-1]["error"]["retryable"] is True


def test_a_frame_is_never_larger_than_its_size() -> None:
    """The bound in bytes counts all text there is, wherever it stands."""
    long = "é" * 1000
    assert _size({"a": long}) > 4000
    assert _size({"passages": [{"text": long, "heading_path": [long]}], "n": 1, "none": None}) > 8000
