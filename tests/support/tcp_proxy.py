"""A TCP proxy that misbehaves on demand: it delays, trickles, stalls, cuts, resets, or lets half an end go.

It runs in a thread with an event loop of its own, so that blocking clients may use it too. What it is told
holds for connections that are open and for those to come, until it is told otherwise.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.support.in_thread import in_thread
from tests.support.streams import stream_server

Side = Literal["up", "down"]
"""``up`` is what the client sends, ``down`` what the server answers."""
_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the close is a reset."""


@dataclass(frozen=True)
class Manners:
    """How bytes pass."""

    latency_s: float = 0.0
    """Before each chunk, either way."""
    trickle_bytes: int = 0
    """So many bytes at once, and a turn of the loop between them; 0 is as they come."""
    stalled: frozenset[Side] = frozenset()
    """Read and acknowledged by the kernel, and never passed on: a half-open connection."""
    refusing: bool = False
    """New connections are reset at once."""


@dataclass(eq=False)
class _Pair:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    tasks: list["asyncio.Task[bool]"] = field(default_factory=list)

    def end(self, *, reset: bool) -> None:
        for writer in (self.client, self.server):
            if reset:
                _let_it_be_a_reset(writer)
            writer.transport.abort() if reset else writer.close()
        for task in self.tasks:
            task.cancel()


def _let_it_be_a_reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    # One that was closed in the meantime has a number below 0.
    if sock is not None and sock.fileno() >= 0 and sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class TcpProxy:
    """Listens on 127.0.0.1:``port`` in front of ``upstream``: a port of 127.0.0.1, or a Unix socket."""

    def __init__(self, upstream: int | str) -> None:
        self._upstream = upstream
        self._manners = Manners()
        self._pairs: set[_Pair] = set()
        self._passing = asyncio.Event()
        self.accepted = 0
        self.passed: dict[Side, int] = {"up": 0, "down": 0}
        """Bytes passed on, by side."""
        self.on_bytes: Callable[[Side, bytes], None] | None = None
        """Called in the proxy's thread with each chunk before it is passed on."""
        self.port = 0

    # Told from any thread.

    def behave(self, **changed: Any) -> None:
        """Change the manners, such as ``latency_s=0.1``; see :class:`Manners`."""
        self._there.call(self._behave, changed)

    def stall(self, *sides: Side) -> None:
        """Pass nothing on of ``sides`` (both, where none is named): the peers see a silent network."""
        self.behave(stalled=frozenset(sides or ("up", "down")))

    def heal(self) -> None:
        """Behave well again; what was held back is passed on."""
        self._there.call(self._set, Manners())

    def cut(self) -> None:
        """Close every open connection, in order (FIN)."""
        self._there.call(self._end_all, False)

    def reset(self) -> None:
        """Reset every open connection (RST)."""
        self._there.call(self._end_all, True)

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._pairs)

    # In the proxy's own thread.

    def _behave(self, changed: dict[str, Any]) -> None:
        self._set(replace(self._manners, **changed))

    def _set(self, manners: Manners) -> None:
        self._manners = manners
        self._passing.set()
        self._passing = asyncio.Event()

    def _end_all(self, reset: bool) -> None:
        for pair in list(self._pairs):
            pair.end(reset=reset)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._manners.refusing:
            _let_it_be_a_reset(writer)
            writer.transport.abort()
            return
        try:
            upstream, server = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(writer, server)
        self._pairs.add(pair)
        try:
            await self._through(pair, reader, upstream)
        finally:
            pair.end(reset=True)
            self._pairs.discard(pair)

    async def _through(self, pair: _Pair, up: asyncio.StreamReader, down: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        pair.tasks = [
            loop.create_task(self._pass("up", up, pair.server)),
            loop.create_task(self._pass("down", down, pair.client)),
        ]
        going = set(pair.tasks)
        while going:
            done, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            if any(not task.cancelled() and task.result() for task in done):
                pair.end(reset=True)
        pair.end(reset=False)
        # What is left is still sent: to a peer that does not read, until all ends.
        ends = (pair.client.wait_closed(), pair.server.wait_closed())
        await asyncio.gather(*ends, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, str):
            return await asyncio.open_unix_connection(self._upstream)
        return await asyncio.open_connection("127.0.0.1", self._upstream)

    async def _pass(self, side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Pass on until the end; return whether that was a reset, which the other one is to see as one."""
        try:
            while data := await reader.read(_CHUNK):
                if self.on_bytes is not None:
                    self.on_bytes(side, data)
                await self._send(side, data, writer)
            await self._held(side)
            writer.write_eof()
        except OSError:
            await self._held(side)
            return True
        return False

    async def _send(self, side: Side, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self._manners.latency_s:
            await asyncio.sleep(self._manners.latency_s)
        size = self._manners.trickle_bytes or len(data)
        for at in range(0, len(data), size):
            await self._held(side)
            writer.write(data[at : at + size])
            self.passed[side] += len(data[at : at + size])
            await writer.drain()
            await asyncio.sleep(0)

    async def _held(self, side: Side) -> None:
        while side in self._manners.stalled:
            await self._passing.wait()

    @contextmanager
    def running(self) -> Iterator["TcpProxy"]:
        """Listen within the block; every connection ends with it."""
        with in_thread(lambda: stream_server(self._serve)) as (self.port, self._there):
            yield self
