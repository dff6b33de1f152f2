"""Two connections joined: what comes on one goes out on the other, byte for byte.

Owns flow control both ways, half closes, the time-outs of a silent or expired connection, and the last
frame a client gets when a side is lost or the gateway stops. It decides nothing: who may open one was
decided at the handshake.
"""

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.websocket.framing import RESTART, SERVICE_LOST, Frames, close_frame
from shared.errors import UnauthorizedError

LINGER_S = 2.0
"""Once one side has ended, or was told to, the other has so long."""
_READ = 64 * 1024
_TICK_S = 0.005
"""Timers are this exact."""


class Ended(Protocol):
    """Told once, when both sides are gone."""

    def __call__(self, *, sent: int) -> None: ...


@dataclass(frozen=True)
class Terms:
    """How long a tunnel may be silent (seconds), and when it ends at the latest (Unix time)."""

    idle_s: float
    expires: int | None


class _Side(asyncio.Protocol):
    """One of the two connections; ``peer`` is the other's transport."""

    __slots__ = ("_tunnel", "peer", "transport")

    def __init__(self, tunnel: "Tunnel", transport: asyncio.Transport, peer: asyncio.Transport) -> None:
        self._tunnel, self.transport, self.peer = tunnel, transport, peer

    def data_received(self, data: bytes) -> None:
        self._tunnel.active = True
        if not self.peer.is_closing():
            self.peer.write(data)

    def eof_received(self) -> bool:
        return self._tunnel.ended_one(self)

    def pause_writing(self) -> None:
        if not self.peer.is_closing():
            self.peer.pause_reading()

    def resume_writing(self) -> None:
        if not self.peer.is_closing():
            self.peer.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tunnel.lost_one(self, exc)


class _ServiceSide(_Side):
    """The service's connection: what it says is followed, so that the gateway can end it between frames."""

    __slots__ = ("closing", "frames", "sent")

    def __init__(self, tunnel: "Tunnel", transport: asyncio.Transport, peer: asyncio.Transport) -> None:
        super().__init__(tunnel, transport, peer)
        self.frames, self.sent, self.closing = Frames(), 0, False

    def data_received(self, data: bytes) -> None:
        if not self.closing:
            self.frames.feed(data)
            self.sent += len(data)
            self._tunnel.active = True
            if not self.peer.is_closing():
                self.peer.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._hear_out()
        super().connection_lost(exc)

    def _hear_out(self) -> None:
        """Read what came before a reset: a write that failed on it was told first.

        A service that refuses a message closes while the client still sends. Its close frame says why, and
        1012 in its place would make the client send the same again. The transport is still open in here.
        """
        sock = self.transport.get_extra_info("socket")
        if sock is None or self.transport.get_extra_info("sslcontext") is not None:
            return
        with suppress(OSError):
            while data := os.read(sock.fileno(), _READ):
                self.data_received(data)


class Tunnel:
    """A client and a service, joined until either ends; ``connections`` is the server's list of all."""

    __slots__ = (
        "_client",
        "_connections",
        "_ended",
        "_ends",
        "_loop",
        "_open",
        "_service",
        "_terms",
        "_timer",
        "_until",
        "active",
    )

    def __init__(
        self,
        client: asyncio.Transport,
        service: asyncio.Transport,
        *,
        terms: Terms,
        connections: set[Any],
        ended: Ended,
    ) -> None:
        self._client = _Side(self, client, service)
        self._service = _ServiceSide(self, service, client)
        self._open, self._ends = 2, 0
        self.active = False
        """Whether anything was said since the last look."""
        self._terms, self._connections, self._ended = terms, connections, ended
        self._loop = asyncio.get_running_loop()
        self._until = None if terms.expires is None else self._loop.time() + terms.expires - time.time()
        self._timer = self._loop.call_later(self._next(), self._check)

    def begin(self, *, from_client: bytes, from_service: bytes) -> None:
        """Join the two; the bytes are what each side has said already."""
        client, service = self._client.transport, self._service.transport
        self._connections.add(self)
        client.set_protocol(self._client)
        service.set_protocol(self._service)
        if from_service:
            self._service.data_received(from_service)
        if from_client:
            self._client.data_received(from_client)
        for transport in (client, service):
            if not transport.is_closing():
                transport.resume_reading()

    def shutdown(self) -> None:
        """The gateway stops: the client is asked back. Called by the server, which bears no error here."""
        self._close(RESTART, "")

    def ended_one(self, side: _Side) -> bool:
        """Pass a half close on; return whether the side that ended may still be written to."""
        self._ends += 1
        if self._ends == 2 or self._open < 2:
            side.peer.close()
            return False
        if side is self._service and not self._service.frames.closed:
            # Without a close frame it did not end, it was lost.
            self._close(RESTART, SERVICE_LOST)
        elif not side.peer.is_closing():
            # The other direction goes on: what was asked may still be answered.
            side.peer.write_eof()
            self._lingering()
        return True

    def _lingering(self) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(LINGER_S, self._abort)

    def lost_one(self, side: _Side, exc: Exception | None) -> None:
        self._open -= 1
        if not self._open:
            self._timer.cancel()
            self._connections.discard(self)
            self._ended(sent=self._service.sent)
            return
        if side is self._service:
            if not self._service.frames.closed:
                self._close(RESTART, SERVICE_LOST)
            if not side.peer.is_closing():
                # The service may have held it back; what it still says is for nobody.
                side.peer.resume_reading()
            self._hang_up()
        elif exc is None:
            # Closing sends first what is still in the buffer.
            side.peer.close()
            self._lingering()
        else:
            side.peer.abort()

    def _close(self, code: int, reason: str) -> None:
        """Close the client, with a frame where one may stand; its answer goes to the service."""
        client = self._client.transport
        self._lingering()
        if self._service.closing or client.is_closing() or self._service.frames.closed:
            return
        self._service.closing = True
        if self._service.frames.at_edge:
            client.write(close_frame(code, reason))
            self._hang_up()
        else:
            client.close()

    def _hang_up(self) -> None:
        """Say no more to the client, and wait for it to leave: the server ends first (RFC 6455, 7.1.1).

        Closed at once, what it still says would reset the connection before it has read the last frame.
        """
        self._lingering()
        if not self._client.transport.is_closing():
            self._client.transport.write_eof()

    def _abort(self) -> None:
        self._client.transport.abort()
        self._service.transport.abort()

    def _next(self) -> float:
        idle = self._terms.idle_s
        return idle if self._until is None else max(0.0, min(idle, self._until - self._loop.time()))

    def _check(self) -> None:
        if self._until is not None and self._loop.time() >= self._until - _TICK_S:
            error = UnauthorizedError("the visitor token has expired")
            self._close(error.close_code, error.detail)
        elif not self.active:
            self._close(RESTART, SERVICE_LOST)
        else:
            self.active = False
            self._timer = self._loop.call_later(self._next(), self._check)
