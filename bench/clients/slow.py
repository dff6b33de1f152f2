"""Slow clients: a head, a body or an answer that takes for ever, on many connections at once.

One that is thrown out comes back at once, so that there are always as many.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from bench.traffic import GET_PATH, LARGE_PATH, WHOLE_BODY_PATH, request_head

PAUSE_S = 0.5
"""Between two drops of a trickle."""
_BODY_BYTES = 1_000_000
_SMALL_BUFFER = 4096
_READ_BYTES = 512


class SlowLoad:
    """So many slow clients of one kind: ``slow headers``, ``slow body`` or ``slow readers``."""

    def __init__(self, port: int, kind: str, headers: dict[str, str]) -> None:
        kinds: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "slow headers": self._headers,
            "slow body": self._body,
            "slow readers": self._reader,
        }
        self.returned = 0
        """How often one was thrown out, and came back."""
        self.held = 0
        """How many are connected."""
        self._client = kinds[kind]
        self._port, self._visitor = port, headers
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, clients: int) -> None:
        """Start ``clients``, and return when all have had time to be a burden."""
        for _ in range(clients):
            self._tasks.append(asyncio.create_task(self._for_ever()))
        await asyncio.sleep(3 * PAUSE_S)

    async def stop(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _for_ever(self) -> None:
        while True:
            try:
                await self._client()
            except OSError:
                await asyncio.sleep(0.1)
            self.returned += 1

    @asynccontextmanager
    async def _connected(self, *, buffer: int = 0) -> AsyncIterator[socket.socket]:
        with socket.socket() as sock:
            sock.setblocking(False)
            if buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
            self.held += 1
            try:
                yield sock
            finally:
                self.held -= 1

    async def _headers(self) -> None:
        head = request_head("GET", GET_PATH, self._visitor)[:-2]
        async with self._connected() as sock:
            await _trickle(sock, head + b"X-Slow: " + b"w" * 100_000, drop=1)

    async def _body(self) -> None:
        headers = {**self._visitor, "Content-Length": str(_BODY_BYTES), "Content-Type": "application/json"}
        async with self._connected() as sock:
            head = request_head("POST", WHOLE_BODY_PATH, headers)
            await asyncio.get_running_loop().sock_sendall(sock, head)
            await _trickle(sock, b"w" * _BODY_BYTES, drop=100)

    async def _reader(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._connected(buffer=_SMALL_BUFFER) as sock:
            await loop.sock_sendall(sock, request_head("GET", LARGE_PATH, self._visitor))
            while True:
                await asyncio.sleep(PAUSE_S)
                if not await loop.sock_recv(sock, _READ_BYTES):
                    return


async def _trickle(sock: socket.socket, data: bytes, *, drop: int) -> None:
    """Send ``data`` in drops, until it is all sent or the other side has answered or left."""
    loop = asyncio.get_running_loop()
    answer = asyncio.create_task(loop.sock_recv(sock, 65536))
    try:
        for at in range(0, len(data), drop):
            await loop.sock_sendall(sock, data[at : at + drop])
            done, _ = await asyncio.wait([answer], timeout=PAUSE_S)
            if done:
                await answer
                return
    finally:
        answer.cancel()
        await asyncio.wait([answer])
