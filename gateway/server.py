"""How uvicorn serves the gateway: its protocols, with what they lack."""

from functools import partial
from typing import Any

from gateway.door import Doors, HttpDoor
from gateway.settings import GatewaySettings
from gateway.socket_door import SocketDoor


def options(settings: GatewaySettings, doors: Doors) -> dict[str, Any]:
    """Return uvicorn's options for a gateway with ``settings``."""
    return {
        "http": partial(HttpDoor, doors=doors),
        "ws": SocketDoor,
        # The client's address is read from X-Forwarded-For by TRUSTED_PROXY_HOPS, and nowhere else.
        "proxy_headers": False,
        "ws_max_size": settings.max_frame_bytes,
    }
