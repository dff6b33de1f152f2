"""Waiting for what comes about by itself, with a deadline."""

import asyncio
from collections.abc import Callable


async def eventually(check: Callable[[], bool], *, within: float = 30.0) -> None:
    """Return as soon as ``check`` holds; fail after ``within`` seconds."""
    async with asyncio.timeout(within):
        while True:
            if check():
                return
            await asyncio.sleep(0.002)
