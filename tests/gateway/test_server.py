"""What uvicorn is told."""

from functools import partial

from gateway.app import create_app
from gateway.client.door import HttpDoor
from gateway.client.socket_door import SocketDoor
from gateway.server import options
from tests.support.gateway_server import settings


def test_ours_are_used() -> None:
    """The gateway is served by its own protocols, and the address in X-Forwarded-For is not believed."""
    made = settings(max_frame_bytes=2048)
    chosen = options(made, create_app(made).doors)
    assert isinstance(chosen["http"], partial)
    assert (chosen["http"].func, chosen["ws"]) == (HttpDoor, SocketDoor)
    assert (chosen["proxy_headers"], chosen["ws_max_size"]) == (False, 2048)
