import asyncio
import logging
from collections import deque
from collections.abc import Sequence

import pytest

from chat_ws.ports import RunState, Stored
from chat_ws.run_logs.memory import MemoryRunLogs
from chat_ws.runs.keeper import Keeper
from chat_ws.runs.live import Runs
from shared.errors import OverloadedError
from shared.tasks import cancel, spawn
from tests.support.chat_fakes import RUN, Answerer, Clock, MemoryHistory, question
from tests.support.waiting import eventually

LEASE_S = 10.0


class Replicas:
    """The store's side of a beat; tests say what it tells."""

    def __init__(self) -> None:
        self.beats: list[list[str]] = []
        self.states: list[RunState] = []
        self.looked: list[bool] = []
        self.strays: list[str] = []
        self.failures: deque[Exception] = deque()
        self.left = 0

    async def beat(self, run_ids: Sequence[str]) -> list[RunState]:
        self.beats.append(list(run_ids))
        if self.failures:
            raise self.failures.popleft()
        return self.states

    async def end_orphans(self, *, overdue: bool) -> int:
        self.looked.append(overdue)
        return 2

    async def end_strays(self, run_ids: Sequence[str]) -> None:
        self.strays += run_ids

    async def leave(self) -> None:
        self.left += 1
        if self.failures:
            raise self.failures.popleft()


class Room:
    """A keeper with everything around it faked."""

    def __init__(self, *, beat_s: float = 0.001) -> None:
        self.now = 100.0
        self.replicas, self.history = Replicas(), MemoryHistory()
        self.runs = Runs(
            answerer=Answerer([*RUN[:3], asyncio.Event()]),
            history=self.history,
            logs=MemoryRunLogs(),
            clock=Clock(),
            resume_window_s=60,
        )
        self.keeper = Keeper(self.replicas, self.runs, beat_s=beat_s, lease_s=LEASE_S, clock=lambda: self.now)

    async def start(self) -> Stored:
        frame = question()
        stored = await self.history.create_message("v1", frame)
        self.runs.start("v1", stored, frame)
        return stored

    async def beat(self, after: float = 0.0) -> None:
        self.now += after
        await self.keeper.beat()


async def test_a_beat_names_the_runs_and_does_what_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    """A run that is asked to stop stops; what others left is ended, and said."""
    caplog.set_level(logging.INFO)
    room = Room()
    stored = await room.start()
    room.replicas.states = [RunState(stored.run_id, "running", True)]
    await room.beat()
    assert room.replicas.beats == [[stored.run_id]]
    await eventually(lambda: room.runs.unended == [])
    assert room.history.endings[0].status == "cancelled"
    assert "ended 2 runs" in caplog.text


async def test_silence_counts_only_for_who_was_there() -> None:
    """Others are overdue only after a lease of beats without a break; an error or a stop is one."""
    room = Room()
    for after in (0, 4, 4, 4):
        await room.beat(after)
    room.replicas.failures.append(OverloadedError())
    with pytest.raises(OverloadedError):
        await room.beat(1)
    for after in (1, 4, 4, 4, 60, 4, 4, 4):
        await room.beat(after)
    assert room.replicas.looked == [False] * 3 + [True] + [False] * 3 + [True] + [False] * 3 + [True]


async def test_a_run_that_nobody_runs_is_ended_after_the_lease() -> None:
    """Not before: its question may be resent. Not one that is running here, or does so meanwhile."""
    room = Room()
    mine, started = await room.start(), await room.history.create_message("v1", question())
    stray, resent = "run_stray", started.run_id
    room.replicas.states = [
        RunState(mine.run_id, "running", False),
        RunState(stray, "running", False),
        RunState(resent, "running", False),
        RunState("run_ended", "completed", False),
    ]
    await room.beat()
    await room.beat(LEASE_S - 1)
    assert room.replicas.strays == []
    room.runs.start("v1", started, question())
    await room.beat(1)
    assert room.replicas.strays == [stray]
    await room.runs.drain(0)


async def test_it_goes_on_beating(caplog: pytest.LogCaptureFixture) -> None:
    """A store that is away is waited for in silence, anything else is logged, and neither ends it."""
    room = Room()
    room.replicas.failures += [OverloadedError(), ValueError("broken"), OverloadedError()]
    keeping = spawn(room.keeper.run(), name="keep")
    await eventually(lambda: len(room.replicas.beats) > 5)
    await cancel(keeping)
    assert caplog.text.count("broken") == 1
    assert len(caplog.records) == 1


async def test_it_can_be_hurried() -> None:
    """What is asked of this replica does not wait for the next beat."""
    room = Room(beat_s=600)
    keeping = spawn(room.keeper.run(), name="keep")
    await asyncio.sleep(0)
    assert room.replicas.beats == []
    for number in (1, 2):
        room.keeper.hurry()
        await eventually(lambda number=number: len(room.replicas.beats) == number)  # type: ignore[misc]  # no type is inferred for a lambda with a default
    await cancel(keeping)


async def test_leaving_waits_for_no_store(caplog: pytest.LogCaptureFixture) -> None:
    """A store that is away is told nothing, and finds out; any other error is logged and ends nothing."""
    room = Room()
    await room.keeper.beat()
    await room.keeper.leave()
    room.replicas.failures.append(OverloadedError())
    await room.keeper.leave()
    assert (room.replicas.left, caplog.records) == (2, [])
    room.replicas.failures.append(ValueError("broken"))
    await room.keeper.leave()
    assert "broken" in caplog.text


async def test_who_was_never_heard_of_does_not_leave() -> None:
    """Where no beat ever came through there is nobody to be gone, and perhaps no table to say so in."""
    room = Room()
    room.replicas.failures.append(OverloadedError())
    with pytest.raises(OverloadedError):
        await room.keeper.beat()
    await room.keeper.leave()
    assert room.replicas.left == 0
