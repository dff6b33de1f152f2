"""Clients whose sockets are cut at random while they are told an answer; they check every frame."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

from shared.auth import Principal, Role, signed_headers
from tests.support.chat_client import LOST, Frame

RETRYABLE_S = 0.1


@dataclass
class Told:
    """What became of one question."""

    run_id: str = ""
    conversation_id: str = ""
    message_id: str = ""
    """The assistant message's id."""
    position: int = 0
    text: str = ""
    status: str = ""
    gaps: int = 0
    sockets: int = 0
    wrong: list[str] = field(default_factory=list)
    """What must not happen."""
    errors: Counter[str] = field(default_factory=Counter)
    """Errors that are to be tried again, by code."""


class Dropping:
    """A visitor of chat services at ``ports``, each time of another one, who asks over sockets that are cut.

    ``life_s`` is how long a socket lives, at least and at most.
    """

    def __init__(
        self, visitor: str, ports: Sequence[int], *, token: str, life_s: tuple[float, float], seed: int
    ) -> None:
        self._visitor, self._ports, self._token, self._life_s = visitor, ports, token, life_s
        self._random = random.Random(f"{seed} {visitor}")
        self._turn = self._random.randrange(len(ports))
        self.sockets = 0
        """How many there were so far."""

    async def ask(self, content: str) -> Told:
        """Ask, and go on resuming until the run has ended."""
        told, client_message_id = Told(), str(uuid4())
        while not told.status:
            try:
                async with self._socket() as socket:
                    told.sockets += 1
                    self.sockets += 1
                    await self._one_socket(socket, told, client_message_id, content)
            except LOST:
                # A replica that was killed and is not back yet.
                await asyncio.sleep(0.02)
        return told

    async def message(self, told: Told) -> dict[str, Any]:
        """Return the answer as it is stored, as soon as a service is there to be asked."""
        path = f"/v1/conversations/{told.conversation_id}/messages/{told.message_id}"
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            while True:
                try:
                    answer = await http.get(
                        f"http://127.0.0.1:{self._port()}{path}", headers=self._identity()
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
                    continue
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                return found

    async def _one_socket(
        self, socket: ClientConnection, told: Told, client_message_id: str, content: str
    ) -> None:
        life_s = self._random.uniform(*self._life_s)
        if told.run_id:
            frame = {"type": "run-resume", "run_id": told.run_id, "starting_after": told.position}
        else:
            frame = {"type": "message-create", "client_message_id": client_message_id, "content": content}
        await socket.send(json.dumps(frame))
        try:
            async with asyncio.timeout(life_s):
                while not told.status:
                    take(told, json.loads(await socket.recv()))
                    if told.errors.total() > told.sockets:
                        return
        except TimeoutError:
            # Cut, as a network does: without a word.
            socket.transport.abort()

    def _port(self) -> int:
        self._turn += 1
        return self._ports[self._turn % len(self._ports)]

    def _socket(self) -> connect:
        return connect(
            f"ws://127.0.0.1:{self._port()}/v1/chat",
            additional_headers=self._identity(),
            open_timeout=10,
            close_timeout=1,
            proxy=None,
            compression=None,
        )

    def _identity(self) -> dict[str, str]:
        return signed_headers(
            Principal(id=self._visitor, role=Role.VISITOR), token=self._token, now=time.time()
        )


def take(told: Told, frame: Frame) -> None:
    """Note in ``told`` what ``frame`` says, and what is wrong with it."""
    match frame["type"]:
        case "message-ack":
            if told.run_id not in ("", frame["run_id"]):
                told.wrong.append("another run was acknowledged")
            told.run_id, told.conversation_id = frame["run_id"], frame["conversation_id"]
        case "resume-gap":
            told.gaps += 1
            told.message_id = frame["message_id"]
        case "error":
            told.errors[frame["code"]] += 1
            if not frame["retryable"]:
                told.wrong.append(f"error {frame}")
                told.status = "error"
        case _:
            if "sequence_number" in frame:
                _count(told, frame)


def _count(told: Told, frame: Frame) -> None:
    if frame["sequence_number"] != told.position + 1 or frame["run_id"] != told.run_id:
        told.wrong.append(f"{frame['type']} {frame['sequence_number']} came after {told.position}")
    told.position, told.message_id = frame["sequence_number"], frame["message_id"]
    if frame["type"] == "content-delta":
        told.text += frame["delta"]["text"]
    if frame["type"] == "run-end":
        told.status = frame["status"]
