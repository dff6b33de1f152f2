"""WebSockets byte for byte: frames as a test wants them, and a client that sends without judging.

The client works on the bare socket: a failed write must not keep it from reading what had come before.
"""

import asyncio
import contextlib
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The pair of RFC 6455, section 1.3."""
_MASK = b"\x37\xfa\x21\x3d"
_BRIEF = 200
"""A larger payload is noted by its size and checksum."""

Heard = tuple[int, bytes]
"""A frame that was heard: its opcode and its payload, in brief."""
Step = bytes | int
"""Something to send, or the number of frames to have heard before the next is sent."""


class Close(bytes):
    """What a client sends to close, with whatever it sends along."""


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    """Return a client's frame, masked."""
    size = len(payload)
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + _MASK + masked(payload)


def masked(payload: bytes) -> bytes:
    """Return ``payload`` masked, or unmasked again."""
    size = len(payload)
    mask = int.from_bytes((_MASK * (size // 4 + 1))[:size], "little")
    return (int.from_bytes(payload, "little") ^ mask).to_bytes(size, "little")


def fragments(opcode: int, parts: Iterable[bytes]) -> list[bytes]:
    """Return one message of several frames."""
    parts = list(parts)
    return [
        frame(CONTINUATION if number else opcode, part, fin=number == len(parts) - 1)
        for number, part in enumerate(parts)
    ]


def pieces(payload: bytes, size: int) -> list[bytes]:
    """Return ``payload`` cut every ``size`` bytes."""
    return [payload[at : at + size] for at in range(0, len(payload), size)]


def closing(code: int, reason: bytes = b"") -> Close:
    """Return a client's close frame."""
    return Close(frame(CLOSE, code.to_bytes(2, "big") + reason))


def brief(payload: bytes) -> bytes:
    """Return ``payload``, or what tells a large one from others."""
    return payload if len(payload) <= _BRIEF else b"%d bytes, crc %08x" % (len(payload), zlib.crc32(payload))


@dataclass(frozen=True)
class Outcome:
    """What came of a connection."""

    heard: tuple[Heard, ...]
    """Messages and pongs, in order."""
    code: int | None
    """Of the service's close frame; 1005 if it had none, nothing if there was no such frame."""
    first: bool = False
    """Whether the service closed before the client had."""
    reason: bytes | None = None
    """In what is expected, nothing stands for any."""

    def fits(self, expected: "Outcome") -> bool:
        """Whether this is what was ``expected``."""
        reason = self.reason if expected.reason is None else expected.reason
        return self == replace(expected, reason=reason)

    def like(self, other: "Outcome") -> bool:
        """Whether both ended the same. What was said just before a failure may be lost (RFC 6455, 7.1.7)."""
        if (self.code, self.first, self.reason) != (other.code, other.first, other.reason):
            return False
        shorter = min(len(self.heard), len(other.heard)) if self.first else None
        return self.heard[:shorter] == other.heard[:shorter]


@dataclass
class Socket:
    """A client's open WebSocket."""

    sock: socket.socket
    buffer: bytearray
    answer: dict[str, str]
    """The headers of the 101."""
    heard: list[Heard] = field(default_factory=list)
    code: int | None = None
    reason: bytes = b""
    first: bool = False
    said_close: bool = False
    ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, data: bytes) -> bool:
        """Send ``data`` as it is; return whether the other side still took it."""
        self.said_close = self.said_close or isinstance(data, Close)
        try:
            await asyncio.get_running_loop().sock_sendall(self.sock, data)
        except ConnectionError:
            return False
        return True

    async def play(self, steps: Iterable[Step]) -> Outcome:
        """Send and wait by ``steps``, until one closes; return what came of it."""
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self.listen())
            for step in steps:
                if self.code is not None or self.ended:
                    break
                if isinstance(step, int):
                    await self.has_heard(step)
                elif not await self.send(step):
                    break
                # One turn of the loop: what is sent in pieces is read in pieces, mostly.
                await asyncio.sleep(0)
            await listening
        return Outcome(tuple(self.heard), self.code, self.first, self.reason)

    async def has_heard(self, count: int) -> None:
        """Wait until ``count`` frames have come, or the end."""
        while len(self.heard) < count and self.code is None and not self.ended:
            self._news.clear()
            await self._news.wait()

    async def listen(self) -> None:
        """Take frames until the other side ends the connection; answer its close."""
        try:
            while (found := await self.frame()) is not None:
                opcode, payload = found
                if opcode == CLOSE:
                    self.code = int.from_bytes(payload[:2], "big") if payload else 1005
                    self.reason = payload[2:]
                    self.first = not self.said_close
                    if self.first:
                        await self.send(frame(CLOSE, payload[:2]))
                else:
                    assert self.code is None, "a frame after the close frame"
                    self.heard.append((opcode, brief(payload)))
                self._news.set()
        finally:
            self.ended = True
            self._news.set()

    async def frame(self) -> Heard | None:
        """Return the next frame, or nothing at the end; only whole, plain frames are right."""
        head = await self._exactly(2)
        if head is None:
            return None
        size = head[1]
        assert head[0] & 0xF0 == 0x80, "the service's frames are whole"
        assert size < 128, "the service's frames are not masked"
        for short, length in ((126, 2), (127, 8)):
            if size == short:
                size = int.from_bytes(await self._exactly(length) or b"", "big")
                break
        payload = await self._exactly(size)
        assert payload is not None, "cut inside a frame"
        return head[0] & 0x0F, payload

    async def _exactly(self, size: int) -> bytes | None:
        loop = asyncio.get_running_loop()
        while len(self.buffer) < size:
            data = b""
            with contextlib.suppress(ConnectionError):
                data = await loop.sock_recv(self.sock, 1 << 18)
            if not data:
                return None
            self.buffer += data
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken


def handshake(headers: str = "", *, path: str = "/v1/chat") -> bytes:
    """Return a client's handshake with ``headers``."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: carrel.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
    ).encode("latin-1")


@asynccontextmanager
async def wire(port: int, headers: str = "", *, early: bytes = b"") -> AsyncIterator[Socket]:
    """Open a WebSocket; ``early`` is sent together with the handshake."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, handshake(headers) + early)
        said = bytearray()
        while b"\r\n\r\n" not in said:
            data = await loop.sock_recv(sock, 1 << 16)
            assert data, bytes(said)
            said += data
        head, _, rest = bytes(said).partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        assert line.startswith("HTTP/1.1 101 "), head
        pairs = (entry.partition(":") for entry in lines)
        answer = {name.lower(): value.strip() for name, _, value in pairs}
        assert answer["sec-websocket-accept"] == ACCEPT
        yield Socket(sock, bytearray(rest), answer)
