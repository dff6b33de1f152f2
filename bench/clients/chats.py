"""Many chat connections in one process: some only listen, some are always being answered.

Notes when heartbeats came, and how long each word took from the retriever to here.
"""

import asyncio
import json
import re
import time
from collections import Counter
from typing import cast
from uuid import uuid4

from bench.clients.frames import PING, PONG, TEXT, FrameReader, client_frame
from bench.traffic import SOCKET_PATH, upgrade_head
from shared.auth import Principal, Role, signed_headers

_WRITTEN = re.compile(rb'"text":"@(\d+) ')
_TYPE = re.compile(rb'"type":"([a-z-]+)"')


class Chat(asyncio.Protocol):
    """One connection of a visitor of its own; an ``active`` one asks as soon as it is answered."""

    def __init__(self, visitor: str, *, token: str, active: bool) -> None:
        self._visitor, self._token, self.active = visitor, token, active
        self._frames: FrameReader | None = None
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self.ready = asyncio.Event()
        self.beats: list[float] = []
        """When something was heard, of one that only listens, in seconds."""
        self.delays_ms: list[float] = []
        self.ended: Counter[str] = Counter()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        who = Principal(id=self._visitor, role=Role.VISITOR)
        headers = signed_headers(who, token=self._token, now=time.time())
        self._transport.write(upgrade_head(SOCKET_PATH, headers))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if self._frames is None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head[:200]
            self._frames = FrameReader()
        for opcode, payload in self._frames.feed(data):
            if opcode == TEXT:
                self._heard(payload, now)
            elif opcode == PING and self._transport is not None:
                self._transport.write(client_frame(PONG, payload))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def ask(self) -> None:
        """Ask something."""
        frame = {"type": "message-create", "client_message_id": str(uuid4()), "content": "And then?"}
        assert self._transport is not None
        self._transport.write(client_frame(TEXT, json.dumps(frame).encode()))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _heard(self, payload: bytes, now: int) -> None:
        if (written := _WRITTEN.search(payload)) is not None:
            self.delays_ms.append((now - int(written[1])) / 1e6)
            return
        found = _TYPE.search(payload)
        kind = found[1].decode() if found else "?"
        if kind in ("connection-ready", "heartbeat"):
            self.ready.set()
            self.beats.append(now / 1e9)
        elif kind in ("run-end", "error"):
            self.ended[str(json.loads(payload).get("code", kind))] += 1
            if self.active:
                self.ask()


async def opened(port: int, count: int, *, token: str, active: bool) -> list[Chat]:
    """Open ``count`` connections, a few at a time."""
    loop, chats = asyncio.get_running_loop(), []
    gate = asyncio.Semaphore(50)
    kind = "active" if active else "idle"

    async def open_one(number: int) -> None:
        async with gate, asyncio.timeout(60):
            chat = Chat(f"{kind}_{number}", token=token, active=active)
            await loop.create_connection(lambda: chat, "127.0.0.1", port)
            await chat.ready.wait()
            chats.append(chat)

    await asyncio.gather(*(open_one(number) for number in range(count)))
    return chats
