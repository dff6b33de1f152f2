import asyncio
import gc
import logging

import pytest

from shared.tasks import cancel, spawn


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
