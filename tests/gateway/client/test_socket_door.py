"""A client's connection from its handshake on, through a real socket."""

import asyncio

from tests.support.gateway_server import ADMIN_KEY, gateway
from tests.support.gateway_upstream import Wire, upstream

HANDSHAKE = (
    "GET /v1/chat HTTP/1.1\r\nHost: carrel.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    f"X-API-Key: {ADMIN_KEY}\r\n\r\n"
)


async def test_a_client_that_says_much_before_its_101_waits() -> None:
    """What comes before the service has answered is kept, and bounded."""
    heard = asyncio.Event()
    let = asyncio.Event()

    async def slow(wire: Wire) -> None:
        heard.set()
        await let.wait()
        await wire.reply(status=b"503 No", body=b"{}")

    async with upstream(slow) as service, gateway(chat_url=service.url) as door, door.client() as client:
        await client.send(HANDSHAKE)
        await heard.wait()
        await client.send(b"x" * 200_000)
        let.set()
        assert (await client.head()).status == 503


async def test_a_client_that_leaves_during_the_handshake_is_not_joined() -> None:
    """The service's connection is closed again."""
    heard = asyncio.Event()
    gone = asyncio.Event()

    async def late(wire: Wire) -> None:
        heard.set()
        await left.wait()
        await wire.send(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        await wire.gone()
        gone.set()

    left = asyncio.Event()
    async with upstream(late) as service, gateway(chat_url=service.url) as door:
        async with door.client() as client:
            await client.send(HANDSHAKE)
            await heard.wait()
        await asyncio.sleep(0.05)
        left.set()
        await asyncio.wait_for(gone.wait(), 5)
