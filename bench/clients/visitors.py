"""Visitors as they are: they come, ask, read at their pace, lose the connection in mid-answer, ask on, leave.

Each has a session and a WebSocket of its own through the gateway. What becomes of each question goes into a
:class:`Tally`; every frame's number is checked, so a frame that was lost or came twice is noticed.
"""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

from bench.capacity import Asked
from bench.clients.frames import CLOSE, PING, PONG, TEXT, FrameReader, client_frame
from bench.traffic import SOCKET_PATH, SUBPROTOCOL, request_head, upgrade_head

ANSWER_S = 60.0
"""How long a visitor waits for the next word before leaving."""
RETURN_S = 0.5
"""How long a visitor who lost the connection needs to be back."""
TRIES = 3
"""How often a visitor asks a question that is refused, before leaving."""


@dataclass(frozen=True)
class Habits:
    """What visitors do; shares are of 1."""

    questions: float = 3.0
    """On average, at least one."""
    words_a_second: float = 30.0
    """How fast an answer is read before the next question is asked; between 1 and 6 s."""
    cut: float = 0.1
    """Share of the answers in the middle of which the connection is lost, and resumed on another."""
    walk_out: float = 0.05
    """Share of the answers that are not waited for: the visitor leaves."""


@dataclass
class Tally:
    """What the visitors met."""

    asked: list[Asked] = field(default_factory=list)
    refused: list[tuple[float, str]] = field(default_factory=list)
    """Refusals: when, and what was said (an error's code, an HTTP status, a close code)."""
    wrong: list[str] = field(default_factory=list)
    """What must not happen: a frame that is missing, or came twice."""
    resumed: int = 0
    gave_up: int = 0


class RefusedError(Exception):
    """Carrel is too busy; ``code`` is how it said so, ``after_s`` when to try again."""

    def __init__(self, code: str, after_s: float) -> None:
        super().__init__(code)
        self.code, self.after_s = code, after_s


class LostError(Exception):
    """The connection is gone."""


class Socket(asyncio.Protocol):
    """A connection to the chat; frames wait in ``frames`` with the time at which they came."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._head, self._reader = b"", FrameReader()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self.frames: asyncio.Queue[tuple[float, dict[str, Any] | None]] = asyncio.Queue()
        self.close_code = 1006

    async def open(self) -> None:
        """Connect and upgrade; raise :class:`RefusedError` or :class:`LostError`."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
            async with asyncio.timeout(ANSWER_S):
                await self._opened
        except (OSError, TimeoutError) as error:
            raise LostError(repr(error)) from error

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        protocols = (SUBPROTOCOL, f"carrel.token.{self._token}")
        self._transport.write(upgrade_head(SOCKET_PATH, {}, protocols=protocols))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if not self._opened.done():
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._opened.set_exception(refusal(head))
                return
            self._opened.set_result(None)
        for opcode, payload in self._reader.feed(data):
            if opcode == TEXT:
                self.frames.put_nowait((now, json.loads(payload)))
            elif opcode == PING and self._transport is not None:
                self._transport.write(client_frame(PONG, payload))
            elif opcode == CLOSE and len(payload) >= 2:
                self.close_code = int.from_bytes(payload[:2])

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(LostError("before it was open"))
        self.frames.put_nowait((time.monotonic(), None))

    def send(self, frame: dict[str, Any]) -> None:
        """Send ``frame``."""
        assert self._transport is not None
        self._transport.write(client_frame(TEXT, json.dumps(frame).encode()))

    def cut(self) -> None:
        """Break off, without a word."""
        if self._transport is not None:
            self._transport.abort()

    async def next(self) -> tuple[float, dict[str, Any]]:
        """Return the next frame but a heartbeat and when it came.

        Raises
        ------
        RefusedError
            An error that may be tried again, or a close that says so.
        LostError
            The connection is gone, or nothing came for a long time.
        """
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    at, frame = await self.frames.get()
            except TimeoutError as error:
                raise LostError("nothing came") from error
            if frame is None:
                if self.close_code == 1013:
                    raise RefusedError("1013", RETURN_S)
                raise LostError(str(self.close_code))
            if frame["type"] == "error":
                if not frame["retryable"]:
                    raise LostError(frame["code"])
                raise RefusedError(frame["code"], frame.get("retry_after_ms", 1000) / 1000)
            if frame["type"] != "heartbeat":
                return at, frame


def refusal(head: bytes) -> Exception:
    """Return what an answer that is no upgrade, or no session, means."""
    status = head.split(b" ", 2)[1].decode()
    after = [line for line in head.lower().split(b"\r\n") if line.startswith(b"retry-after:")]
    if status in ("429", "503"):
        return RefusedError(status, float(after[0].split(b":")[1]) if after else 1.0)
    return LostError(status)


async def session(port: int) -> str:
    """Return a new visitor's token; raise as :meth:`Socket.open` does."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                headers = {"Content-Length": "0", "Connection": "close"}
                writer.write(request_head("POST", "/v1/sessions", headers))
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError) as error:
        raise LostError(repr(error)) from error
    if not head.startswith(b"HTTP/1.1 20"):
        raise refusal(head) if head else LostError("no answer")
    return str(json.loads(body)["token"])


class Visitor:
    """One visit to the Carrel at ``port``; ``questions`` are what there is to ask."""

    def __init__(
        self, port: int, questions: Iterator[str], *, habits: Habits, tally: Tally, chance: random.Random
    ) -> None:
        self._port, self._questions, self._habits = port, questions, habits
        self._tally, self._chance = tally, chance
        self._token = ""
        self._conversation = ""
        self._socket: Socket | None = None

    async def visit(self) -> None:
        """Come, ask, read, leave."""
        try:
            goes_on = True
            while goes_on:
                asked = Asked(time.monotonic())
                self._tally.asked.append(asked)
                stays = await self._ask(next(self._questions), asked)
                goes_on = stays and self._chance.random() > 1 / self._habits.questions
                if goes_on:
                    await asyncio.sleep(min(max(asked.words / self._habits.words_a_second, 1.0), 6.0))
        finally:
            self._part()

    async def _ask(self, question: str, asked: Asked) -> bool:
        """Ask one question until it is answered; return whether the visitor stays."""
        frame = {"type": "message-create", "client_message_id": str(uuid4()), "content": question}
        if self._conversation:
            frame["conversation_id"] = self._conversation
        tries = 0
        while tries < TRIES:
            try:
                return await self._answered(frame, asked)
            except RefusedError as refused:
                self._tally.refused.append((time.monotonic(), refused.code))
                asked.outcome, asked.ended = refused.code, time.monotonic()
                # Nobody walks away from an answer that has been promised.
                tries += not asked.acknowledged
                await asyncio.sleep(refused.after_s * self._chance.uniform(1.0, 1.5))
            except LostError as lost:
                asked.outcome, asked.ended = f"lost: {lost}", time.monotonic()
                return False
        self._tally.gave_up += 1
        return False

    async def _answered(self, frame: dict[str, Any], asked: Asked) -> bool:
        if not asked.acknowledged:
            asked.at, asked.outcome, asked.ended = time.monotonic(), "", 0.0
        if not self._token:
            self._token = await session(self._port)
        socket = await self._open()
        if not asked.acknowledged:
            asked.at = time.monotonic()
        socket.send(frame)
        run_id, number = "", 0
        cut = self._chance.random() < self._habits.cut
        walks_out = not cut and self._chance.random() < self._habits.walk_out
        while True:
            at, said = await socket.next()
            if said["type"] == "message-ack":
                run_id, self._conversation = said["run_id"], said["conversation_id"]
                asked.acknowledged = at
                if said["duplicate"]:
                    socket.send({"type": "run-resume", "run_id": run_id, "starting_after": number})
                continue
            if said.get("run_id") != run_id or "sequence_number" not in said:
                continue
            number += 1
            if said["sequence_number"] != number:
                self._tally.wrong.append(
                    f"frame {said['sequence_number']} of {run_id} where {number} was due"
                )
                number = said["sequence_number"]
            if said["type"] == "content-delta":
                asked.first = asked.first or at
                asked.words += said["delta"]["text"].count(" ")
                if walks_out:
                    asked.outcome, asked.ended = "left", at
                    return False
                if cut:
                    cut = False
                    self._part()
                    await asyncio.sleep(RETURN_S)
                    socket = await self._open()
                    socket.send({"type": "run-resume", "run_id": run_id, "starting_after": number})
                    self._tally.resumed += 1
            if said["type"] == "run-end":
                error = said.get("error") or {}
                asked.outcome = "answered" if said["status"] == "completed" else error.get("code", "ended")
                asked.ended = at
                return True

    async def _open(self) -> Socket:
        if self._socket is None:
            socket = Socket(self._port, self._token)
            try:
                await socket.open()
                await socket.next()
            except BaseException:
                socket.cut()
                raise
            self._socket = socket
        return self._socket

    def _part(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.cut()
            self._socket = None
