"""WebSocket load: connections to an echo, messages at a fixed offered rate, every echo checked."""

import asyncio
import time
from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from bench.clients.frames import TEXT, FrameReader, client_frame
from bench.process import CannotMeasureError
from bench.traffic import SOCKET_PATH, upgrade_head

TICK_S = 0.001
CONNECT_S = 15.0
DRAIN_S = 3.0
_AT_ONCE = 100
_DIGITS = 10


@dataclass
class Tally:
    """What came back."""

    sent: int = 0
    echoed: int = 0
    wrong: int = 0
    """Echoes that were not what was sent, or not in order."""
    began: "array[float]" = field(default_factory=lambda: array("d"))
    """When each message was sent."""
    latencies_us: "array[float]" = field(default_factory=lambda: array("d"))

    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever something came back."""

    @property
    def errors(self) -> int:
        return self.wrong + self.sent - self.echoed


class _Socket(asyncio.Protocol):
    def __init__(self, head: bytes) -> None:
        self.tally = Tally()
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.expected = b""
        """What each message ends with."""
        self._head = head
        self._answer = b""
        self._last = -1
        self._frames: FrameReader | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self.opened.done():
            self.opened.set_exception(CannotMeasureError("a WebSocket was closed before it was open"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def send(self, number: int) -> None:
        if self._transport is not None:
            self._transport.write(client_frame(TEXT, b"%0*d" % (_DIGITS, number) + self.expected))

    def data_received(self, data: bytes) -> None:
        if self._frames is None:
            self._shake(data)
            return
        now = time.perf_counter()
        for opcode, payload in self._frames.feed(data):
            self._echoed(opcode, payload, now)

    def _shake(self, data: bytes) -> None:
        self._answer += data
        head, end, rest = self._answer.partition(b"\r\n\r\n")
        if not end or self.opened.done():
            return
        if not head.startswith(b"HTTP/1.1 101 "):
            self.opened.set_exception(CannotMeasureError(f"no WebSocket: {self._answer[:400]!r}"))
            return
        self._frames = FrameReader()
        self.opened.set_result(None)
        if rest:
            self.data_received(rest)

    def _echoed(self, opcode: int, payload: bytes, now: float) -> None:
        tally = self.tally
        tally.came.set()
        number = int(payload[:_DIGITS]) if opcode == TEXT else -1
        if number <= self._last or payload[_DIGITS:] != self.expected:
            tally.wrong += 1
            return
        self._last = number
        tally.echoed += 1
        tally.latencies_us.append((now - tally.began[number]) * 1e6)


class SocketLoad:
    """Open WebSockets to one candidate."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port, self._head = port, upgrade_head(SOCKET_PATH, headers)
        self._sockets: list[_Socket] = []

    async def open(self, connections: int) -> None:
        """Open ``connections``, a hundred at a time."""
        async with asyncio.timeout(CONNECT_S):
            while (missing := connections - len(self._sockets)) > 0:
                await asyncio.gather(*(self._one() for _ in range(min(missing, _AT_ONCE))))

    async def _one(self) -> None:
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: _Socket(self._head), "127.0.0.1", self._port)
        self._sockets.append(socket)
        await socket.opened

    async def run(self, *, size: int, rate: float, seconds: float) -> Tally:
        """Send messages of ``size`` bytes, ``rate`` a second over all connections in turn."""
        tally, total = self._prepared(size), int(rate * seconds)
        began = time.perf_counter()
        while tally.sent < total:
            now = time.perf_counter()
            for number in range(tally.sent, min(total, int((now - began) * rate) + 1)):
                tally.began.append(now)
                self._sockets[number % len(self._sockets)].send(number)
                tally.sent += 1
            await asyncio.sleep(TICK_S)
        await self._drained(tally)
        return tally

    async def once(self) -> Tally:
        """Send one message on every connection."""
        tally = self._prepared(_DIGITS)
        for number, socket in enumerate(self._sockets):
            tally.began.append(time.perf_counter())
            socket.send(number)
            tally.sent += 1
        await self._drained(tally)
        return tally

    async def close(self) -> None:
        """Close every connection."""
        for socket in self._sockets:
            socket.close()
        self._sockets.clear()
        await asyncio.sleep(0.1)

    def _prepared(self, size: int) -> Tally:
        tally = Tally()
        for socket in self._sockets:
            socket.tally, socket.expected, socket._last = tally, b"w" * (size - _DIGITS), -1
        return tally

    async def _drained(self, tally: Tally) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while tally.echoed + tally.wrong < tally.sent:
                    tally.came.clear()
                    await tally.came.wait()
