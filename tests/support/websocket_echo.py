"""A service that says everything back, on the server and with the options the chat service has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.contracts.chat_ws import SUBPROTOCOL
from shared.http import Receive, Scope, Send
from tests.support.server import serving

MAX_MESSAGE = 16 * 1024 * 1024


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send every message back as it came."""
    if scope["type"] == "lifespan":
        for answer in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{answer}.complete"})
        return
    await receive()
    chosen = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    while (event := await receive())["type"] == "websocket.receive":
        kind = "text" if event.get("text") is not None else "bytes"
        await send({"type": "websocket.send", kind: event[kind]})


@asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """Run the service; give its port."""
    async with serving(echo, ws_max_size=MAX_MESSAGE) as port:
        yield port
