"""How uvicorn serves the gateway: its protocols, with what they lack."""

from functools import partial
from typing import Any

from gateway.client.door import HttpDoor
from gateway.client.doors import Doors
from gateway.client.socket_door import SocketDoor
from gateway.settings import GatewaySettings


def options(settings: GatewaySettings, doors: Doors) -> dict[str, Any]:
    """Return uvicorn's options for a gateway with ``settings``."""
    return {
        "http": partial(HttpDoor, doors=doors),
        "ws": SocketDoor,
        # The client's address is read from X-Forwarded-For by TRUSTED_PROXY_HOPS, and nowhere else.
        "proxy_headers": False,
        "ws_max_size": settings.max_frame_bytes,
    }
