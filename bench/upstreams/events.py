"""A source of server-sent events: each stream so many a second, one event a chunk. Its cost is not counted.

An event says its number in its stream and the moment it was written, on the clock all processes share.
"""

import argparse
import asyncio
import time
from typing import cast

import uvloop

from bench.traffic import EVENTS_PATH

TICK_S = 0.001
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


class Source:
    """Writes to all streams when each is due, one after the other, never all at once."""

    def __init__(self, rate: int) -> None:
        self._period = 1 / rate
        self._streams: set[Stream] = set()

    def joined(self, stream: "Stream") -> None:
        """Begin ``stream``; its moment within the period follows from how many there are."""
        phase = len(self._streams) * 0.618 % 1
        stream.due = time.monotonic() + self._period * (1 + phase)
        self._streams.add(stream)

    def left(self, stream: "Stream") -> None:
        """Forget ``stream``."""
        self._streams.discard(stream)

    async def run(self) -> None:
        """Write for ever."""
        while True:
            now = time.monotonic()
            for stream in self._streams:
                if stream.due <= now:
                    stream.emit()
                    stream.due += self._period
            await asyncio.sleep(TICK_S)


class Stream(asyncio.Protocol):
    """One stream: events are the answer to whoever takes them, anything else is not found."""

    def __init__(self, source: Source) -> None:
        self.due = 0.0
        self._source = source
        self._number = 0
        self._head = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._transport is None or not self._head.endswith(b"\r\n\r\n"):
            return
        if EVENTS_PATH.encode() in self._head:
            self._transport.write(_HEAD)
            self._source.joined(self)
        else:
            # Health, which the gateway asks for all the time.
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._source.left(self)

    def emit(self) -> None:
        """Write the next event."""
        if self._transport is None:
            return
        self._number += 1
        event = b'event: content-delta\ndata: {"sequence_number":%d,"sent_ns":%d,"text":"watch "}\n\n' % (
            self._number,
            time.monotonic_ns(),
        )
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))


async def serve(port: int, *, rate: int) -> None:
    """Serve on ``port`` until the process is ended."""
    loop, source = asyncio.get_running_loop(), Source(rate)
    server = await loop.create_server(lambda: Stream(source), "127.0.0.1", port, backlog=4096)
    async with server:
        await source.run()


def main() -> None:
    """Serve on the given port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True)
    options = parser.parse_args()
    uvloop.run(serve(options.port, rate=options.rate))


if __name__ == "__main__":
    main()
