"""A pooler in transaction mode, as PgBouncer is one: each transaction gets another of its sessions.

What a client sets for its session is left behind in the server's, for whoever gets that next. It has TLS
towards its clients where it has a certificate, no authentication, and the simple protocol, as the driver.
"""

import asyncio
import ssl
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.support.streams import stream_server

_SSL_REQUEST = 80877103
_TERMINATE, _READY = b"X", b"Z"
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return a message's type and its whole."""
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


class Pooler:
    """Holds ``sessions`` sessions of the server at the Unix socket ``upstream``."""

    def __init__(self, upstream: str, *, sessions: int = 2, tls: ssl.SSLContext | None = None) -> None:
        self._upstream, self._size, self._tls = upstream, sessions, tls
        self._free: deque[_Streams] = deque()
        self._made: list[_Streams] = []
        self._greeting = b""
        self._turn = asyncio.Condition()
        self.port = 0
        self.encrypted: list[bool] = []
        """Of each client that has begun a session: whether it came over TLS."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Pooler"]:
        """Listen within the block."""
        async with stream_server(self._client) as self.port:
            try:
                yield self
            finally:
                for _, writer in self._made:
                    writer.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await self._startup(reader, writer)
        async with self._turn:
            while len(self._made) < self._size:
                await self._open(startup)
        writer.write(self._greeting)
        while True:
            kind, message = await _message(reader)
            if kind == _TERMINATE:
                return
            async with self._turn:
                await self._turn.wait_for(lambda: self._free)
                session = self._free.popleft()
            # A client that goes away in the middle costs its session: this is no pooler for real.
            while await self._exchange(message, session, writer) != b"I":
                _, message = await _message(reader)
            async with self._turn:
                self._free.append(session)
                self._turn.notify()

    async def _startup(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        while True:
            size = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack("!I", size)[0] - 4)
            if struct.unpack("!I", body[:4])[0] != _SSL_REQUEST:
                self.encrypted.append(writer.get_extra_info("ssl_object") is not None)
                return size + body
            writer.write(b"S" if self._tls else b"N")
            if self._tls is not None:
                await writer.start_tls(self._tls)

    async def _open(self, startup: bytes) -> None:
        session = await asyncio.open_unix_connection(self._upstream)
        session[1].write(startup)
        greeting, kind = b"", b""
        while kind != _READY:
            kind, message = await _message(session[0])
            greeting += message
        self._greeting = greeting
        self._made.append(session)
        self._free.append(session)

    async def _exchange(self, message: bytes, session: _Streams, writer: asyncio.StreamWriter) -> bytes:
        """Put one message through and return the state of the transaction afterwards."""
        session[1].write(message)
        while True:
            kind, answer = await _message(session[0])
            writer.write(answer)
            if kind == _READY:
                await writer.drain()
                return answer[5:6]
