"""Full looks of the garbage collector come from time to time, not by themselves."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from shared.collector import keep, settle
from shared.tasks import cancel, spawn
from tests.support.waiting import eventually


@pytest.fixture
def as_before() -> Iterator[None]:
    """Leave the collector of the tests as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.me = self


async def test_old_garbage_goes_with_the_next_full_look(as_before: None) -> None:
    """A cycle that has grown old stays until then, and no longer."""
    settle()
    assert gc.get_threshold()[2] > 100_000
    assert gc.get_freeze_count() > 0
    cycle = Cycle()
    gc.collect()  # it has grown old
    gone = weakref.ref(cycle)
    del cycle
    for _ in range(30):
        gc.collect(1)
    assert gone() is not None
    keeping = spawn(keep(every_s=0.001), name="collector")
    await eventually(lambda: gone() is None)
    await cancel(keeping)
    await asyncio.sleep(0)
