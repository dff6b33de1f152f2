"""Open WebUI as it is shipped, over an OpenAI model: accounts, stored chats, SQLite."""

import asyncio
import ssl
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bench.compare.fake import MODEL
from bench.compare.installing import Installed
from bench.compare.page import Page
from bench.compare.running import Running
from bench.compare.visiting import SocketIo, Visitor
from bench.process import CannotMeasureError, free_port
from tests.support.chat_client import LOST

PASSWORD = "a password of the bench"
# As its documentation says for one server without a network: no local model for documents, nothing looked up.
SETTINGS = {
    "OFFLINE_MODE": "true",
    "ENABLE_OLLAMA_API": "false",
    "RAG_EMBEDDING_ENGINE": "openai",
    "BYPASS_MODEL_ACCESS_CONTROL": "true",
    "ANONYMIZED_TELEMETRY": "false",
    "WEBUI_SECRET_KEY": "a secret of the bench",
}


class OpenWebUiSystem(Running):
    """``open-webui serve`` in its own environment."""

    name = "Open WebUI"

    def __init__(self, folder: Path, *, model: str, installed: Installed) -> None:
        port = free_port()
        self.version = installed.version
        self.address = f"http://127.0.0.1:{port}"
        data = folder / "data"
        data.mkdir(exist_ok=True)
        env = {"DATA_DIR": str(data), "OPENAI_API_BASE_URL": f"{model}/v1", "OPENAI_API_KEY": "of the bench"}
        serve: list[str | Path] = [installed.program("open-webui"), "serve", "--host", "127.0.0.1"]
        super().__init__([*serve, "--port", str(port)], folder=folder, env=env | SETTINGS)
        self._admin = ""
        self._tokens: list[str] = []

    async def ready(self) -> bool:
        """It says that it can take traffic."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            return (await http.get(f"{self.address}/ready")).status_code == 200

    async def prepare(self) -> None:
        """Make the first account, which is the administrator's, and a user's."""
        async with _http(self.address) as http:
            self._admin = await _account(http, "/api/v1/auths/signup", "admin")
        await self.visitors(1)

    async def visitors(self, count: int) -> list[Visitor]:
        """Users with an account each: what one is told, every page of the same account is told."""
        async with _http(self.address, self._admin) as http:
            for number in range(len(self._tokens), count):
                self._tokens.append(await _account(http, "/api/v1/auths/add", f"user{number}"))
        return [OpenWebUiVisitor(self.address, token) for token in self._tokens[:count]]


class OpenWebUiVisitor(Visitor):
    """What Open WebUI's page does: it asks over HTTP and is told over socket.io."""

    def __init__(self, address: str, token: str) -> None:
        super().__init__()
        self._address, self._token, self._http = address, token, _http(address, token)
        self._socket: SocketIo | None = None
        self._message_id = ""
        self._chat_id = ""
        self._over = False

    async def enter(self) -> None:
        """Connect with the account's token."""
        self._socket = await SocketIo.opened(self._address, {"token": self._token})
        await self._socket.emit("user-join", {"auth": {"token": self._token}}, acknowledged=True)
        while (await self._socket.packet()).kind != "ack":
            pass

    async def ask(self, question: str, *, words: int) -> Page:
        """Ask; the words may come before the request is answered."""
        self._message_id, self._chat_id, self._over = str(uuid4()), "", False
        async with asyncio.TaskGroup() as group:
            group.create_task(self._post(question))
            return await super().ask("", words=words)

    async def send(self, question: str) -> None:
        """Is sent by :meth:`ask`, beside."""

    async def follow(self) -> None:
        """Read until the answer is said to be done."""
        assert self._socket is not None
        while not self._over:
            name, event = await self._socket.event()
            if name == "events" and event.get("message_id") == self._message_id:
                told = event["data"]
                self._take(told["type"], told.get("data") or {})

    async def back(self) -> None:
        """Connect, join the chat's room; a chat that nothing works at any more is loaded."""
        await self.enter()
        if not self._chat_id:
            return  # the question is not answered yet; the room is joined as soon as it is
        await self._join()
        tasks = (await self._get(f"/api/tasks/chat/{self._chat_id}"))["task_ids"]
        if not tasks:
            self.page.replace(await self.reloaded(), now_ns=self.now_ns())
            self._over = True

    async def reloaded(self) -> str:
        """The stored chat."""
        chat = (await self._get(f"/api/v1/chats/{self._chat_id}"))["chat"]
        message = chat["history"]["messages"][self._message_id]
        return str(message["content"] or _text(message.get("output")))

    def cut(self) -> None:
        """Abort."""
        if self._socket is not None:
            self._socket.abort()

    async def leave(self) -> None:
        """Close the page."""
        await self._http.aclose()
        if self._socket is not None:
            await self._socket.close()

    def _take(self, kind: str, data: dict[str, Any]) -> None:
        """Show what is told."""
        if kind == "chat:message:error":
            raise CannotMeasureError(f"Open WebUI: {data}")
        if kind == "response:completion" and data.get("type") == "response.output_text.delta":
            self.page.append(data["delta"], now_ns=self.now_ns())
        elif kind == "chat:completion" and _text(data.get("output")):
            self.page.replace(_text(data["output"]), now_ns=self.now_ns())
        self._over = kind == "chat:completion" and bool(data.get("done"))

    async def _post(self, question: str) -> None:
        assert self._socket is not None
        user: dict[str, Any] = {"id": str(uuid4()), "parentId": None, "childrenIds": [self._message_id]}
        user |= {"role": "user", "content": question, "timestamp": int(time.time()), "models": [MODEL]}
        asked = {
            "stream": True,
            "model": MODEL,
            "messages": [{"role": "user", "content": question}],
            "session_id": self._socket.id,
            "id": self._message_id,
            "parent_id": None,
            "user_message": user,
        }
        answer = await self._http.post("/api/chat/completions", json=asked)
        if answer.status_code != 200:
            raise CannotMeasureError(f"Open WebUI: {answer.status_code} {answer.text[:300]}")
        self._chat_id = answer.json()["chat_id"]
        with suppress(*LOST):  # who comes back joins by himself
            await self._join()

    async def _join(self) -> None:
        assert self._socket is not None
        room = {"chat_id": self._chat_id, "data": {"type": "join"}}
        await self._socket.emit("events:chat", room, acknowledged=True)

    async def _get(self, path: str) -> Any:
        return (await self._http.get(path)).raise_for_status().json()


def _text(output: list[dict[str, Any]] | None) -> str:
    parts = [part for item in output or () if item.get("type") == "message" for part in item["content"]]
    return "".join(part.get("text", "") for part in parts)


def _http(address: str, token: str = "") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # Without one of its own each client would read the machine's certificates, which are not needed here.
    return httpx.AsyncClient(base_url=address, headers=headers, timeout=120, verify=_tls(), trust_env=False)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _account(http: httpx.AsyncClient, path: str, name: str) -> str:
    asked = {"name": name, "email": f"{name}@bench.test", "password": PASSWORD, "role": "user"}
    answer = await http.post(path, json=asked)
    if answer.status_code != 200:
        raise CannotMeasureError(f"Open WebUI: no account: {answer.status_code} {answer.text[:300]}")
    return str(answer.json()["token"])
