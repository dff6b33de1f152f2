"""A chat client written from docs/chat-protocol.md: what any front end would do."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

Frame = dict[str, Any]
LOST = (OSError, websockets.WebSocketException, TimeoutError, EOFError)


async def session(address: str) -> str:
    """Return a new visitor's token."""
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        answer = await http.post("/v1/sessions")
        answer.raise_for_status()
        token: str = answer.json()["token"]
        return token


@asynccontextmanager
async def opened(address: str, token: str) -> AsyncIterator[ClientConnection]:
    """Open the chat as a browser does; the first frame is read."""
    url = address.replace("http", "ws", 1) + "/v1/chat"
    protocols: Any = ["carrel.v1", f"carrel.token.{token}"]
    async with connect(
        url, subprotocols=protocols, open_timeout=5, close_timeout=1, proxy=None, compression=None
    ) as socket:
        ready = await receive(socket)
        assert ready["type"] == "connection-ready"
        assert socket.subprotocol == "carrel.v1"
        yield socket


async def receive(socket: ClientConnection, *, timeout: float = 20) -> Frame:
    """Return the next frame that is not a heartbeat."""
    while True:
        text = await asyncio.wait_for(socket.recv(), timeout)
        frame: Frame = json.loads(text)
        if frame["type"] != "heartbeat":
            return frame


async def ask(
    socket: ClientConnection, content: str, *, client_message_id: str = "", **fields: Any
) -> list[Frame]:
    """Ask, and return every frame from the acknowledgement to ``run-end``, or up to an error."""
    frame = {
        "type": "message-create",
        "client_message_id": client_message_id or str(uuid4()),
        "content": content,
        **fields,
    }
    await socket.send(json.dumps(frame))
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] not in ("run-end", "error"):
        frames.append(await receive(socket))
        if frames[-1]["type"] == "message-ack" and frames[-1]["duplicate"]:
            break
    return frames


def told(frames: list[Frame]) -> tuple[str, list[Frame]]:
    """Return the answer and the citations that a run's ``frames`` tell."""
    text = "".join(frame["delta"]["text"] for frame in frames if frame["type"] == "content-delta")
    citations = [frame["citation"] for frame in frames if frame["type"] == "citation-start"]
    return text, citations
