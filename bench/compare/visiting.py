"""Somebody before a system's page: what each client is, and what a socket.io page has under it."""

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect

from bench.compare import engine_io
from bench.compare.page import Page
from bench.process import CannotMeasureError
from tests.support.chat_client import LOST

RECONNECT_S = 1.0
"""How long after a lost connection each page comes back."""


class Visitor(ABC):
    """One page; it asks one question after another. A connection that is lost is made anew."""

    def __init__(self) -> None:
        self.page = Page(0)
        self.breaks = 0
        """How often the connection was lost in the middle of an answer."""
        self.lacking = 0
        """How many answers were given without a part of the system, such as reranking."""

    async def ask(self, question: str, *, words: int) -> Page:
        """Ask, and return the page as the answer of so many ``words`` has ended."""
        self.page = Page(words, asked_ns=time.monotonic_ns())
        await self.send(question)
        lost = False
        while True:
            try:
                if lost:
                    await self.back()
                await self.follow()
                return self.page
            except LOST:
                lost = True
                self.breaks += 1
                await asyncio.sleep(RECONNECT_S)

    @staticmethod
    def now_ns() -> int:
        """Return when now is, by the clock that the model's words bear."""
        return time.monotonic_ns()

    @abstractmethod
    async def enter(self) -> None:
        """Connect, as the page does when it is opened."""

    @abstractmethod
    async def send(self, question: str) -> None:
        """Send the question."""

    @abstractmethod
    async def follow(self) -> None:
        """Show what comes, until the answer has ended."""

    @abstractmethod
    async def back(self) -> None:
        """Connect again, as the page does after it was cut off."""

    @abstractmethod
    async def reloaded(self) -> str:
        """Return what a page that is loaded anew shows of the last answer."""

    @abstractmethod
    async def leave(self) -> None:
        """Close the page."""

    @abstractmethod
    def cut(self) -> None:
        """Break the connection off without a word."""


class System(Protocol):
    """What is compared. A system is begun and ended several times, over the same data."""

    name: str
    version: str
    address: str

    def begin(self) -> None:
        """Start it, and wait for nothing."""

    def end(self) -> None:
        """End it, with everything that it started."""

    def pids(self) -> list[int]:
        """Return every process of it."""

    def check(self) -> None:
        """Raise :class:`CannotMeasureError` when it ended by itself."""

    async def ready(self) -> bool:
        """Return whether it answers."""

    async def prepare(self) -> None:
        """Put in what a start is to find, once, after the very first start."""

    async def visitors(self, count: int) -> list[Visitor]:
        """Return ``count`` people who have not come yet."""


async def open_socket(url: str, **options: Any) -> ClientConnection:
    """Connect to ``url`` as a browser does, which sends no pings; without compressing."""
    options |= {"compression": None, "proxy": None, "ping_interval": None}
    return await connect(url, open_timeout=30, close_timeout=1, **options)


class SocketIo:
    """A page's socket.io connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count()
        self.id = ""
        """What the server calls this connection."""

    @classmethod
    async def opened(cls, address: str, auth: dict[str, Any]) -> "SocketIo":
        """Connect, and return once the namespace is entered."""
        self = cls(await open_socket(address.replace("http", "ws", 1) + engine_io.PATH))
        await self._socket.send(engine_io.connect(auth))
        while (packet := await self.packet()).kind != "connected":
            if packet.kind == "refused":
                raise CannotMeasureError(f"the socket was refused: {packet.data}")
        self.id = packet.data["sid"]
        return self

    async def packet(self) -> engine_io.Packet:
        """Return the next packet; what must be answered by the transport is."""
        packet = engine_io.read(str(await self._socket.recv()))
        if packet.kind == "ping":
            await self._socket.send(engine_io.PONG)
        return packet

    async def event(self) -> tuple[str, Any]:
        """Return the next event's name and what it says."""
        while (packet := await self.packet()).kind != "event":
            pass
        return packet.name, packet.data

    async def emit(self, name: str, *arguments: Any, acknowledged: bool = False) -> None:
        """Send an event; ``acknowledged``: an answer is asked for, and comes as a packet."""
        number = next(self._numbers) if acknowledged else None
        await self._socket.send(engine_io.event(name, *arguments, number=number))

    def abort(self) -> None:
        """Break it off."""
        self._socket.transport.abort()

    async def close(self) -> None:
        """Hang up."""
        await self._socket.close()
