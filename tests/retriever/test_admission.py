import asyncio

import pytest

from retriever.admission import Admission, Asker
from shared.errors import OverloadedError
from tests.support.waiting import eventually


class Room:
    """Who is inside, and who holds the clock."""

    def __init__(self, most: int = 1, *, wait_s: float = 0.5) -> None:
        self.now = 0.0
        self.admission = Admission(most, wait_s=wait_s, clock=lambda: self.now)
        self.inside: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    def come(self, name: str) -> "asyncio.Task[None]":
        self.ends[name] = asyncio.Event()
        return asyncio.get_running_loop().create_task(self._go(name))

    async def _go(self, name: str) -> None:
        async with self.admission.turn():
            self.inside.append(name)
            await self.ends[name].wait()
        self.inside.remove(name)


async def test_so_many_are_inside_and_the_others_follow_in_order() -> None:
    """A turn that is given back is the next one's."""
    room = Room(2)
    tasks = [room.come(name) for name in "abcd"]
    await eventually(lambda: room.inside == ["a", "b"])
    assert room.admission.waiting == 2
    room.ends["b"].set()
    await eventually(lambda: room.inside == ["a", "c"])
    for end in room.ends.values():
        end.set()
    await asyncio.gather(*tasks)
    assert (room.inside, room.admission.waiting) == ([], 0)
    async with room.admission.turn(), room.admission.turn():
        assert room.admission.waiting == 0


async def test_a_burst_is_waited_out_and_what_goes_on_is_refused() -> None:
    """However many came at once wait; once there is a line for a while, nobody joins for too long."""
    room = Room()
    tasks = [room.come(name) for name in "abc"]
    await eventually(lambda: room.admission.waiting == 2)
    room.now = 0.5
    tasks.append(room.come("d"))
    await eventually(lambda: room.admission.waiting == 3)
    room.now = 0.6
    with pytest.raises(OverloadedError) as refused:
        async with room.admission.turn():
            pytest.fail("it was let in")
    assert (refused.value.retry_after_ms, room.admission.refused) == (500, 1)
    for name in "abc":
        room.ends[name].set()
    await eventually(lambda: room.inside == ["d"])
    room.now = 99.0
    tasks.append(room.come("e"))  # nobody waits any more
    await eventually(lambda: room.admission.waiting == 1)
    for end in room.ends.values():
        end.set()
    await asyncio.gather(*tasks)


async def test_who_is_patient_waits_and_hears_of_the_crowd() -> None:
    """Where anybody else is refused a promise is kept, and its asker knows to ask for less."""
    room, asker = Room(), Asker(patient=True)
    tasks = [room.come(name) for name in "ab"]
    await eventually(lambda: room.admission.waiting == 1)
    room.now = 9.0

    async def wait() -> None:
        async with room.admission.turn(asker):
            assert room.admission.waiting == 0

    tasks.append(asyncio.create_task(wait()))
    await eventually(lambda: room.admission.waiting == 2)
    assert (asker.crowded, room.admission.refused) == (True, 0)
    for end in room.ends.values():
        end.set()
    await asyncio.gather(*tasks)
    another = Asker(patient=True)
    async with room.admission.turn(another):
        assert not another.crowded


async def test_who_stops_waiting_takes_no_turn() -> None:
    """Cancelled while it waits, or in the moment in which it is let in: the next one goes."""
    room = Room()
    async with room.admission.turn():
        tasks = {name: room.come(name) for name in "bcd"}
        await eventually(lambda: room.admission.waiting == 3)
        tasks["b"].cancel()
        await eventually(lambda: room.admission.waiting == 2)
    tasks["c"].cancel()  # it has the turn, and does not know yet
    await eventually(lambda: room.inside == ["d"])
    room.ends["d"].set()
    await tasks["d"]
    async with room.admission.turn():
        assert room.admission.waiting == 0


async def test_who_fails_gives_the_turn_back() -> None:
    """An error inside is no turn that is lost."""
    room = Room()
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            async with room.admission.turn():
                raise ValueError("broken")
