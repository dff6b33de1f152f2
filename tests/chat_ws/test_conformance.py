"""What no client should send, sent to the real process: each has its close code or its error frame.

The process is the same for all: whatever came, it lives, has grown little, and serves the next one.
"""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.chat_process import ChatProcess, handshake_headers
from tests.support.postgres import PostgresServer
from tests.support.websocket_wire import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Socket,
    closing,
    fragments,
    frame,
    pieces,
    wire,
)

pytestmark = pytest.mark.integration
LIMIT = 128 * 1024
GROWTH_KB = 64 * 1024
_PING = json.dumps({"type": "ping", "nonce": "n" * 60}).encode()


@pytest.fixture(scope="module")
def chat(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatProcess]:
    """The chat service as a process, shared by all that try to harm it."""
    postgres_server.execute("CREATE DATABASE conformance")
    process = ChatProcess(postgres_server.url("conformance"), tmp_path_factory.mktemp("chat"))
    with process.running():
        yield process
        assert process.alive
        assert "Traceback" not in process.log.read_text()
    postgres_server.execute("DROP DATABASE conformance WITH (FORCE)")


@asynccontextmanager
async def opened(chat: ChatProcess) -> AsyncIterator[Socket]:
    """A greeted WebSocket; afterwards the process is unharmed."""
    before = chat.memory_kb
    async with wire(chat.port, handshake_headers()) as socket:
        assert socket.answer["sec-websocket-protocol"] == "carrel.v1"
        greeting = await socket.frame()
        assert greeting is not None
        assert json.loads(greeting[1])["type"] == "connection-ready"
        yield socket
    assert chat.alive
    assert chat.memory_kb - before < GROWTH_KB
    async with wire(chat.port, handshake_headers("bystander")) as other:
        await other.frame()
        await other.send(frame(TEXT, _PING))
        assert await said(other) == {"type": "pong", "nonce": "n" * 60}


async def said(socket: Socket) -> dict[str, Any]:
    """The next text frame."""
    async with asyncio.timeout(30):
        found = await socket.frame()
    assert found is not None
    assert found[0] == TEXT, found
    told: dict[str, Any] = json.loads(found[1])
    return told


async def closed(socket: Socket, *sent: bytes) -> int | None:
    """Send, and return the code that the service closes with."""
    async with asyncio.timeout(60):
        for data in sent:
            if not await socket.send(data):
                break
        await socket.listen()
    return socket.code


BAD_ENDS: dict[str, tuple[int, list[bytes]]] = {
    "binary": (1003, [frame(BINARY, b"{}")]),
    "binary in fragments": (1003, fragments(BINARY, [b"{", b"}"])),
    "not UTF-8": (1007, [frame(TEXT, b'{"type": "ping", "nonce": "\xff"}')]),
    "a surrogate in UTF-8": (1007, [frame(TEXT, b'"\xed\xa0\x80"')]),
    "UTF-8 that ends too soon": (1007, [frame(TEXT, '"é'.encode()[:-1])]),
    "not UTF-8 in the second fragment": (1007, fragments(TEXT, [b'{"type": ', b"\xc0\xaf}"])),
    "one byte too large": (1009, [frame(TEXT, b"x" * (LIMIT + 1))]),
    "too large in fragments": (1009, fragments(TEXT, pieces(b"x" * (LIMIT * 2), 1000))),
    "a length of 2^62": (1009, [b"\x81\xff" + (2**62).to_bytes(8, "big") + b"\0\0\0\0"]),
    "compressed, which was not agreed on": (1002, [frame(TEXT, zlib.compress(b"{}" * 10_000), rsv=4)]),
    "a bomb, compressed": (1002, [frame(TEXT, zlib.compress(b"\0" * 10_000_000), rsv=4)]),
    "not masked": (1002, [b"\x81\x02{}"]),
    "an unknown opcode": (1002, [frame(3, b"")]),
    "a continuation of nothing": (1002, [frame(CONTINUATION, b"{}")]),
    "a ping too long": (1002, [frame(PING, b"x" * 126)]),
    "a close code of one byte": (1002, [frame(8, b"\x03")]),
    "a close code nobody may send": (1002, [closing(1005)]),
    "too many bad frames": (1008, [frame(TEXT, b"{")] * 21),
    "10,000 bad frames": (1008, [frame(TEXT, b"?") * 1000] * 10),
}


@pytest.mark.parametrize("name", BAD_ENDS)
async def test_it_ends_the_connection(chat: ChatProcess, name: str) -> None:
    """With the documented code; the process and its other clients are unharmed."""
    code, sent = BAD_ENDS[name]
    async with opened(chat) as socket:
        assert await closed(socket, *sent) == code


BAD_FRAMES = {
    "not JSON": "{",
    "nothing": "",
    "no object": '["ping"]',
    "deep": "[" * 60_000,
    "deep and closed": "[" * 60_000 + "]" * 60_000,
    "deep objects": '{"a":' * 20_000,
    "deep in a field": '{"type":"ping","nonce":' + "[" * 100_000,
    "a number of 100,000 digits": '{"type":"ping","nonce":' + "9" * 100_000 + "}",
    "a number in no type": '{"type":"ping","nonce":1e400000}',
    "not a number": '{"type":"ping","nonce":NaN}',
    "endless": '{"type":"ping","nonce":-Infinity}',
    "a fraction": '{"type":"run-resume","run_id":"r","starting_after":0.5}',
    "a number past all": '{"type":"run-resume","run_id":"r","starting_after":99999999999999999999}',
    "a field twice": '{"type":"ping","nonce":1,"nonce":2}',
    "a type twice": '{"type":"ping","type":"run-cancel"}',
    "40,000 fields": "{" + ",".join(f'"{n}":0' for n in range(12_000)) + "}",
    "a lone surrogate": '{"type":"ping","nonce":"\\ud800"}',
    "NUL": '{"type":"ping","nonce":"\\u0000"}',
    "an unknown type": '{"type":"message-delete"}',
    "an unknown field": '{"type":"ping","admin":true}',
    "a type that is none": '{"type":{"$ne":1}}',
    "a long name": '{"type":"ping","' + "x" * 100_000 + '":1}',
}


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_it_is_answered_by_an_error(chat: ChatProcess, name: str) -> None:
    """An ``invalid_request`` of moderate size; the connection stays open and the next frame is served."""
    async with opened(chat) as socket:
        await socket.send(frame(TEXT, BAD_FRAMES[name].encode()))
        error = await said(socket)
        assert (error["type"], error["code"], error["retryable"]) == ("error", "invalid_request", False)
        assert len(json.dumps(error)) < 2000
        await socket.send(frame(TEXT, _PING))
        assert (await said(socket))["type"] == "pong"


async def test_a_message_in_fragments_with_pings_between(chat: ChatProcess) -> None:
    """Fragments, empty ones too, are one message; control frames between them are answered at once."""
    async with opened(chat) as socket:
        first, *rest = fragments(TEXT, [_PING[:5], b"", *pieces(_PING[5:], 7)])
        await socket.send(first + frame(PING, b"between") + b"".join(rest))
        async with asyncio.timeout(30):
            assert await socket.frame() == (PONG, b"between")
        assert (await said(socket))["type"] == "pong"


async def test_ten_thousand_tiny_frames(chat: ChatProcess) -> None:
    """Each is answered, in order; a client that does not read meanwhile loses nothing of what it sent."""
    async with opened(chat) as socket:
        sending = asyncio.ensure_future(
            socket.send(
                b"".join(frame(TEXT, b'{"type":"ping","nonce":%d}' % number) for number in range(10_000))
            )
        )
        for number in range(10_000):
            assert await said(socket) == {"type": "pong", "nonce": number}
        assert await sending


async def test_a_message_in_ten_thousand_fragments(chat: ChatProcess) -> None:
    """As many as fit into a frame's limit are one message, however small they are."""
    text = json.dumps({"type": "ping", "nonce": "n"}).encode().ljust(10_000)
    async with opened(chat) as socket:
        await socket.send(b"".join(fragments(TEXT, pieces(text, 1))))
        assert await said(socket) == {"type": "pong", "nonce": "n"}


async def test_a_message_byte_by_byte(chat: ChatProcess) -> None:
    """A frame that trickles in is a frame like any other."""
    async with opened(chat) as socket:
        for byte in frame(TEXT, _PING):
            await socket.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await said(socket))["type"] == "pong"


async def test_it_closes_as_it_is_told(chat: ChatProcess) -> None:
    """A client's close is answered with its own code; one that breaks off between fragments harms nobody."""
    async with opened(chat) as socket:
        assert await closed(socket, closing(1000, b"bye")) == 1000
    async with opened(chat) as socket:
        await socket.send(frame(TEXT, b"{", fin=False))
