"""Many write, or one switches."""

import asyncio

from retriever.index.gate import Gate
from shared.tasks import spawn
from tests.support.waiting import eventually


async def test_it_closes_when_everybody_has_left_and_nobody_new_enters() -> None:
    """Whoever is inside finishes, also with a further step; whoever comes later waits."""
    gate, leave, done = Gate(), asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def write(name: str) -> None:
        async with gate.open():
            order.append(f"{name} in")
            await leave.wait()
            async with gate.open():
                order.append(f"{name} on")

    async def switch() -> None:
        async with gate.closed():
            order.append("closed")
            await done.wait()

    first, second = spawn(write("a"), name="a"), spawn(write("b"), name="b")
    await eventually(lambda: len(order) == 2)
    closing = spawn(switch(), name="switch")
    await asyncio.sleep(0)
    late = spawn(write("c"), name="c")
    await asyncio.sleep(0)
    leave.set()
    await asyncio.wait([first, second])
    await eventually(lambda: "closed" in order)
    assert order == ["a in", "b in", "a on", "b on", "closed"]
    done.set()
    await asyncio.wait([closing, late])
    assert order[-2:] == ["c in", "c on"]


async def test_whoever_closed_it_writes() -> None:
    """Behind the closed gate its closer goes through, and afterwards everybody does again."""
    gate = Gate()
    async with gate.closed(), gate.open():
        pass
    async with gate.open():
        pass
    async with asyncio.timeout(5), gate.closed():
        pass
