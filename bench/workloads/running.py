"""Runs a load on uvloop, its garbage collector off: a pause of the load is no delay of a candidate.

A signal ends the load between two callbacks; raised inside of one, the loop would only report it.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from bench.figures import Sample
from bench.process import CannotMeasureError

_T = TypeVar("_T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(load: Coroutine[Any, Any, _T]) -> _T:
    """Run ``load`` to its end and return its result; raise ``KeyboardInterrupt`` when told to stop."""
    handlers = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    gc.collect()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_stoppable(load))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        gc.enable()
        for signum, handler in handlers.items():
            signal.signal(signum, handler)


def sampled(load: Coroutine[Any, Any, Sample], *, what: str) -> Sample:
    """Run ``load`` and return its sample; one that cannot be had is one that failed, and is said."""
    try:
        return run(load)
    except (CannotMeasureError, OSError) as error:  # a time-out is an OSError
        print(f"bench: {what}: {str(error) or 'timed out'}", file=sys.stderr, flush=True)
        return Sample({}, errors=1)


async def _stoppable(load: Coroutine[Any, Any, _T]) -> _T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for signum in _SIGNALS:
        loop.add_signal_handler(signum, task.cancel)
    return await load
