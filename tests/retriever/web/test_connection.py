"""A connection goes to the address that was checked and no other; an answer stays within its bounds."""

import asyncio
import gzip
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpcore
import pytest

from retriever.web.connection import USER_AGENT, Connection, PinnedBackend, resolve
from retriever.web.replies import FetchError
from retriever.web.urls import parse
from tests.support.certificate import write_certificate
from tests.support.site import Answer, Site, bomb, html, serving_site

LIMIT = 100_000


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving_site() as served:
        yield served


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    opened = Connection(allow_loopback=True)
    yield opened
    await opened.close()


def names(**hosts: list[str]) -> Connection:
    """A connection whose resolver knows these names."""

    async def look_up(host: str, port: int) -> list[str]:
        return hosts[host.partition(".")[0]]

    return Connection(allow_loopback=True, resolve=look_up)


async def get(connection: Connection, address: str, *, limit: int = LIMIT) -> bytes:
    return (await connection.get(parse(address), headers={}, limit=limit)).body


async def why(connection: Connection, address: str, *, limit: int = LIMIT) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await get(connection, address, limit=limit)
    return caught.value


async def test_a_page_is_had(site: Site, connection: Connection) -> None:
    """What is sent says honestly who asks, and no cookie; the answer comes unpacked."""
    packed = gzip.compress(b"text")
    site.pages["/a?b=c"] = Answer(packed, headers={"content-encoding": "gzip", "set-cookie": "a=b"})
    for _ in range(2):
        reply = await connection.get(parse(site.url("/a?b=c")), headers={"if-none-match": '"x"'}, limit=LIMIT)
        assert (reply.status, reply.body, reply.headers["content-encoding"]) == (200, b"text", "gzip")
    asked = site.asked[-1].headers
    assert asked["user-agent"] == USER_AGENT
    assert asked["host"] == site.address.removeprefix("http://")
    assert asked["if-none-match"] == '"x"'
    assert "cookie" not in asked


async def test_a_proxy_in_the_environment_is_not_used(
    site: Site, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment cannot send requests elsewhere."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.pages["/"] = html("x")
    assert b"<p>x</p>" in await get(connection, site.url("/"))


async def test_this_machine_is_refused_unless_a_test_says_so(site: Site) -> None:
    """By name and by address, nothing is connected to."""
    connection = Connection()
    port = site.address.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        error = await why(connection, f"http://{host}:{port}/")
        assert "not a public address" in str(error)
        assert not error.temporary
    assert site.asked == []
    await connection.close()


@pytest.mark.parametrize("second", ["10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fe80::1%eth0"])
async def test_every_address_of_a_name_is_checked(site: Site, second: str) -> None:
    """One address that is not public makes the name refused, wherever in the answer it stands."""
    port = site.address.rpartition(":")[2]
    connection = names(mixed=["127.0.0.1", second], turned=[second, "127.0.0.1"])
    for host in ("mixed", "turned"):
        assert "not a public address" in str(await why(connection, f"http://{host}.example:{port}/"))
    assert site.asked == []
    await connection.close()


async def test_a_name_is_resolved_once(site: Site) -> None:
    """The address connected to is the one that was checked: a second answer would come too late."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    site.pages["/"] = html("x")
    connection = Connection(allow_loopback=True, resolve=rebinding)
    port = site.address.rpartition(":")[2]
    assert await get(connection, f"http://rebinds.example:{port}/")
    assert len(answers) == 1
    assert site.asked[0].headers["host"] == f"rebinds.example:{port}"
    await connection.close()


async def test_the_next_address_is_tried(site: Site) -> None:
    """Where nobody listens at a name's first address its next one is tried."""
    site.pages["/"] = html("x")
    port = site.address.rpartition(":")[2]
    connection = names(two=["127.0.0.2", "127.0.0.1"])
    assert await get(connection, f"http://two.example:{port}/")
    await connection.close()


async def test_names_that_lead_nowhere() -> None:
    """No such name, a name without address, and one whose resolver fails are told apart from refusals."""

    async def fails(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for connection in (Connection(resolve=fails), names(none=[])):
        error = await why(connection, "http://none.example/")
        assert error.temporary
        assert "cannot be reached" in str(error)
        await connection.close()


async def test_resolving_takes_its_time_too() -> None:
    """A resolver that says nothing is left as a server is; the driver's own waiting is the event loop's."""

    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    backend = PinnedBackend(allow_loopback=False, resolve=hangs)
    with pytest.raises(httpcore.ConnectTimeout):
        await backend.connect_tcp("x.example", 80, timeout=0.01)
    await backend.sleep(0)


async def test_the_system_resolves() -> None:
    """Numbers are what they are, each once."""
    assert await resolve("127.0.0.1", 80) == ["127.0.0.1"]


async def test_tls_is_for_the_name_and_checked() -> None:
    """The name goes out as SNI although an address is connected to, and a broken handshake is said."""
    heard = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    connection = names(docs=["127.0.0.1"])
    port = server.sockets[0].getsockname()[1]
    error = await why(connection, f"https://docs.example.org:{port}/")
    assert b"docs.example.org" in await heard
    assert error.temporary
    await connection.close()
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def encrypted(certificate: Path, key: Path) -> AsyncIterator[int]:
    """A server with this certificate; gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def test_certificates_are_checked(tmp_path: Path) -> None:
    """Only a trusted certificate for the name in the address is good, whatever was resolved."""
    certificate, key = write_certificate(tmp_path, "docs.example")
    trusting = Connection(
        allow_loopback=True, resolve=here, tls=ssl.create_default_context(cafile=certificate)
    )
    ordinary = Connection(allow_loopback=True, resolve=here)
    async with encrypted(certificate, key) as port:
        assert await get(trusting, f"https://docs.example:{port}/") == b"ok"
        for connection, host in ((trusting, "other.example"), (ordinary, "docs.example")):
            error = await why(connection, f"https://{host}:{port}/")
            assert "certificate" in str(error)
            assert not error.temporary
        await trusting.close()
        await ordinary.close()


async def here(host: str, port: int) -> list[str]:
    """Resolve every name to this machine."""
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("answer", "said", "temporary"),
    [
        (Answer(bytes(LIMIT + 1)), "more than 100000 bytes", False),
        (Answer(bytes(10), headers={"content-length": str(10**12)}, hangs=True), "more than 100000", False),
        (Answer(bomb(20), headers={"content-encoding": "gzip"}), "more than 100000 bytes", False),
        (Answer(b"x" * 100, cut=50), "connection broke", True),
        (Answer(gzip.compress(b"x" * 99)[:-9], headers={"content-encoding": "gzip"}), "cut", True),
        (Answer(b"x", headers={"content-encoding": "br"}), "br", True),
        (Answer(b"x", headers={"x-long": "y" * 200_000}), "connection broke", True),
    ],
)
async def test_answers_out_of_bounds(
    site: Site, connection: Connection, answer: Answer, said: str, temporary: bool
) -> None:
    """Too large, said to be too large, a bomb, cut, broken, wrongly encoded, with an endless head."""
    site.pages["/"] = answer
    error = await why(connection, site.url("/"))
    assert said in str(error)
    assert error.temporary is temporary


async def test_time_is_bounded_as_a_whole(site: Site) -> None:
    """A server that says a little and then nothing is left."""
    site.pages["/"] = Answer(b"x" * 100, cut=1, hangs=True)
    connection = Connection(allow_loopback=True, timeout_s=0.05)
    error = await why(connection, site.url("/"))
    assert "in time" in str(error)
    assert error.temporary
    await connection.close()


async def test_nobody_listens(connection: Connection) -> None:
    """A refused connection may be tried again."""
    assert (await why(connection, "http://127.0.0.1:9999/")).temporary


async def test_bodies_of_other_answers_are_not_read(site: Site, connection: Connection) -> None:
    """Of an error page nothing is wanted, however large it is."""
    site.pages["/"] = Answer(bytes(LIMIT * 2), status=500)
    reply = await connection.get(parse(site.url("/")), headers={}, limit=LIMIT)
    assert (reply.status, reply.body) == (500, b"")


async def test_no_socket_of_this_machine_is_opened() -> None:
    """The driver's way to a Unix socket leads nowhere."""
    with pytest.raises(FetchError):
        await PinnedBackend(allow_loopback=True).connect_unix_socket("/x")


class Pieces:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.came = b""
        self.largest = self.begun = 0

    async def begin(self) -> None:
        self.came, self.begun = b"", self.begun + 1

    async def write(self, piece: bytes) -> None:
        self.came += piece
        self.largest = max(self.largest, len(piece))


async def test_a_file_goes_into_a_sink(site: Site, connection: Connection) -> None:
    """In pieces, never held as a whole; what is no file leaves the sink as it was."""
    whole = os.urandom(5_000_000)
    site.pages |= {"/a": Answer(whole), "/b": Answer(status=304), "/c": Answer(whole, cut=1_500_000)}
    sink = Pieces()
    reply = await connection.get(parse(site.url("/a")), headers={}, limit=5_000_000, into=sink)
    assert (reply.status, reply.body, sink.came == whole) == (200, b"", True)
    assert sink.largest < 1_300_000
    assert (await connection.get(parse(site.url("/b")), headers={}, limit=1, into=sink)).status == 304
    assert (sink.begun, len(sink.came)) == (1, len(whole))
    for path, why in (("/c", "broke"), ("/a", "more than 2000000")):
        with pytest.raises(FetchError, match=why):
            await connection.get(
                parse(site.url(path)), headers={}, limit=2_000_000 if path == "/a" else 10**7, into=sink
            )
