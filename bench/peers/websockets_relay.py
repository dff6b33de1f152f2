"""A WebSocket relay as it is usually written: FastAPI in front, a websockets client behind."""

import argparse
import asyncio
from contextlib import suppress

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol


def create_app(upstream: str) -> FastAPI:
    """Return the relay before ``upstream``."""
    app = FastAPI()

    @app.websocket("/{path:path}")
    async def relay(client: WebSocket, path: str) -> None:
        offered = [Subprotocol(name) for name in client.scope["subprotocols"]]
        async with connect(
            f"{upstream}/{path}", subprotocols=offered, compression=None, proxy=None
        ) as service:
            await client.accept(service.subprotocol)
            async with asyncio.TaskGroup() as both:
                both.create_task(_up(client, service))
                both.create_task(_down(client, service))

    return app


async def _up(client: WebSocket, service: ClientConnection) -> None:
    with suppress(WebSocketDisconnect, ConnectionClosed):
        while True:
            await service.send(await client.receive_text())
    await service.close()


async def _down(client: WebSocket, service: ClientConnection) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        async for message in service:
            await client.send_text(message if isinstance(message, str) else message.decode())
        await client.close()


def main() -> None:
    """Serve on the given port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", type=int, required=True)
    options = parser.parse_args()
    uvicorn.run(
        create_app(f"ws://127.0.0.1:{options.upstream}"),
        port=options.port,
        access_log=False,
        log_level="error",
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )


if __name__ == "__main__":
    main()
