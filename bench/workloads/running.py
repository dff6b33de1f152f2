"""Runs a load on uvloop, its garbage collector off: a pause of the load is no delay of a candidate."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

_T = TypeVar("_T")


def run(load: Coroutine[Any, Any, _T]) -> _T:
    """Run ``load`` to its end and return its result."""
    gc.collect()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(load)
    finally:
        gc.enable()
