"""The running chat service: what its routes share, and how it starts and ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count

from starlette.websockets import WebSocket

from chat_ws.conversations import Conversations
from chat_ws.downloads.pages import Downloads
from chat_ws.health import ChatHealth
from chat_ws.ports import Clock, History
from chat_ws.protocol.connection import Connection
from chat_ws.protocol.exchange import Exchange
from chat_ws.protocol.machine import Limits, Protocol
from chat_ws.protocol.outbox import Outbox
from chat_ws.runs.live import Runs
from chat_ws.settings import ChatSettings
from shared.logging import request_id
from shared.places import Places

_log = logging.getLogger(__name__)
GOLDEN = 0.6180339887498949


class Service:
    """Holds the connections and runs of this process."""

    def __init__(
        self,
        settings: ChatSettings,
        *,
        history: History,
        runs: Runs,
        clock: Clock,
        aside: Callable[[], Awaitable[object]],
    ) -> None:
        """``aside`` asks the database on a connection for which no request waits."""
        self._settings, self._clock, self._runs = settings, clock, runs
        self.history = history
        self.health = ChatHealth(history, runs.logs, aside)
        self.conversations = Conversations(history=history, runs=runs, clock=clock)
        self.exchange = Exchange(self.conversations, limits_of(settings), clock=clock)
        self.downloads = Downloads(history, clock=clock)
        limited = settings.limits == "on"
        self.places = Places(
            total=settings.max_sockets if limited else None,
            each=settings.max_sockets_per_visitor if limited else None,
        )
        self._connections: set[Connection] = set()
        self._opened = count()

    @property
    def connections(self) -> int:
        """How many WebSockets are open."""
        return len(self._connections)

    async def serve(self, websocket: WebSocket, visitor_id: str, *, connection_id: str) -> None:
        """Serve one accepted connection until it is over."""
        settings = self._settings
        core = Protocol(connection_id, visitor_id, request_id.get(), limits_of(settings))
        connection = Connection(
            websocket,
            core,
            self.conversations,
            clock=self._clock,
            outbox=Outbox(max_frames=settings.send_queue_frames, max_bytes=settings.send_queue_bytes),
            heartbeat_interval_s=settings.heartbeat_interval_s,
            send_stall_s=settings.send_stall_s,
            first_beat=first_beat(next(self._opened)),
        )
        self._connections.add(connection)
        if self.health.draining:
            await connection.drain()
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)

    async def drain(self) -> None:
        """Take nothing new, let running answers end for the drain time, then close every connection."""
        again, self.health.draining = self.health.draining, True
        for connection in list(self._connections):
            await connection.drain()
        await self._runs.drain(self._settings.drain_s)
        await asyncio.gather(*(connection.drained() for connection in list(self._connections)))
        if not again:
            _log.info("drained")


def first_beat(number: int) -> float:
    """Return after which part of the interval the ``number``-th connection has its first heartbeat.

    Thousands that came at once would have all their heartbeats at once, and everybody's words behind them.
    Multiples of the golden ratio lie evenly, however many there are.
    """
    return 0.5 + number * GOLDEN % 1 / 2


def limits_of(settings: ChatSettings) -> Limits:
    """Return what a connection is held to."""
    return Limits(
        max_message_chars=settings.max_message_chars,
        max_frame_bytes=settings.max_frame_bytes,
        messages_per_minute=settings.messages_per_minute if settings.limits == "on" else None,
        heartbeat_interval_ms=int(settings.heartbeat_interval_s * 1000),
        resume_window_ms=int(settings.resume_window_s * 1000),
    )
