"""Chainlit with an application written as its documentation writes it: it relays the model's answers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bench.compare.installing import Installed
from bench.compare.running import Running
from bench.compare.visiting import SocketIo, Visitor
from bench.process import free_port

APP = Path(__file__).parents[1] / "peers" / "chainlit_app.py"


class ChainlitSystem(Running):
    """``chainlit run`` in its own environment."""

    name = "Chainlit"

    def __init__(self, folder: Path, *, model: str, installed: Installed) -> None:
        port = free_port()
        self.version = installed.version
        self.address = f"http://127.0.0.1:{port}"
        run: list[str | Path] = [
            installed.program("chainlit"),
            "run",
            APP,
            "--headless",
            "--host",
            "127.0.0.1",
        ]
        env = {"OPENAI_BASE_URL": f"{model}/v1", "OPENAI_API_KEY": "of the bench"}
        super().__init__([*run, "--port", str(port)], folder=folder, env=env)

    async def ready(self) -> bool:
        """The page is there."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            return (await http.get(self.address)).status_code == 200

    async def prepare(self) -> None:
        """It keeps nothing."""

    async def visitors(self, count: int) -> list[Visitor]:
        """Pages."""
        return [ChainlitVisitor(self.address) for _ in range(count)]


class ChainlitVisitor(Visitor):
    """What Chainlit's page does: one session, kept over connections."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._auth = _auth()
        self._socket: SocketIo | None = None
        self._answer = ""

    async def enter(self) -> None:
        """Connect, and wait until the session stands."""
        await self._connect()
        assert self._socket is not None
        while (await self._socket.event())[0] != "task_end":
            pass

    async def send(self, question: str) -> None:
        """Send what was typed."""
        assert self._socket is not None
        self._answer = ""
        message = {"id": str(uuid4()), "threadId": "", "name": "user", "type": "user_message"}
        message |= {"output": question, "createdAt": datetime.now(UTC).isoformat()}
        await self._socket.emit("client_message", {"message": message, "fileReferences": []})

    async def follow(self) -> None:
        """Read until the answer is told whole (``update_message``)."""
        assert self._socket is not None
        while True:
            name, data = await self._socket.event()
            if name == "stream_start" and data["type"] == "assistant_message":
                self._answer = data["id"]
                self.page.append(data["output"], now_ns=self.now_ns())
            elif name == "stream_token" and data["id"] == self._answer:
                self.page.append(data["token"], now_ns=self.now_ns())
            elif name == "update_message" and data["id"] == self._answer:
                self.page.replace(data["output"], now_ns=self.now_ns())
                return

    async def back(self) -> None:
        """Connect with the same session."""
        await self._connect()

    async def reloaded(self) -> str:
        """A page that is loaded anew has another session; without a data layer nothing was kept."""
        socket = await SocketIo.opened(self._address, _auth())
        await socket.emit("connection_successful")
        said: list[str] = []
        while (event := await socket.event())[0] != "task_end":
            said += [event[1]["output"]] if event[0] == "new_message" else []
        await socket.close()
        return "".join(said)

    async def leave(self) -> None:
        """Close the page."""
        if self._socket is not None:
            await self._socket.close()

    def cut(self) -> None:
        """Abort."""
        if self._socket is not None:
            self._socket.abort()

    async def _connect(self) -> None:
        self._socket = await SocketIo.opened(self._address, self._auth)
        await self._socket.emit("connection_successful")


def _auth() -> dict[str, Any]:
    return {
        "clientType": "webapp",
        "sessionId": str(uuid4()),
        "threadId": "",
        "userEnv": "{}",
        "chatProfile": "",
    }
