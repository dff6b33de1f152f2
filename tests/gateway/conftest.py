"""The gateway is tested on the event loop it runs on: uvloop, whose transports differ from asyncio's."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import pytest
import uvloop

from tests.support import gateway_server
from tests.support.gateway_server import Start


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop of every test of this room."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(params=[False, True], ids=["long way", "short way"])
def gateway(request: pytest.FixtureRequest) -> Start:
    """Runs a gateway: once with no connection to a service yet, once with kept ones."""
    return partial(gateway_server.gateway, warm=request.param)
