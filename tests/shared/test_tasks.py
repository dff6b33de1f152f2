import asyncio
import gc
import logging
from collections.abc import AsyncGenerator

import pytest

from shared.tasks import beating, cancel, is_cancelled, spawn


async def test_a_task_is_kept_until_it_ends() -> None:
    """A task nobody refers to is not collected in the middle, and has its name."""
    gate, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await gate.wait()
        done.set()

    assert spawn(work(), name="kept").get_name() == "kept"
    await asyncio.sleep(0)
    gc.collect()
    gate.set()
    await asyncio.wait_for(done.wait(), 1)


async def test_an_error_is_logged_once_with_its_task(caplog: pytest.LogCaptureFixture) -> None:
    """An error that ends a task nobody awaits is in the log, with its trace."""

    async def work() -> None:
        raise ValueError("why")

    task = spawn(work(), name="broken")
    await asyncio.wait([task])
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "task broken failed")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "why"


async def test_what_a_task_returns_can_be_awaited() -> None:
    """A spawned task is a task like any other."""

    async def work() -> int:
        return 7

    assert await spawn(work(), name="seven") == 7


async def test_cancel_waits_for_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """After cancel nothing of the task runs any more; a cancelled task is no error."""
    ended = False

    async def work() -> None:
        nonlocal ended
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended = True

    task = spawn(work(), name="cancelled")
    await asyncio.sleep(0)
    await cancel(task)
    assert ended
    assert task.cancelled()
    assert not caplog.records


async def test_cancel_takes_what_is_not_there() -> None:
    """Neither no task nor one that has ended is an error."""
    await cancel(None)
    task = spawn(asyncio.sleep(0), name="over")
    await task
    await cancel(task)


async def test_a_beat_stands_for_what_has_not_come() -> None:
    """Every item comes once and in its order; while none comes there is None, and nothing after the last."""
    gates = [asyncio.Event() for _ in range(3)]

    async def items() -> AsyncGenerator[int]:
        for at, gate in enumerate(gates):
            await gate.wait()
            yield at

    found: list[int] = []
    beats = 0
    async with asyncio.timeout(5):
        async for item in beating(items(), interval_s=0.001):
            if item is None:
                beats += 1
                gates[len(found)].set()
            else:
                found.append(item)
    assert found == [0, 1, 2]
    assert beats >= 3


async def test_what_ends_the_items_is_raised_after_them() -> None:
    """An error of theirs is the reader's."""

    async def items() -> AsyncGenerator[int]:
        yield 1
        raise ValueError("why")

    beats = beating(items(), interval_s=5)
    assert await anext(beats) == 1
    with pytest.raises(ValueError, match="why"):
        await anext(beats)


@pytest.mark.parametrize("waiting", [False, True])
async def test_whoever_is_cut_off_leaves_nothing_running(waiting: bool) -> None:
    """Closed between two items or cancelled in a wait, the items are closed by the task that ran them."""
    closed, runners = asyncio.Event(), set[asyncio.Task[object] | None]()

    async def items() -> AsyncGenerator[int]:
        runners.add(asyncio.current_task())
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            runners.add(asyncio.current_task())
            closed.set()

    beats = beating(items(), interval_s=5)
    assert await anext(beats) == 1
    if waiting:
        reader = spawn(anext(beats), name="reader")
        await asyncio.sleep(0)
        await cancel(reader)
    await beats.aclose()
    assert closed.is_set()
    assert len(runners) == 1


async def test_a_cancelled_task_knows_it_whatever_became_of_the_error() -> None:
    """A library that makes another error of a cancellation does not hide it."""
    seen: list[bool] = []

    async def work() -> None:
        seen.append(is_cancelled())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append(is_cancelled())

    task = spawn(work(), name="work")
    await asyncio.sleep(0)
    await cancel(task)
    assert seen == [False, True]
