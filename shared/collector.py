"""When the garbage collector looks through everything, which stops a process for up to half a second.

Owns that it does so rarely: with thousands of connections a full look takes half a second, and Python would
take one each time a quarter more objects are there. Young objects are looked through as ever.
"""

import asyncio
import gc

FULL_EVERY_S = 600.0
"""In between, only garbage in cycles that has grown old waits."""
_YOUNG, _MIDDLE, _NEVER = 10_000, 2, 1_000_000


def settle() -> None:
    """Look through what a service is made of once and never again; leave full looks to :func:`keep`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)


async def keep(*, every_s: float = FULL_EVERY_S) -> None:
    """Look through everything from time to time, until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        gc.collect()
