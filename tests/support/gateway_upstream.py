"""A service behind the gateway that does on its socket whatever a test wants; it keeps what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.support.streams import stream_server

WARM_UP = "/warm-up"
"""Answered at once and noted nowhere: afterwards there is a kept connection."""


@dataclass
class Asked:
    """One request as it came: nothing was tidied."""

    head: bytes
    body: bytes = b""

    @property
    def line(self) -> bytes:
        """The request line."""
        return self.head.split(b"\r\n", 1)[0]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers, names in lower case."""
        lines = self.head.split(b"\r\n")[1:-2]
        pairs = (line.partition(b":") for line in lines)
        return [(name.lower(), value.strip()) for name, _, value in pairs]

    def get(self, name: bytes) -> bytes | None:
        """The only value of ``name``."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, (name, values)
        return values[0] if values else None


@dataclass
class Wire:
    """The service's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    asked: Asked

    async def send(self, data: bytes) -> None:
        """Send ``data`` as it is."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, body: bytes = b"ok", *, status: bytes = b"200 OK", headers: bytes = b"") -> None:
        """Send a plain, right answer."""
        length = b"content-length: %d\r\n" % len(body)
        await self.send(b"HTTP/1.1 " + status + b"\r\n" + length + headers + b"\r\n" + body)

    async def read_body(self) -> bytes:
        """Read the request's body, and keep it."""
        if (length := self.asked.get(b"content-length")) is not None:
            self.asked.body = await self.reader.readexactly(int(length))
        elif self.asked.get(b"transfer-encoding") == b"chunked":
            while size := int((await self.reader.readline()).strip(), 16):
                self.asked.body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        return self.asked.body

    async def gone(self) -> None:
        """Wait until the gateway has closed this connection."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def drop(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()

    async def close(self) -> None:
        """Close the connection in order."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


Script = Callable[[Wire], Awaitable[None]]
"""What the service does with one request; it keeps the connection unless it closes it."""


@dataclass
class Upstream:
    """The service: its script, and what came of it."""

    script: Script
    port: int = 0
    connections: int = 0
    asked: list[Asked] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes on one connection, by the script."""
        self.connections += 1
        try:
            while not writer.is_closing():
                asked = Asked(await reader.readuntil(b"\r\n\r\n"))
                if WARM_UP.encode() in asked.line:
                    await Wire(reader, writer, asked).reply()
                    continue
                self.asked.append(asked)
                wire = Wire(reader, writer, asked)
                self.wires.append(wire)
                await self.script(wire)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def reply(wire: Wire) -> None:
    """Take the whole request, answer ``ok``."""
    await wire.read_body()
    await wire.reply()


@asynccontextmanager
async def upstream(script: Script = reply) -> AsyncIterator[Upstream]:
    """Run a service with ``script`` on a free port."""
    service = Upstream(script)
    async with stream_server(service.serve) as service.port:
        yield service
