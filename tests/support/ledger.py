"""Visitors that write whatever happens and keep a ledger of what was acknowledged; and its audit.

They speak to the chat service itself, with the identity that the gateway signs.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from tests.support.chat_client import LOST
from tests.support.chat_service import identity

_PATIENCE_S = 120.0
Ids = tuple[str, str, str]
"""Of the message, its conversation and its run."""


@dataclass
class Writer:
    """One visitor: one question after another, each resent under its id until it is acknowledged."""

    port: int
    visitor: str
    promises: dict[str, Ids] = field(default_factory=dict)
    """What was acknowledged, by client_message_id."""
    frames: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was sent, by client_message_id."""
    refused: int = 0
    """Answers that said: not now."""
    lost: int = 0
    """Connections that broke off or could not be made."""
    found: int = 0
    """Resends that were recognised."""
    problems: list[str] = field(default_factory=list)
    _socket: ClientConnection | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Write until ``stop`` is set; the last question is seen to its acknowledgement."""
        number = 0
        while not stop.is_set():
            number += 1
            await self.write(str(uuid4()), f"{self.visitor} asks {number}", follows=number % 3 == 0)
        await self.close()

    async def write(self, id: str, content: str, *, follows: bool = False) -> None:
        """Have one question acknowledged, however often it must be sent."""
        frame = {"type": "message-create", "client_message_id": id, "content": content}
        if follows and self.promises:
            frame["conversation_id"] = list(self.promises.values())[-1][1]
        self.frames[id] = frame
        await self._deliver(frame)

    async def _deliver(self, frame: dict[str, Any]) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                if await self._acknowledged(frame):
                    return
                await asyncio.sleep(0.02)

    async def resend(self) -> None:
        """Send everything that was acknowledged once more: each is found, with its first ids."""
        for id, ids in list(self.promises.items()):
            before = self.found
            await self._deliver(self.frames[id])
            if self.promises[id] != ids or self.found == before:
                self.problems.append(f"{id} was {ids}, is {self.promises[id]}")
        await self.close()

    async def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def _acknowledged(self, frame: dict[str, Any]) -> bool:
        try:
            socket = await self._opened()
            await socket.send(json.dumps(frame))
            while True:
                answer = json.loads(await asyncio.wait_for(socket.recv(), 30))
                if answer.get("client_message_id") == frame["client_message_id"]:
                    return self._noted(answer)
        except LOST:
            self.lost += 1
            self._socket = None
            return False

    def _noted(self, answer: dict[str, Any]) -> bool:
        id = answer["client_message_id"]
        if answer["type"] == "message-ack":
            ids = (answer["message_id"], answer["conversation_id"], answer["run_id"])
            if self.promises.setdefault(id, ids) != ids:
                self.problems.append(f"{id} is {ids}, was {self.promises[id]}")
            self.found += answer["duplicate"]
            return True
        if not answer["retryable"]:
            self.problems.append(f"{id}: {answer}")
            return True
        self.refused += 1
        return False

    async def _opened(self) -> ClientConnection:
        if self._socket is None:
            self._socket = await connect(
                f"ws://127.0.0.1:{self.port}/v1/chat",
                subprotocols=["carrel.v1"],  # type: ignore[list-item]  # websockets' own type for a name
                additional_headers=identity(self.visitor),
                open_timeout=10,
                close_timeout=1,
                proxy=None,
                compression=None,
            )
        return self._socket


def audit(writers: list[Writer], rows: list[tuple[Any, ...]]) -> list[str]:
    """Return how the stored questions differ from what was acknowledged.

    ``rows`` are of all questions: client_message_id, message, conversation and run.
    """
    problems = [problem for writer in writers for problem in writer.problems]
    stored: dict[str, list[Ids]] = {}
    for id, *ids in rows:
        stored.setdefault(id, []).append((ids[0], ids[1], ids[2]))
    for writer in writers:
        for id, promised in writer.promises.items():
            if stored.get(id) != [promised]:
                problems.append(f"{id}: promised {promised}, stored {stored.get(id)}")
    known = {id for writer in writers for id in writer.promises}
    problems += [f"{id}: stored, and nobody was told" for id in stored if id not in known]
    return problems
