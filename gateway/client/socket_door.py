"""A client's connection from its WebSocket handshake until it is joined with the service's, or refused.

Owns what is taken from uvicorn's inside for it (the version is pinned, the tests go through all of it): bytes
that come with the handshake are kept, and the connection can be handed over after it.
"""

import asyncio
from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.websocket.ws_proxy import TAKE_OVER, Client
from shared.http import Scope

_MAX_EARLY = 64 * 1024


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
