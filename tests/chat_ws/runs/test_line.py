import asyncio

import pytest

from chat_ws.runs.line import Line
from chat_ws.runs.turns import Turns
from tests.support.waiting import eventually


class Waiting:
    """Runs in a line: what they heard, and who goes."""

    def __init__(self, *, tell_s: float = 0.001) -> None:
        self.line = Line(Turns(most=1, each=1, waiting=9), tell_s=tell_s)
        self.going: list[str] = []
        self.places: dict[str, list[int]] = {}
        self.ends: dict[str, asyncio.Event] = {}

    def start(self, run_id: str) -> "asyncio.Task[None]":
        self.places[run_id], self.ends[run_id] = [], asyncio.Event()
        return asyncio.get_running_loop().create_task(self._go(run_id))

    async def _go(self, run_id: str) -> None:
        async with self.line.turn(run_id[0], run_id, tell=self.places[run_id].append):
            self.going.append(run_id)
            await self.ends[run_id].wait()


async def test_a_run_waits_for_its_turn_and_hears_its_place() -> None:
    """Who goes at once hears nothing; who waits hears each place it is at, and then goes."""
    room = Waiting()
    tasks = [room.start(run_id) for run_id in ("a1", "b1", "c1")]
    await eventually(lambda: room.places == {"a1": [], "b1": [1], "c1": [2]})
    assert room.going == ["a1"]
    room.ends["a1"].set()
    await eventually(lambda: room.places["c1"] == [2, 1])
    assert room.going == ["a1", "b1"]
    room.ends["b1"].set()
    room.ends["c1"].set()
    await asyncio.gather(*tasks)
    assert room.going == ["a1", "b1", "c1"]
    assert room.line.turns.waiting == 0
    assert room.line._gates == {}


async def test_who_waits_may_leave_and_who_fails_makes_room() -> None:
    """A cancelled run is no longer waited for, and an error gives the turn back."""
    room = Waiting()
    tasks = {run_id: room.start(run_id) for run_id in ("a1", "b1", "c1")}
    await eventually(lambda: room.places["c1"] == [2])
    tasks["b1"].cancel()
    await eventually(lambda: room.places["c1"] == [2, 1])
    tasks["a1"].cancel()
    await eventually(lambda: room.going == ["a1", "c1"])
    room.ends["c1"].set()
    await tasks["c1"]
    with pytest.raises(ValueError, match="broken"):
        async with room.line.turn("d", "d1", tell=print):
            raise ValueError("broken")
    async with room.line.turn("e", "e1", tell=print):
        pass


async def test_a_turn_that_comes_in_the_moment_of_leaving_is_passed_on() -> None:
    """Whoever is let go and cancelled at once does not keep the place."""
    room = Waiting()
    tasks = {run_id: room.start(run_id) for run_id in ("a1", "b1", "c1")}
    await eventually(lambda: room.places["c1"] == [2])
    room.ends["a1"].set()
    await asyncio.sleep(0)
    tasks["b1"].cancel()
    await eventually(lambda: "c1" in room.going)
    room.ends["c1"].set()
    await tasks["c1"]


async def test_a_run_that_has_begun_lets_another_begin() -> None:
    """The first word makes way; a crowd at the retriever makes way for fewer, once in a round."""
    line = Line(Turns(most=99, each=99, waiting=9))
    begun, over = asyncio.Event(), asyncio.Event()
    size = line.turns.window.size

    async def go(run_id: str) -> None:
        async with line.turn("a", run_id, tell=lambda place: None) as turn:
            if run_id == "a0":
                await begun.wait()
                turn.begun()
            await over.wait()

    tasks = [asyncio.create_task(go(f"a{number}")) for number in range(size + 2)]
    await eventually(lambda: line.turns.waiting == 2)
    begun.set()
    await eventually(lambda: line.turns.waiting == 0)
    over.set()
    await asyncio.gather(*tasks)
    assert line.turns.window.size == size + 1

    async with line.turn("a", "x", tell=print) as one, line.turn("a", "y", tell=print) as other:
        one.crowded()
        other.crowded()
        assert line.turns.window.size == 11
    with line.room():
        assert line.turns.coming == 1
    assert line.turns.coming == 0
