import asyncio

import pytest

from chat_ws.protocol.events import Close
from chat_ws.protocol.outbox import Item, Outbox


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def putting(outbox: Outbox, *items: Item) -> list["asyncio.Task[None]"]:
    """A task for each of ``items``, begun in this order."""
    return [asyncio.ensure_future(outbox.put(item)) for item in items]


async def taken(outbox: Outbox, count: int) -> list[Item | None]:
    return [await asyncio.wait_for(outbox.take(), 5) for _ in range(count)]


async def test_what_is_put_is_taken_in_order() -> None:
    """Frames, and the close behind them."""
    outbox = Outbox(max_frames=10, max_bytes=1000)
    for item in ("a", "b", Close(1000, "")):
        await outbox.put(item)
    assert not outbox.empty
    assert await taken(outbox, 3) == ["a", "b", Close(1000, "")]
    assert (outbox.empty, outbox.bytes) == (True, 0)


async def test_whoever_takes_waits_for_something() -> None:
    """An empty one gives what comes first."""
    outbox = Outbox(max_frames=10, max_bytes=1000)
    taking = asyncio.ensure_future(outbox.take())
    await settled()
    assert not taking.done()
    await outbox.put("a")
    await outbox.put("b")
    assert await asyncio.wait_for(taking, 5) == "a"
    assert await taken(outbox, 1) == ["b"]


@pytest.mark.parametrize(
    ("bounds", "frame"), [((2, 1000), "x"), ((100, 8), "xxxx"), ((100, 8), "éé"), ((100, 8), "\N{SNAKE}")]
)
async def test_it_is_bounded_in_frames_and_in_bytes(bounds: tuple[int, int], frame: str) -> None:
    """Bytes are those of UTF-8; whoever comes to a full one waits, and is let in first come, first served."""
    outbox = Outbox(max_frames=bounds[0], max_bytes=bounds[1])
    tasks = putting(outbox, frame, frame, *(f"{number}" for number in range(3)))
    await settled()
    assert [task.done() for task in tasks] == [True, True, False, False, False]
    assert outbox.full
    assert await taken(outbox, 1) == [frame]
    await settled()
    assert tasks[2].done()
    assert await taken(outbox, 4) == [frame, "0", "1", "2"]
    await asyncio.gather(*tasks)
    assert not outbox.full


async def test_a_frame_larger_than_the_bound_goes_alone() -> None:
    """It waits until nothing is before it, and nothing comes in beside it."""
    outbox = Outbox(max_frames=10, max_bytes=10)
    tasks = putting(outbox, "a", "x" * 100, "b")
    await settled()
    assert [task.done() for task in tasks] == [True, False, False]
    assert await taken(outbox, 1) == ["a"]
    await settled()
    assert [task.done() for task in tasks] == [True, True, False]
    assert await taken(outbox, 2) == ["x" * 100, "b"]
    await asyncio.gather(*tasks)


async def test_a_small_frame_does_not_overtake_a_large_one() -> None:
    """There may be room for it: it waits behind whoever came before."""
    outbox = Outbox(max_frames=10, max_bytes=10)
    tasks = putting(outbox, "aaaaaa", "bbbbbb", "c")
    await settled()
    assert [task.done() for task in tasks] == [True, False, False]
    assert await taken(outbox, 3) == ["aaaaaa", "bbbbbb", "c"]
    await asyncio.gather(*tasks)


async def test_who_stops_waiting_puts_nothing() -> None:
    """Whoever is cancelled in the queue leaves no frame and no hole."""
    outbox = Outbox(max_frames=1, max_bytes=1000)
    tasks = putting(outbox, "a", "b", "c")
    await settled()
    tasks[1].cancel()
    await settled()
    assert await taken(outbox, 2) == ["a", "c"]
    await tasks[2]
    assert outbox.empty


async def test_a_nudge_comes_without_an_item() -> None:
    """Only to whoever waits: one that finds something gets that, and a nudge to nobody is forgotten."""
    outbox = Outbox(max_frames=10, max_bytes=1000)
    outbox.nudge()
    taking = asyncio.ensure_future(outbox.take())
    await settled()
    outbox.nudge()
    outbox.nudge()
    assert await asyncio.wait_for(taking, 5) is None
    taking = asyncio.ensure_future(outbox.take())
    await settled()
    outbox.nudge()
    await outbox.put("a")
    assert await asyncio.wait_for(taking, 5) == "a"


async def test_closing_lets_everybody_go() -> None:
    """What waits is dropped, who waits goes on, and what comes later is lost."""
    outbox = Outbox(max_frames=1, max_bytes=1000)
    tasks = putting(outbox, "a", "b", "c")
    await settled()
    tasks[2].cancel()
    outbox.close()
    await asyncio.wait(tasks, timeout=5)
    assert [task.cancelled() for task in tasks] == [False, False, True]
    await outbox.put("d")
    assert (outbox.empty, outbox.bytes, outbox.full) == (True, 0, False)
