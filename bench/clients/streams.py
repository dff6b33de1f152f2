"""Event-stream load: clients that read events, number by number, and say how late each one was."""

import asyncio
import re
import time
from array import array
from dataclasses import dataclass, field
from typing import cast

import httptools

from bench.process import CannotMeasureError
from bench.traffic import EVENTS_PATH, request_head

CONNECT_S = 15.0
_EVENT = re.compile(rb'"sequence_number":(\d+),"sent_ns":(\d+)')


@dataclass
class Watch:
    """What came while it was watched."""

    events: int = 0
    lost: int = 0
    merged: int = 0
    """Events that came in one chunk with the one before."""
    delays_us: "array[float]" = field(default_factory=lambda: array("d"))


class _Reader(asyncio.Protocol):
    def __init__(self, head: bytes, watch: Watch) -> None:
        self.watch = watch
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head = head
        self._chunk = b""
        self._number = 0
        self._now = 0
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.watch.lost += 1
        if not self.opened.done():
            self.opened.set_exception(CannotMeasureError("a stream was closed before it began"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._now = time.monotonic_ns()
        self._parser.feed_data(data)

    # httptools

    def on_headers_complete(self) -> None:
        if (status := self._parser.get_status_code()) != 200:
            self.opened.set_exception(CannotMeasureError(f"no stream: status {status}"))

    def on_body(self, body: bytes) -> None:
        self._chunk += body

    def on_chunk_complete(self) -> None:
        whole, _, self._chunk = self._chunk.rpartition(b"\n\n")
        found = _EVENT.findall(whole)
        self.watch.merged += max(0, len(found) - 1)
        for number, sent_ns in found:
            self._came(int(number), int(sent_ns))

    def _came(self, number: int, sent_ns: int) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
        elif number != self._number + 1:
            self.watch.lost += 1
        self._number = number
        self.watch.events += 1
        self.watch.delays_us.append((self._now - sent_ns) / 1000)


class StreamLoad:
    """Open event streams of one candidate."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port = port
        self._head = request_head("GET", EVENTS_PATH, {**headers, "Accept": "text/event-stream"})
        self._readers: list[_Reader] = []

    async def open(self, streams: int) -> None:
        """Open ``streams``, each until its first event."""
        async with asyncio.timeout(CONNECT_S):
            await asyncio.gather(*(self._one() for _ in range(streams)))

    async def _one(self) -> None:
        loop, watch = asyncio.get_running_loop(), Watch()
        _, reader = await loop.create_connection(lambda: _Reader(self._head, watch), "127.0.0.1", self._port)
        self._readers.append(reader)
        await reader.opened

    async def watch(self, seconds: float) -> Watch:
        """Return what comes within ``seconds``."""
        watch = Watch()
        for reader in self._readers:
            reader.watch = watch
        await asyncio.sleep(seconds)
        for reader in self._readers:
            reader.watch = Watch()
        return watch

    async def close(self) -> None:
        """Close every stream."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        await asyncio.sleep(0.1)
