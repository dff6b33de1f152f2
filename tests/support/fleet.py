"""Clients that go on asking whatever happens, and keep a ledger of what they were promised."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.support.chat_client import LOST, Frame, ask, opened, session

QUESTIONS = (
    "How long does a watch last?",
    "What is a Fresnel lens?",
    "How often does the supply boat call?",
    "When did the Aurora run aground?",
)
_RETRYABLE = {"overloaded", "draining", "upstream_unavailable", "run_active"}


@dataclass
class Promise:
    """A question that was acknowledged."""

    client_message_id: str
    message_id: str
    conversation_id: str
    run_id: str


@dataclass
class Client:
    """One visitor, asking one question after another until told to stop."""

    address: str
    promises: list[Promise] = field(default_factory=list)
    completed: int = 0
    duplicates: int = 0
    surprises: list[Frame] = field(default_factory=list)
    token: str = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until ``stop`` is set; every question is resent under its id until it is acknowledged."""
        while not self.token:
            try:
                self.token = await session(self.address)
            except (httpx.HTTPError, OSError):
                await asyncio.sleep(0.1)
        while not stop.is_set():
            await self._one_question(QUESTIONS[len(self.promises) % len(QUESTIONS)])

    async def _one_question(self, content: str) -> None:
        client_message_id = str(uuid4())
        while True:
            try:
                async with opened(self.address, self.token) as socket:
                    frames = await ask(socket, content, client_message_id=client_message_id)
            except LOST:
                await asyncio.sleep(0.1)
                continue
            if frames[0]["type"] == "message-ack":
                self._promised(client_message_id, frames)
                return
            if frames[0].get("code") not in _RETRYABLE:
                self.surprises.append(frames[0])
                return
            await asyncio.sleep(0.1)

    def _promised(self, client_message_id: str, frames: list[Frame]) -> None:
        ack, last = frames[0], frames[-1]
        self.promises.append(
            Promise(client_message_id, ack["message_id"], ack["conversation_id"], ack["run_id"])
        )
        self.duplicates += ack["duplicate"]
        self.completed += last["type"] == "run-end" and last["status"] == "completed"


async def audit(client: Client) -> list[str]:
    """Return how what is stored differs from what ``client`` was promised."""
    problems = [f"unexpected {frame}" for frame in client.surprises]
    headers = {"Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(base_url=client.address, headers=headers, timeout=20) as http:
        for promise in client.promises:
            answer = await http.get(f"/v1/conversations/{promise.conversation_id}/messages")
            if answer.status_code != 200:
                problems.append(f"{promise.message_id}: {answer.status_code}")
                continue
            messages = answer.json()["items"]
            counted = Counter(message["role"] for message in messages)
            if messages[0]["id"] != promise.message_id or counted != {"user": 1, "assistant": 1}:
                problems.append(f"{promise.message_id}: stored as {counted}")
            elif messages[1]["status"] in (None, "running"):
                problems.append(f"{promise.message_id}: its run never ended")
        conversations = await http.get("/v1/conversations", params={"limit": 200})
        promised = {promise.conversation_id for promise in client.promises}
        stored = {item["id"] for item in conversations.json()["items"]}
        # At most the question under way when the fleet stopped was stored and not acknowledged.
        if len(stored - promised) > 1:
            problems.append(f"{len(stored - promised)} conversations that nobody was promised")
    return problems
