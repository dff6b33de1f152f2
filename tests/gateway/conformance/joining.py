"""A chat service behind the gateway that does with each handshake what a test wants, byte for byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.gateway_server import Gateway, gateway
from tests.support.gateway_upstream import Script, Upstream, Wire, upstream
from tests.support.websocket_wire import (
    ACCEPT,
    Socket,
)

SWITCHING = (
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    f"sec-websocket-accept: {ACCEPT}\r\n"
).encode()
HELLO = b"\x81\x05hello"
"""A service's frame: not masked."""


@asynccontextmanager
async def joined(script: Script) -> AsyncIterator[tuple[Gateway, Upstream]]:
    """Run the gateway in front of a chat service that does ``script`` with each handshake."""
    async with (
        asyncio.timeout(20),
        upstream(script) as service,
        gateway(chat_url=service.url, limits="off") as door,
    ):
        yield door, service


def saying(after: bytes) -> Script:
    """A service that says ``after`` together with its 101, then only listens."""

    async def script(wire: Wire) -> None:
        await wire.send(SWITCHING + b"\r\n" + after)
        wire.asked.body = await wire.reader.read()

    return script


async def exactly(client: Socket, size: int) -> bytes:
    """Read ``size`` bytes as they are."""
    while len(client.buffer) < size:
        data = await asyncio.get_running_loop().sock_recv(client.sock, 1 << 16)
        assert data, bytes(client.buffer)
        client.buffer += data
    taken = bytes(client.buffer[:size])
    del client.buffer[:size]
    return taken
