"""How uvicorn serves the gateway: its protocols, with what they lack.

Owns what is taken from uvicorn's inside (the version is pinned, the tests go through all of it): bytes that
come with a WebSocket handshake are kept, and the client's connection can be handed over after it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.settings import GatewaySettings
from gateway.ws_proxy import TAKE_OVER, Client
from shared.http import Scope

_MAX_EARLY = 64 * 1024


class HttpDoor(HttpToolsProtocol):
    """A client's connection, as long as it speaks HTTP."""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
                door = self.transport.get_protocol()
                if isinstance(door, SocketDoor) and (early := data[upgrade.args[0] :]):
                    door.data_received(early)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")


class SocketDoor(WebSocketsSansIOProtocol):
    """A client's connection from its WebSocket handshake until it is handed over, or refused."""

    _early = b""

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)
            if self.handshake_initiated and hasattr(self, "scope"):
                cast(Scope, self.scope)["extensions"][TAKE_OVER] = self.take_over
            return
        self._early += data
        if len(self._early) > _MAX_EARLY and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def take_over(self) -> Client | None:
        """Give the connection away, with what the client has said already; nothing when it has left."""
        if self.disconnected or self.transport.is_closing():
            return None
        transport = self.transport
        self.transport = cast(asyncio.Transport, _GivenAway())
        self.handshake_complete = True
        self.connections.discard(self)
        if not self.read_paused:
            transport.pause_reading()
        return Client(transport, self._early, self.connections)


class _GivenAway:
    """What is left of a transport for one that has no more say in it."""

    def close(self) -> None: ...


def options(settings: GatewaySettings) -> dict[str, Any]:
    """Return uvicorn's options for a gateway with ``settings``."""
    http: Callable[..., asyncio.Protocol] = HttpDoor
    return {
        "http": http,
        "ws": SocketDoor,
        # The client's address is read from X-Forwarded-For by TRUSTED_PROXY_HOPS, and nowhere else.
        "proxy_headers": False,
        "ws_max_size": settings.max_frame_bytes,
    }
