"""Carrel as ``carrel up``: all services, the embedded engines, documents to answer from."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection

from bench.compare.running import Running
from bench.compare.visiting import Visitor, open_socket
from bench.process import CannotMeasureError
from shared import __version__
from tests.support.chat_client import session
from tests.support.fake_cohere import KEY
from tests.support.system import CARREL, Carrel

DOCUMENTS = sorted((Path(__file__).parents[3] / "docs").glob("*.md"))
# What docs/settings.md has for load tests, and as many answers at once as there can be.
SETTINGS = {
    "LIMITS": "off",
    "MESSAGES_PER_MINUTE": "100000",
    "MAX_RUNS": "200",
    "COHERE_MONTHLY_CALLS": "0",
    "COHERE_API_KEY": KEY,
}


class CarrelSystem(Running):
    """The whole of Carrel in a folder."""

    name = "Carrel"
    version = __version__

    def __init__(self, folder: Path, *, model: str) -> None:
        self._carrel = Carrel(folder, COHERE_BASE_URL=model, **SETTINGS)
        self.address = self._carrel.address
        super().__init__([CARREL, "up"], folder=folder, env=self._carrel.env)

    def pids(self) -> list[int]:
        """Every process, the database's among them."""
        return self._carrel.everything()

    async def ready(self) -> bool:
        """Every part says that it is well."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            return (await http.get(f"{self.address}/health/ready")).status_code == 200

    async def prepare(self) -> None:
        """Take Carrel's own documentation in."""
        headers = {"Authorization": f"Bearer {self._carrel.admin_key}", "Content-Type": "text/markdown"}
        async with httpx.AsyncClient(
            base_url=self.address, headers=headers, trust_env=False, timeout=60
        ) as http:
            for path in DOCUMENTS:
                answer = await http.put(f"/v1/documents/{quote(path.name)}", content=path.read_bytes())
                answer.raise_for_status()

    async def visitors(self, count: int) -> list[Visitor]:
        """Visitors with a token each."""
        return [CarrelVisitor(self.address, await session(self.address)) for _ in range(count)]


class CarrelVisitor(Visitor):
    """What docs/chat-protocol.md tells a front end to do."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__()
        self._address, self._token = address, token
        self._socket: ClientConnection | None = None
        self._ack: dict[str, Any] = {}
        self._position = 0

    async def enter(self) -> None:
        """Open the chat."""
        protocols: Any = ["carrel.v1", f"carrel.token.{self._token}"]
        url = self._address.replace("http", "ws", 1) + "/v1/chat"
        self._socket = await open_socket(url, subprotocols=protocols)

    async def send(self, question: str) -> None:
        """Ask, in a new conversation."""
        self._ack, self._position = {}, 0
        frame = {"type": "message-create", "client_message_id": str(uuid4()), "content": question}
        await self._say(frame)

    async def follow(self) -> None:
        """Read until ``run-end``."""
        assert self._socket is not None
        while True:
            frame = json.loads(await self._socket.recv())
            if frame["type"] == "message-ack":
                self._ack = frame
            elif frame["type"] == "error":
                raise CannotMeasureError(f"Carrel: {frame['code']}: {frame['message']}")
            elif "run_id" in frame and frame["run_id"] == self._ack.get("run_id") and self._taken(frame):
                return

    async def back(self) -> None:
        """Open the chat again, and have the run resumed."""
        await self.enter()
        run_id = self._ack["run_id"]
        await self._say({"type": "run-resume", "run_id": run_id, "starting_after": self._position})

    async def reloaded(self) -> str:
        """The stored answer."""
        path = f"/v1/conversations/{self._ack['conversation_id']}/messages"
        headers = {"Authorization": f"Bearer {self._token}"}
        async with httpx.AsyncClient(
            base_url=self._address, headers=headers, trust_env=False, timeout=20
        ) as http:
            items = (await http.get(path)).raise_for_status().json()["items"]
        return next(str(item["content"]) for item in items if item["role"] == "assistant")

    async def leave(self) -> None:
        """Close the page."""
        if self._socket is not None:
            await self._socket.close()

    def cut(self) -> None:
        """Abort."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _say(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    def _taken(self, frame: dict[str, Any]) -> bool:
        """Take a frame of the run; return whether it is the last."""
        self._position = frame.get("sequence_number", self._position)
        if frame["type"] == "content-delta":
            self.page.append(frame["delta"]["text"], now_ns=self.now_ns())
        if frame["type"] != "run-end":
            return False
        # An answer that is kept from before, or that no model wrote, would not be comparable.
        if frame["status"] != "completed" or "generation" in frame["degraded"] or frame["cached"]:
            raise CannotMeasureError(f"Carrel's answer is not the model's: {frame}")
        self.lacking += bool(frame["degraded"])
        return True
