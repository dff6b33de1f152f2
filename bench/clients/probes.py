"""Ordinary clients: requests at a fixed offered rate, each timed from the moment it was due."""

import asyncio
import time
from array import array
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import httptools

TICK_S = 0.001
DRAIN_S = 3.0


@dataclass
class Tally:
    """What was asked and answered."""

    asked: int = 0
    answered: int = 0
    refused: int = 0
    """Answers other than 200."""
    latencies_us: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def errors(self) -> int:
        return self.refused + self.asked - self.answered


class _Client(asyncio.Protocol):
    def __init__(self, load: "ProbeLoad") -> None:
        self.transport: asyncio.Transport | None = None
        self.due = 0.0
        self._load = load
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._load.answered(self, self._parser.get_status_code())


class ProbeLoad:
    """A few connections, each with one request at a time; a request that is due waits for a free one."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port, self._request = port, request
        self._clients: list[_Client] = []
        self._free: deque[_Client] = deque()
        self._waiting: deque[float] = deque()
        self._tally = Tally()
        self._total = 0
        self._all_answered = asyncio.Event()

    async def open(self, connections: int) -> None:
        """Open ``connections``."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, client = await loop.create_connection(lambda: _Client(self), "127.0.0.1", self._port)
            self._clients.append(client)
            self._free.append(client)

    async def run(self, *, rate: float, seconds: float) -> Tally:
        """Ask ``rate`` times a second."""
        tally, total = Tally(), int(rate * seconds)
        self._tally, self._total = tally, total
        self._all_answered.clear()
        began = time.perf_counter()
        while tally.asked < total:
            elapsed = time.perf_counter() - began
            while tally.asked < min(total, int(elapsed * rate) + 1):
                self._waiting.append(began + tally.asked / rate)
                tally.asked += 1
            self._ask()
            await asyncio.sleep(TICK_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._all_answered.wait()
        return tally

    def answered(self, client: _Client, status: int) -> None:
        """Note an answer, and use the connection for the next request."""
        self._tally.answered += 1
        self._tally.refused += status != 200
        self._tally.latencies_us.append((time.perf_counter() - client.due) * 1e6)
        self._free.append(client)
        self._ask()
        if self._tally.answered == self._total:
            self._all_answered.set()

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients:
            if client.transport is not None:
                client.transport.abort()

    def _ask(self) -> None:
        while self._waiting and self._free:
            client = self._free.popleft()
            if client.transport is None:
                continue
            client.due = self._waiting.popleft()
            client.transport.write(self._request)
