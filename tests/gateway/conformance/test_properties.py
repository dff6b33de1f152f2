"""Whatever a client sends through a real gateway, in whatever pieces: it arrives as it was, or not at all."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import pytest_asyncio
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.gateway_server import ADMIN_KEY, OWNER, gateway
from tests.support.gateway_upstream import Asked, Wire, upstream
from tests.support.websocket_wire import ACCEPT, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOUNDED = settings(max_examples=150)


@dataclass
class Running:
    """A gateway, and a service behind it that notes what it did."""

    port: int = 0
    done: list[Asked] = field(default_factory=list, repr=False)
    down: bytes = field(default=b"", repr=False)
    """What the service says on a WebSocket."""
    up: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue, repr=False)

    async def serve(self, wire: Wire) -> None:
        """Do what is asked."""
        if wire.asked.get(b"upgrade") is not None:
            await wire.send(
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                b"sec-websocket-accept: " + ACCEPT.encode() + b"\r\n\r\n" + self.down[:7]
            )
            await wire.send(self.down[7:])
            self.up.put_nowait(await wire.reader.read())
            await wire.close()
            return
        await wire.read_body()
        if wire.asked.get(b"x-forwarded-host") != b"a":
            self.done.append(wire.asked)
        await wire.reply()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Running]:
    """The gateway, in front of one service."""
    service = Running()
    async with (
        upstream(service.serve) as behind,
        gateway(retriever_url=behind.url, chat_url=behind.url, limits="off") as door,
    ):
        service.port = door.port
        yield service


@dataclass(frozen=True)
class Question:
    """A request, and where it is cut."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    part: bytes
    times: int
    """The body: so many times this part."""
    chunks: tuple[int, ...]
    """Sizes of the first chunks; nothing means a length."""
    cuts: tuple[int, ...]

    @property
    def body(self) -> bytes:
        """The request's body."""
        return self.part * self.times

    @property
    def raw(self) -> bytes:
        """The request's bytes."""
        head = self.method.encode() + b" " + self.target + b" HTTP/1.1\r\n"
        fields = [(b"Host", b"carrel.test"), (b"X-API-Key", ADMIN_KEY.encode()), *self.headers]
        return head + b"".join(b"%b: %b\r\n" % header for header in fields) + self._framed()

    def _framed(self) -> bytes:
        if not self.chunks:
            return b"Content-Length: %d\r\n\r\n%b" % (len(self.body), self.body)
        parts, left = [], self.body
        for size in (*self.chunks, len(self.body) + 1):
            part, left = left[:size], left[size:]
            if part:
                parts.append(b"%X;a=b\r\n%b\r\n" % (len(part), part))
        return b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(parts) + b"0\r\n\r\n"

    @property
    def segments(self) -> list[bytes]:
        """The request's bytes in pieces."""
        raw = self.raw
        places = sorted({0, len(raw), *(cut % len(raw) for cut in self.cuts)})
        return [raw[start:end] for start, end in pairwise(places)]


TOKEN = "!#$%&'*+-.^`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
VALUE = bytes([9, *range(0x20, 0x7F), *range(0x80, 0x100)])
PARTS = ("/b", "~", "-", ".md", "%20", "%C3%A9", ":", "@", "(1)")


def questions(
    *, names: st.SearchStrategy[bytes], values: st.SearchStrategy[bytes], targets: st.SearchStrategy[bytes]
) -> st.SearchStrategy[Question]:
    """Return requests made of these."""
    return st.builds(
        Question,
        method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        target=targets,
        headers=st.lists(st.tuples(names, values), max_size=8).map(tuple),
        part=st.binary(max_size=40),
        times=st.sampled_from([0, 1, 3, 2_000]),
        chunks=st.lists(st.integers(1, 70_000), max_size=5).map(tuple),
        cuts=st.lists(st.integers(0, 1 << 17), max_size=8).map(tuple),
    )


GOOD = questions(
    names=st.text(TOKEN, max_size=12).map(lambda name: b"x-p-" + name.encode()),
    values=st.lists(st.sampled_from(VALUE), max_size=30).map(bytes),
    targets=st.builds(
        lambda path, query: b"/v1/documents/a" + path.encode() + query,
        st.lists(st.sampled_from(["/b", "~", "-", ".md", "%20", "%C3%A9", ":", "@", "(1)"]), max_size=6).map(
            "".join
        ),
        st.one_of(st.just(b""), st.text("abc=&?/%+", max_size=20).map(lambda text: b"?" + text.encode())),
    ),
)
WILD = questions(
    names=st.one_of(
        st.binary(min_size=1, max_size=8),
        st.sampled_from(
            [
                b"Host",
                b"Content-Length",
                b"Transfer-Encoding",
                b"Connection",
                b"Upgrade",
                b"Expect",
                b"X_A",
                b"",
            ]
        ),
    ),
    values=st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [b"0", b"5", b"chunked", b"close", b"upgrade", b"websocket", b"h2c", b"a\r\n b", b"a\nb"]
        ),
    ),
    targets=st.one_of(
        st.binary(max_size=30),
        st.binary(max_size=20).map(b"/v1/documents/".__add__),
        st.sampled_from(
            [b"*", b"/", b"//", b"/v1/documents/..", b"http://a/v1/documents", b"/v1/documents#", b""]
        ),
    ),
)


BARRIER = f"GET /v1/documents HTTP/1.1\r\nHost: a\r\n{OWNER}\r\n".encode()


async def ask(port: int, segments: Sequence[bytes], *, patient: bool = True) -> bytes:
    """Send the segments, each by itself; return what is answered.

    Without patience it leaves when others were answered since: what it said may be only half a request.
    """
    loop, heard = asyncio.get_running_loop(), b""
    with socket.socket() as sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        with contextlib.suppress(OSError):
            for segment in segments:
                await loop.sock_sendall(sock, segment)
                await asyncio.sleep(0)
            if not patient:
                for _ in range(3):
                    await ask(port, [BARRIER])
                sock.shutdown(socket.SHUT_WR)
        while not whole(heard) and (data := await loop.sock_recv(sock, 1 << 16)):
            heard += data
    return heard


def whole(heard: bytes) -> bool:
    """Whether the last answer, not an interim one, is there with its body."""
    if heard.startswith(b"HTTP/1.1 100"):
        return whole(heard.partition(b"\r\n\r\n")[2])
    head, end, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return bool(end) and (length is None or len(body) >= int(length[1]))


@given(question=GOOD)
@example(question=Question("POST", b"/v1/documents", (), b"x", 200_000, (1, 65_536, 65_537), (1, 90, 70_000)))
@BOUNDED
async def test_what_is_right_arrives_as_it_was(question: Question, running: Running) -> None:
    """Method, target, headers in order and body are the same, however it was framed and cut."""
    running.done.clear()
    async with asyncio.timeout(10):
        heard = await ask(running.port, question.segments)
    assert heard.startswith(b"HTTP/1.1 200 "), heard[:200]
    (asked,) = running.done
    # An empty query may be left out.
    targets = (question.target, question.target.removesuffix(b"?"))
    assert asked.line in [b"%b %b HTTP/1.1" % (question.method.encode(), target) for target in targets]
    sent = [(name.lower(), value.strip(b" \t")) for name, value in question.headers]
    assert [header for header in asked.headers if header[0].startswith(b"x-p-")] == sent
    assert asked.body == question.body


@given(question=WILD)
@BOUNDED
async def test_what_is_not_right_is_refused(question: Question, running: Running) -> None:
    """Never a 5xx; and what is refused is done by nobody."""
    running.done.clear()
    async with asyncio.timeout(10):
        heard = await ask(running.port, question.segments, patient=False)
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", heard)]
    assert all(status < 500 for status in statuses), heard
    if statuses and statuses[0] >= 400:
        assert running.done == []


@given(up=st.lists(st.binary(max_size=300), max_size=6), down=st.binary(max_size=600))
@BOUNDED
async def test_a_joined_connection_changes_nothing(up: list[bytes], down: bytes, running: Running) -> None:
    """Whatever bytes go through it, both ways, come out as they were; at most a close frame is added."""
    running.down = down
    async with asyncio.timeout(10), wire(running.port, OWNER) as client:
        for part in up:
            await client.send(part)
            await asyncio.sleep(0)
        client.sock.shutdown(socket.SHUT_WR)
        heard = bytes(client.buffer)
        while data := await asyncio.get_running_loop().sock_recv(client.sock, 1 << 16):
            heard += data
        assert await running.up.get() == b"".join(up)
    assert heard[: len(down)] == down
    assert heard[len(down) :] == b"" or heard[len(down) :].startswith(b"\x88\x1b\x03\xf4")
