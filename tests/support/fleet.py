"""Clients that go on asking whatever happens, and keep a ledger of what they were promised and told."""

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.support.chat_client import LOST, receive, session
from tests.support.dropping import Told, take

QUESTIONS = (
    "How long does a watch last?",
    "What is a Fresnel lens?",
    "How often does the supply boat call?",
    "When did the Aurora run aground?",
)
ENDED = {"completed", "failed", "incomplete", "cancelled"}
_RETRYABLE = {"overloaded", "draining", "upstream_unavailable", "upstream_timeout", "run_active"}
_FOLLOWS = 3
"""Each so-manieth question goes on with the conversation before."""
_SILENCE_S = 30.0


@dataclass
class Promise:
    """A question that was acknowledged, and what was told of its answer."""

    client_message_id: str
    content: str
    question_id: str
    told: Told


@dataclass
class Client:
    """One visitor, asking one question after another until told to stop; an answer is followed to its end.

    A lost connection is made anew, and the question sent again under its id, or its run resumed.
    """

    address: str
    pause_s: float = 0.0
    promises: list[Promise] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """What the client met: how answers ended, errors by code, connections that were lost."""
    answered: list[tuple[float, float]] = field(default_factory=list)
    """When each question that was answered whole was asked and when answered, by the monotonic clock."""
    surprises: list[str] = field(default_factory=list)
    """What must not happen."""
    token: str = ""
    _socket: ClientConnection | None = None

    @property
    def completed(self) -> int:
        """How many questions were answered whole."""
        return self.seen["completed"]

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until ``stop`` is set; the last question is seen to the end of its answer."""
        while not self.token:
            try:
                self.token = await session(self.address)
            except (httpx.HTTPError, OSError):
                await asyncio.sleep(0.1)
        while not stop.is_set():
            await self._one_question(QUESTIONS[len(self.promises) % len(QUESTIONS)])
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.pause_s or 0.001)
        if self._socket is not None:
            await self._socket.close()

    async def _one_question(self, content: str) -> None:
        began, told = time.monotonic(), Told()
        frame = {"type": "message-create", "client_message_id": str(uuid4()), "content": content}
        if self.promises and len(self.promises) % _FOLLOWS == 0:
            frame["conversation_id"] = self.promises[-1].told.conversation_id
        while not told.status:
            try:
                await self._one_try(await self._opened(), frame, told)
            except LOST:
                self.seen["connection lost"] += 1
                self.part()
                await asyncio.sleep(0.1)
        self.seen[told.status] += 1
        if told.status == "completed":
            self.answered.append((began, time.monotonic()))
        self.surprises += told.wrong

    async def _one_try(self, socket: ClientConnection, frame: dict[str, Any], told: Told) -> None:
        """Send the question, or ask for the rest of its answer, and read until either is over."""
        resume = {"type": "run-resume", "run_id": told.run_id, "starting_after": told.position}
        await socket.send(json.dumps(resume if told.run_id else frame))
        while not told.status:
            said = await receive(socket, timeout=_SILENCE_S)
            if said["type"] == "error" and said["code"] in _RETRYABLE:
                self.seen[said["code"]] += 1
                await asyncio.sleep(0.1)
                return
            if said["type"] == "message-ack":
                self._promised(frame, said, told)
            elif said.get("run_id", told.run_id) != told.run_id:
                # What is left of a run that this socket followed before is no news; another's would be.
                if said["run_id"] not in {promise.told.run_id for promise in self.promises}:
                    told.wrong.append(f"told of a run that is not ours: {said}")
                continue
            if said["type"] == "run-end":
                self.seen.update(f"without {part}" for part in said["degraded"])
            take(told, said)
            if said["type"] == "message-ack" and said["duplicate"]:
                return

    def _promised(self, frame: dict[str, Any], ack: dict[str, Any], told: Told) -> None:
        if ack["client_message_id"] != frame["client_message_id"]:
            told.wrong.append(f"acknowledged what was not asked: {ack}")
        if not told.run_id:
            self.promises.append(
                Promise(frame["client_message_id"], frame["content"], ack["message_id"], told)
            )
        if ack["duplicate"]:
            self.seen["found again"] += 1

    def part(self) -> None:
        """Break the connection off."""
        if self._socket is not None:
            self._socket.transport.abort()
        self._socket = None

    async def _opened(self) -> ClientConnection:
        if self._socket is None:
            protocols: Any = ["carrel.v1", f"carrel.token.{self.token}"]
            url = self.address.replace("http", "ws", 1) + "/v1/chat"
            self._socket = await connect(
                url, subprotocols=protocols, open_timeout=5, close_timeout=1, proxy=None, compression=None
            )
            ready = await receive(self._socket)
            if ready["type"] != "connection-ready":
                self.surprises.append(f"greeted with {ready}")
        return self._socket


async def audit(client: Client, strangers: tuple[Client, ...] = ()) -> list[str]:
    """Return how what is stored differs from what ``client`` was promised and told.

    ``strangers`` are other visitors: nothing of theirs may be found with this one's token.
    """
    problems = [f"unexpected {surprise}" for surprise in client.surprises]
    headers = {"Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(
        base_url=client.address, headers=headers, timeout=20, trust_env=False
    ) as http:
        promised: dict[str, list[Promise]] = {}
        for promise in client.promises:
            promised.setdefault(promise.told.conversation_id, []).append(promise)
        for conversation_id, promises in promised.items():
            problems += await _differences(http, conversation_id, promises)
        stored = await _conversations(http)
        problems += [f"{id}: stored, and nobody was promised" for id in stored - set(promised)]
        problems += [f"{id}: promised, and not listed" for id in set(promised) - stored]
        for stranger in strangers:
            for promise in stranger.promises[:1]:
                answer = await http.get(f"/v1/conversations/{promise.told.conversation_id}/messages")
                if answer.status_code != 404:
                    problems.append(f"another visitor's conversation: {answer.status_code}")
    return problems


async def _conversations(http: httpx.AsyncClient) -> set[str]:
    found: set[str] = set()
    parameters: dict[str, Any] = {"limit": 100}
    while True:
        page = (await http.get("/v1/conversations", params=parameters)).raise_for_status().json()
        found |= {item["id"] for item in page["items"]}
        if not page["next_cursor"]:
            return found
        parameters["cursor"] = page["next_cursor"]


async def _differences(http: httpx.AsyncClient, conversation_id: str, promises: list[Promise]) -> list[str]:
    answer = await http.get(f"/v1/conversations/{conversation_id}/messages", params={"limit": 100})
    if answer.status_code != 200:
        return [f"{conversation_id}: {answer.status_code}"]
    items = answer.json()["items"]
    asked = [(item["id"], item["content"]) for item in items if item["role"] == "user"]
    answers = {item["id"]: item for item in items if item["role"] == "assistant"}
    if asked != [(promise.question_id, promise.content) for promise in promises]:
        return [f"{conversation_id}: promised {len(promises)} questions, stored {asked}"]
    if len(answers) != len(promises):
        return [f"{conversation_id}: {len(promises)} questions and {len(answers)} answers"]
    return [problem for promise in promises for problem in _wrong_with(promise.told, answers)]


def _wrong_with(told: Told, answers: dict[str, dict[str, Any]]) -> list[str]:
    answer = answers.get(told.message_id)
    if answer is None:
        return [f"run {told.run_id}: its answer {told.message_id} is not stored"]
    if answer["status"] not in ENDED:
        return [f"run {told.run_id}: it never ended, it is {answer['status']}"]
    if told.status != answer["status"]:
        return [f"run {told.run_id}: told {told.status}, stored {answer['status']}"]
    if told.status == "completed" and not told.gaps and told.text != answer["content"]:
        return [f"run {told.run_id}: told {told.text!r}, stored {answer['content']!r}"]
    return []
