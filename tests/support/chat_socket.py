"""The server's end of a WebSocket, without a server: tests put in what comes and look at what was sent."""

import asyncio
import json
from typing import Any

from starlette.websockets import WebSocketDisconnect

Frame = dict[str, Any]


class Socket:
    """The server's end of a WebSocket. While ``stuck`` the client takes nothing."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any] | Exception] = asyncio.Queue()
        self.frames: list[Frame] = []
        self.closed: list[int] = []
        self.taking = asyncio.Event()
        self.taking.set()
        self.gone = False

    async def receive(self) -> dict[str, Any]:
        message = await self.incoming.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def send_text(self, text: str) -> None:
        await self.taking.wait()
        if self.gone:
            raise WebSocketDisconnect(1006)
        self.frames.append(json.loads(text))

    async def close(self, code: int, reason: str) -> None:
        await self.taking.wait()
        self.closed.append(code)
        self.incoming.put_nowait({"type": "websocket.disconnect"})
