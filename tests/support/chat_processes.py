"""Chat services as processes that are killed and started again, and the retriever they ask."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from shared import sse
from shared.contracts.retriever import AnswerRequest, RunEvent
from tests.support.chat_fakes import BEGIN, DONE, END, QUERIES, RESULTS, START, delta
from tests.support.ports import free_ports
from tests.support.server import serving

TOKEN = "between-the-services-0123456789"
_ROOT = Path(__file__).parents[2]


def words_of(question: str, count: int) -> list[str]:
    """The answer to a question, in the parts it is told in."""
    return [f"{question} {number}. " for number in range(count)]


@asynccontextmanager
async def retriever(*, words: int, interval_s: float) -> AsyncIterator[str]:
    """A retriever that answers with so many words, one an interval; give its address."""

    app = FastAPI()

    @app.post("/v1/answer")
    async def answer(body: AnswerRequest) -> StreamingResponse:
        return StreamingResponse(told(body.messages[-1].content), media_type=sse.MEDIA_TYPE)

    async def told(question: str) -> AsyncIterator[bytes]:
        for event in (START, QUERIES, RESULTS, BEGIN):
            yield _event(event)
        for word in words_of(question, words):
            await asyncio.sleep(interval_s)
            yield _event(delta(word))
        for last in (DONE, END):
            yield _event(last)

    async with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


def _event(event: RunEvent) -> bytes:
    return sse.encode(event.model_dump(mode="json"), type=event.type)


async def until_ready(port: int, *, check: Callable[[], None] = lambda: None) -> None:
    """Wait until the service that listens there says it can do its job; ``check`` raises when it will not."""
    async with asyncio.timeout(60), httpx.AsyncClient(timeout=5, trust_env=False) as http:
        while True:
            check()
            try:
                if (await http.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


class ChatProcess:
    """One ``python -m chat_ws`` on a port of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        [self.port] = free_ports(1)
        self.log = folder / f"chat-{self.port}.log"
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "INTERNAL_TOKEN": TOKEN,
            "CHAT_PORT": str(self.port),
            "LIMITS": "off",
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chat_ws"], env=self._env, cwd=_ROOT, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        await until_ready(self.port, check=self._lives)

    def _lives(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-3000:]

    def kill(self) -> None:
        """kill -9, and wait for its end."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)

    def stop(self) -> None:
        """End it as its supervisor does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@asynccontextmanager
async def chat_processes(count: int, folder: Path, **variables: str) -> AsyncIterator[list[ChatProcess]]:
    """So many chat services, ready."""
    made = [ChatProcess(folder, **variables) for _ in range(count)]
    try:
        for process in made:
            process.launch()
        for process in made:
            await process.ready()
        yield made
    finally:
        for process in made:
            process.stop()
