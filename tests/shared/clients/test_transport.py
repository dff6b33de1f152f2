import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from shared.clients.transport import BUFFERED, MAX_HEAD, StreamTransport
from tests.support.certificate import write_certificate
from tests.support.waiting import eventually

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """An HTTP service that does what the test says; notes what it was asked and whether it was left."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.asked: list[bytes] = []
        self.left = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")
                ),
                0,
            )
            self.asked.append(head + await reader.readexactly(length))
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.left.set()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def listening(
    serve: Callable[..., Awaitable[None]], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A port at which each connection is ``serve``d; none is left in the end."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    before = asyncio.all_tasks()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await eventually(lambda: asyncio.all_tasks() <= before)


@asynccontextmanager
async def served(
    serve: Serve, *, read_s: float | None = 5.0
) -> AsyncIterator[tuple[httpx.AsyncClient, Server]]:
    """A client of a service that does ``serve`` after each request."""
    service, timeout = Server(serve), httpx.Timeout(read_s, connect=5.0)
    async with (
        listening(service) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", transport=StreamTransport(), timeout=timeout, trust_env=False
        ) as http,
    ):
        yield http, service


def says(*parts: bytes) -> Serve:
    """A service that writes ``parts`` one by one and closes."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return serve


async def gone(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """A service that says nothing and waits until it is left."""
    await reader.read()


async def test_a_request_goes_out_as_it_was_made() -> None:
    """Method, path, headers and body; the connection is for this one request."""
    async with served(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok")) as (http, service):
        answer = await http.post("/v1/x?y=%20z", json={"a": "é"}, headers={"x-carrel": "1"})
    assert (answer.status_code, answer.text, answer.headers["x-a"]) == (200, "ok", "b")
    [asked] = service.asked
    head, _, body = asked.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert head.startswith(b"POST /v1/x?y=%20z HTTP/1.1\r\n")
    assert [line for line in lines if line.startswith(b"connection")] == [b"connection: close"]
    assert {b"x-carrel: 1", b"content-type: application/json"} <= set(lines)
    assert body == '{"a":"é"}'.encode()


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"3\r\none\r\n3\r\ntwo\r\n0\r\nX-Trailer: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nonetwo",
        b"HTTP/1.1 200 OK\r\n\r\nonetwo",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nonetwo",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nonetwoHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    ],
)
async def test_an_answer_comes_whole_however_it_is_cut(answer: bytes, step: int) -> None:
    """Chunked, of a length, or to the close; trailers and what comes before or behind are not the body."""
    parts = [answer[at : at + step] for at in range(0, len(answer), step)]
    async with served(says(*parts)) as (http, _), http.stream("GET", "/") as response:
        assert (await response.aread(), "x-trailer" in response.headers) == (b"onetwo", False)


@pytest.mark.parametrize("status", [204, 503])
async def test_an_answer_without_a_body(status: int) -> None:
    """A head alone may be the whole answer."""
    async with served(says(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)) as (http, _):
        answer = await http.get("/")
    assert (answer.status_code, answer.content) == (status, b"")


async def test_each_part_comes_as_it_is_said() -> None:
    """A word does not wait for the next one."""
    heard = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        for word in (b"one", b"two"):
            writer.write(b"3\r\n" + word + b"\r\n")
            await heard.wait()
            heard.clear()
        writer.write(b"0\r\n\r\n")

    words = []
    async with served(serve) as (http, _), http.stream("GET", "/") as response:
        async for word in response.aiter_bytes():
            words.append(word)
            heard.set()
    assert words == [b"one", b"two"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none",
        CHUNKED + b"3\r\none\r\n",
        CHUNKED + b"3\r\none\r\nzz\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * (MAX_HEAD + 1),
    ],
)
async def test_what_is_not_whole_is_an_error(answer: bytes) -> None:
    """What could be the end of an answer and is not sure to be is never its end."""
    async with served(says(answer)) as (http, _):
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/")


async def test_what_came_before_the_fault_is_heard() -> None:
    """The words before a cut are taken first; then comes the error."""
    async with served(says(CHUNKED + b"3\r\none\r\n")) as (http, _), http.stream("GET", "/") as response:
        parts = response.aiter_bytes()
        assert await anext(parts) == b"one"
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(parts)


@pytest.mark.parametrize("begun", [b"", CHUNKED + b"3\r\none\r\n"])
async def test_silence_has_a_bound(begun: bytes) -> None:
    """Before the head and between words alike; the service is left."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begun)
        await gone(reader, writer)

    async with served(serve, read_s=0.05) as (http, service):
        with pytest.raises(httpx.ReadTimeout):
            await http.get("/")
        await asyncio.wait_for(service.left.wait(), 5)


async def test_the_bound_is_of_silence_not_of_the_whole() -> None:
    """An answer that takes longer, but is never silent so long, is whole; also when it is read slowly."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        for _ in range(10):
            writer.write(b"1\r\nx\r\n")
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")

    async with served(serve, read_s=0.3) as (http, _), http.stream("GET", "/") as response:
        parts = response.aiter_bytes()
        body = await anext(parts)
        await asyncio.sleep(0.35)
        async for part in parts:
            body += part
    assert body == b"x" * 10


@pytest.mark.parametrize("read_s", [5.0, None])
async def test_leaving_in_the_middle_closes(read_s: float | None) -> None:
    """Whoever stops listening, or is cancelled, before or after the head: the service learns of it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        await gone(reader, writer)

    async with served(serve, read_s=read_s) as (http, service), http.stream("GET", "/"):
        pass
    await asyncio.wait_for(service.left.wait(), 5)
    async with served(gone, read_s=read_s) as (http, service):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await http.get("/")
        await asyncio.wait_for(service.left.wait(), 5)


async def test_a_slow_reader_holds_the_service_back() -> None:
    """No more is read than is bounded, and all of it comes in the end."""
    size = 32 * BUFFERED
    written = 0

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while written < size:
            writer.write(b"x" * BUFFERED)
            written += BUFFERED
            await writer.drain()

    async with served(serve) as (http, _), http.stream("GET", "/") as response:
        parts = response.aiter_raw()
        body = len(await anext(parts))
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.05)
        assert written < size
        async for part in parts:
            body += len(part)
    assert body == size


async def test_nobody_there() -> None:
    """A port that nobody listens on, and a name that is none, are errors in httpx's words."""
    async with httpx.AsyncClient(transport=StreamTransport(), trust_env=False) as http:
        for url in ("http://127.0.0.1:9/", "http://127.0.0.1:9/x", "https://127.0.0.1:9/"):
            with pytest.raises(httpx.ConnectError):
                await http.get(url)


async def test_connecting_has_a_bound() -> None:
    """A service whose TLS never answers is not waited for longer than the time to connect."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    timeout = httpx.Timeout(5, connect=0.05)
    async with (
        listening(mute) as port,
        httpx.AsyncClient(transport=StreamTransport(), timeout=timeout, trust_env=False) as http,
    ):
        with pytest.raises(httpx.ConnectTimeout):
            await http.get(f"https://127.0.0.1:{port}/")


async def test_over_tls(tmp_path: Path) -> None:
    """An https address is spoken to under TLS; a certificate that nobody vouches for is not good enough."""
    certificate, key = write_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    service = Server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    trusting = StreamTransport(tls=ssl.create_default_context(cafile=certificate))
    async with listening(service, tls=context) as port:
        async with httpx.AsyncClient(transport=trusting, trust_env=False) as http:
            assert (await http.get(f"https://localhost:{port}/")).text == "ok"
        async with httpx.AsyncClient(transport=StreamTransport(), trust_env=False) as http:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await http.get(f"https://localhost:{port}/")
