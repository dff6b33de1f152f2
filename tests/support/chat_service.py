"""The chat service on a real socket over a real database, answered for by a script; and its clients."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import SO_RCVBUF, SOL_SOCKET
from socket import socket as Socket
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from chat_ws.app import Adapters, create_app
from chat_ws.ports import Answerer
from chat_ws.service import Service
from chat_ws.settings import ChatSettings
from shared.auth import Principal, Role, signed_headers
from tests.support.chat_client import receive
from tests.support.server import serving
from tests.support.waiting import eventually

TOKEN = "between-the-services-0123456789"
NOWHERE = "postgresql://u@127.0.0.1:9/d?connect_timeout=1"
"""A database that is not there."""


def settings(database_url: str, **changed: Any) -> ChatSettings:
    """The service's settings as in production, but for the drain, which is short."""
    fields: dict[str, Any] = {
        "internal_token": TOKEN,
        "database_url": SecretStr(database_url),
        "drain_s": 0.2,
    }
    return ChatSettings(**fields | changed)


def identity(visitor: str = "visitor_1", *, role: Role = Role.VISITOR) -> dict[str, str]:
    """The headers the gateway signs."""
    return signed_headers(Principal(id=visitor, role=role), token=TOKEN, now=time.time())


class Chat:
    """A running chat service."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self.app, self.port = app, port

    @property
    def service(self) -> Service:
        """The service itself."""
        found: Service = self.app.state.service
        return found

    @asynccontextmanager
    async def socket(self, visitor: str = "visitor_1", **options: Any) -> AsyncIterator[ClientConnection]:
        """A WebSocket of a visitor, greeted."""
        async with self.handshake(headers=identity(visitor), **options) as opened:
            assert (await receive(opened))["type"] == "connection-ready"
            yield opened

    def handshake(
        self,
        *,
        headers: dict[str, str],
        subprotocols: tuple[str, ...] = ("carrel.v1",),
        path: str = "/v1/chat",
        **options: Any,
    ) -> connect:
        """A WebSocket handshake as it is asked for."""
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type]  # any text is offered here, not only known names
            additional_headers=headers,
            open_timeout=5,
            close_timeout=1,
            proxy=None,
            compression=None,
            max_size=None,
            **options,
        )

    def slow_socket(self) -> Socket:
        """A connected socket that holds next to nothing of what its owner does not read."""
        made = Socket()
        made.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        made.connect(("127.0.0.1", self.port))
        made.setblocking(False)
        return made

    def http(self, visitor: str = "visitor_1", *, role: Role = Role.VISITOR) -> httpx.AsyncClient:
        """An HTTP client of a visitor."""
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", headers=identity(visitor, role=role), trust_env=False
        )


@asynccontextmanager
async def chatting(
    database_url: str, answerer: Answerer, *, prepared: bool = True, **changed: Any
) -> AsyncIterator[Chat]:
    """Run the chat service as ``python -m chat_ws`` does, with settings ``changed``."""
    chosen = settings(database_url, **changed)
    app = create_app(chosen, adapters=Adapters(answerer=answerer))
    async with serving(app, ws_max_size=chosen.max_frame_bytes) as port:
        chat = Chat(app, port)
        if prepared:
            await eventually(lambda: chat.service.health.prepared)
        yield chat


async def send(opened: ClientConnection, kind: str, **fields: Any) -> None:
    """Send one frame."""
    await opened.send(json.dumps({"type": kind, **fields}))


async def ask(opened: ClientConnection, content: str = "Why?", **fields: Any) -> dict[str, Any]:
    """Ask; return the acknowledgement, or what came in its place."""
    frame = {"client_message_id": str(uuid4()), "content": content, **fields}
    await send(opened, "message-create", **frame)
    return await receive(opened)


async def rest(opened: ClientConnection) -> list[dict[str, Any]]:
    """Every frame up to ``run-end``."""
    frames: list[dict[str, Any]] = []
    while not frames or frames[-1]["type"] != "run-end":
        frames.append(await receive(opened))
    return frames


async def talk(chat: Chat, *questions: str, visitor: str = "visitor_1") -> list[dict[str, Any]]:
    """Ask each question in a conversation of its own; return the acknowledgements."""
    async with chat.socket(visitor) as opened:
        acks = []
        for question in questions:
            acks.append(await ask(opened, question))
            await rest(opened)
        return acks


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is this problem, and return it."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["request_id"]) == (code, answer.headers["x-request-id"])
    return body
