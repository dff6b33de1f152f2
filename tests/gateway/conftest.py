"""The gateway is tested on the event loop it runs on: uvloop, whose transports differ from asyncio's."""

import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop of every test of this room."""
    return {"uvloop": uvloop.new_event_loop}
