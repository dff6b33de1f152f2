"""The relay of requests and answers, against services that misbehave."""

import asyncio
import time
from asyncio import IncompleteReadError
from contextlib import suppress

import pytest

from shared.auth import Role, verify
from tests.support import gateway_server
from tests.support.gateway_server import INTERNAL_TOKEN, NOWHERE, OWNER, Client, Start
from tests.support.gateway_upstream import Wire, reply, upstream

PATH = "/v1/documents"
GET = f"GET {PATH} HTTP/1.1\r\nhost: carrel.test\r\n{OWNER}\r\n"
POST_CHUNKED = f"POST {PATH} HTTP/1.1\r\nhost: carrel.test\r\n{OWNER}transfer-encoding: chunked\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MEGABYTE = 1024 * 1024


async def test_a_request_arrives_as_it_was_asked(gateway: Start) -> None:
    """Path, query and body go on byte for byte, with a signed identity and without the key."""
    async with upstream() as service, gateway(retriever_url=service.url) as door:
        answer = await door.ask("PUT", f"{PATH}/a%20b/c.md?url=https%3A%2F%2Fx%2F+y&&q", body=b"# A\n\0\xff")
    (asked,) = service.asked
    said = {name.decode(): value.decode() for name, value in asked.headers}
    assert (answer.status, answer.body) == (200, b"ok")
    assert asked.line == b"PUT /v1/documents/a%20b/c.md?url=https%3A%2F%2Fx%2F+y&&q HTTP/1.1"
    assert asked.body == b"# A\n\0\xff"
    assert "x-api-key" not in said
    assert said["host"] == service.url.removeprefix("http://")
    assert (said["x-forwarded-for"], said["x-forwarded-host"]) == ("127.0.0.1", "carrel.test")
    assert said["x-request-id"] == answer.get("x-request-id")
    assert verify(said, token=INTERNAL_TOKEN, now=time.time()).role is Role.OWNER


async def test_identity_from_outside_never_arrives(gateway: Start) -> None:
    """Whatever a client says about who it is, a service hears only what the gateway found."""
    forged = "X-Carrel-Principal: owner\r\nx-carrel-role: owner\r\nX-Carrel-Signature: v1.9.9\r\n"
    async with upstream() as service, gateway(retriever_url=service.url) as door:
        token = await door.session()
        headers = f"Authorization: Bearer {token}\r\nX-Forwarded-For: 6.6.6.6\r\nCookie: a=b\r\n{forged}"
        await door.ask("POST", "/v1/search", headers, b"{}")
    (asked,) = service.asked
    assert asked.get(b"x-carrel-role") == b"visitor"
    assert asked.get(b"x-forwarded-for") == b"127.0.0.1"
    assert asked.get(b"authorization") is asked.get(b"cookie") is None


async def test_an_answer_arrives_as_it_was_given(gateway: Start) -> None:
    """Status, body and headers come through, two of one name too; what ends at the hop does not."""
    headers = b"set-cookie: a=1\r\nset-cookie: b=2\r\n"
    headers += b"x-inner: 1\r\nconnection: x-inner\r\nkeep-alive: timeout=5\r\n"

    async def teapot(wire: Wire) -> None:
        await wire.reply(b"short and stout", status=b"418 Teapot", headers=headers)

    async with upstream(teapot) as service, gateway(retriever_url=service.url) as door:
        answer = await door.ask("GET", PATH)
    assert (answer.status, answer.body) == (418, b"short and stout")
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert answer.get("x-inner") is answer.get("keep-alive") is None
    assert answer.get("x-content-type-options") == "nosniff"


async def test_connections_are_kept(gateway: Start) -> None:
    """Requests one after the other share a connection to the service."""
    async with upstream() as service, gateway(retriever_url=service.url) as door:
        for _ in range(5):
            assert (await door.ask("POST", PATH, body=b"x")).body == b"ok"
    assert (len(service.asked), service.connections) == (5, 1)


async def test_pipelined_requests_are_answered_in_order(gateway: Start) -> None:
    """What a client sends without waiting is answered one after the other."""

    async def echo(wire: Wire) -> None:
        await wire.reply(wire.asked.line)

    async with upstream(echo) as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send("".join(GET.replace(PATH, f"{PATH}/{number}") for number in range(4)))
        bodies = [(await client.reply()).body for _ in range(4)]
    assert bodies == [f"GET {PATH}/{number} HTTP/1.1".encode() for number in range(4)]


async def test_answers_keep_their_order_whichever_way_they_take(gateway: Start) -> None:
    """Behind one that takes the short way, one of our own and one that is refused come out in their turn."""
    raw = GET + GET.replace(PATH, "/version") + GET + GET.replace(PATH, "/v1/nothing") + GET
    async with upstream() as service, gateway(retriever_url=service.url) as door, door.client() as client:
        for _ in range(3):
            await client.send(raw)
        seen = [(await client.reply()) for _ in range(15)]
    assert [answer.status for answer in seen] == [200, 200, 200, 404, 200] * 3
    assert [answer.body == b"ok" for answer in seen[:5]] == [True, False, True, False, True]


# ---- The client leaves


async def leave(client: Client, wire: Wire) -> None:
    """Close the client's connection; return once the gateway has closed the service's."""
    await client.close()
    async with asyncio.timeout(5):
        await wire.gone()


async def test_a_client_that_leaves_before_the_answer_cancels_it(gateway: Start) -> None:
    """The service's connection is closed when the client's is, though nothing was answered yet."""
    asked = asyncio.Event()

    async def never(wire: Wire) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with (
        upstream(never) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        await client.send(GET)
        await asked.wait()
        await leave(client, service.wires[0])


async def test_a_client_that_leaves_in_the_middle_cancels_the_rest(gateway: Start) -> None:
    """The service's connection is closed when the client's is, in the middle of a stream."""

    async def begin(wire: Wire) -> None:
        await wire.send(CHUNKED + b"2\r\nhi\r\n")
        await asyncio.Event().wait()

    async with (
        upstream(begin) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        await client.send(GET)
        await client.head()
        assert await client.chunk() == b"hi"
        await leave(client, service.wires[0])


async def test_a_client_that_leaves_while_uploading_cancels_it(gateway: Start) -> None:
    """Half a body never looks like a whole one: the service's connection is closed."""
    asked = asyncio.Event()

    async def wait(wire: Wire) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with upstream(wait) as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(POST_CHUNKED + "2\r\nhi\r\n")
        await asked.wait()
        await leave(client, service.wires[0])


# ---- Streams


async def test_a_body_goes_up_as_it_comes(gateway: Start) -> None:
    """The service has the first part before the client sends the second."""
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(wire: Wire) -> None:
        for _ in range(3):
            seen.put_nowait(await wire.reader.readline())
            await wire.reader.readline()
        await wire.reply()

    async with upstream(read) as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(POST_CHUNKED + "2\r\nhi\r\n")
        assert await seen.get() == b"2\r\n"
        await client.send("3\r\nyou\r\n")
        assert await seen.get() == b"3\r\n"
        await client.send("0\r\n\r\n")
        assert (await client.reply()).body == b"ok"


async def test_a_small_chunked_body_keeps_its_framing(gateway: Start) -> None:
    """A chunked body that came in one piece arrives whole and chunked."""
    async with upstream() as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(POST_CHUNKED + "5\r\nhello\r\n0\r\n\r\n")
        assert (await client.reply()).status == 200
    assert service.asked[0].body == b"hello"
    assert service.asked[0].get(b"content-length") is None


async def test_events_come_down_as_they_are_sent(gateway: Start) -> None:
    """Each event reaches the client before the next is sent, and no proxy is to buffer them."""
    more = asyncio.Event()

    async def events(wire: Wire) -> None:
        await wire.send(EVENTS + b"9\r\ndata: 1\n\n\r\n")
        await more.wait()
        await wire.send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

    async with (
        upstream(events) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        await client.send(GET)
        head = await client.head()
        assert (head.get("x-accel-buffering"), head.get("content-type")) == ("no", "text/event-stream")
        assert await client.chunk() == b"data: 1\n\n"
        more.set()
        assert await client.chunk() == b"data: 2\n\n"
        assert await client.chunk() == b""


async def test_an_upload_waits_for_a_service_that_does_not_read(gateway: Start) -> None:
    """A body of which nothing is taken does not pile up in the gateway."""
    taken = 0

    async def deaf(wire: Wire) -> None:
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]  # the type of a writer has the base of transports
        await asyncio.Event().wait()

    limits = {"max_body_bytes": 200 * MEGABYTE}
    async with (
        upstream(deaf) as service,
        gateway(retriever_url=service.url, **limits) as door,
        door.client() as client,
    ):
        await client.send(f"{GET[:-2]}content-length: {100 * MEGABYTE}\r\n\r\n".replace("GET", "POST"))
        with suppress(TimeoutError):
            while taken < 100:
                async with asyncio.timeout(1):
                    await client.send(b"x" * MEGABYTE)
                taken += 1
    assert taken < 25


async def test_a_download_waits_for_a_client_that_does_not_read(gateway: Start) -> None:
    """An answer of which nothing is taken does not pile up in the gateway."""
    stalled = asyncio.Event()
    sent = 0

    async def flood(wire: Wire) -> None:
        nonlocal sent
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (100 * MEGABYTE))
        try:
            while sent < 100:
                async with asyncio.timeout(1):
                    await wire.send(b"x" * MEGABYTE)
                sent += 1
        finally:
            stalled.set()

    async with (
        upstream(flood) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # the type of a writer has the base of transports
        await client.send(GET)
        await stalled.wait()
    assert sent < 25


async def test_an_answer_may_come_before_the_body_is_sent(gateway: Start) -> None:
    """A refusal in the middle of an upload reaches the client, and that connection is not used again."""

    async def refuse(wire: Wire) -> None:
        await wire.reply(b"too much", status=b"413 Too Large")

    async with upstream(refuse) as service, gateway(retriever_url=service.url) as door:
        async with door.client() as client:
            await client.send(POST_CHUNKED + "2\r\nhi\r\n")
            assert (await client.reply()).body == b"too much"
            await client.send("0\r\n\r\n")
        assert (await door.ask("GET", PATH)).status == 413
    assert service.connections == 2


async def test_a_body_is_asked_for_when_the_client_waits_to_be(gateway: Start) -> None:
    """``Expect: 100-continue`` is answered here and does not go on."""
    async with upstream() as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(
            f"{GET[:-2]}expect: 100-continue\r\ncontent-length: 2\r\n\r\n".replace("GET", "POST")
        )
        assert (await client.head()).status == 100
        await client.send("hi")
        assert (await client.reply()).status == 200
    assert service.asked[0].get(b"expect") is None


async def test_a_body_that_grows_too_large_is_refused(gateway: Start) -> None:
    """A body whose length was not said is refused once it is over the limit, and the service let go."""
    async with (
        upstream() as service,
        gateway(retriever_url=service.url, max_body_bytes=1024) as door,
        door.client() as client,
    ):
        await client.send(POST_CHUNKED + "200\r\n" + "x" * 512 + "\r\n")
        await client.send("300\r\n" + "x" * 768 + "\r\n")
        answer = await client.reply()
    assert (answer.status, answer.json["code"]) == (413, "invalid_request")
    assert len(service.asked) <= 1


async def test_an_archive_may_be_larger_than_other_bodies(gateway: Start) -> None:
    """It passes through to its own limit, whether its length was said or not."""
    limits = {"max_body_bytes": 1024, "max_archive_bytes": 200_000}
    archive = "PUT /v1/data-sources/docs/archive"
    async with upstream() as service, gateway(retriever_url=service.url, **limits) as door:
        for size, status in ((200_000, 200), (200_001, 413)):
            async with door.client() as client:
                head = GET[:-2].replace(f"GET {PATH}", archive)
                await client.send(f"{head}content-length: {size}\r\n\r\n")
                with suppress(ConnectionError):
                    await client.send(b"x" * size)
                assert (await client.reply()).status == status
            async with door.client() as client:
                head = POST_CHUNKED.replace(f"POST {PATH}", archive)
                await client.send(f"{head}{size:x}\r\n" + "x" * size + "\r\n0\r\n\r\n")
                assert (await client.reply()).status == status
    assert [len(asked.body) for asked in service.asked if len(asked.body) > 1024][:2] == [200_000] * 2


# ---- Kept connections that are dead


class DiesOnReuse:
    """Answers ``each`` requests of a connection, then resets it without a byte."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.answered: dict[int, int] = {}

    async def __call__(self, wire: Wire) -> None:
        await wire.read_body()
        count = self.answered[id(wire.writer)] = self.answered.get(id(wire.writer), 0) + 1
        if count > self.each:
            wire.drop()
        else:
            await wire.reply()


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("PUT", b"whole"), ("DELETE", b"")])
async def test_what_changes_nothing_twice_is_asked_again(gateway: Start, method: str, body: bytes) -> None:
    """A request that died with a kept connection is asked once more, where that is safe."""
    async with upstream(DiesOnReuse(1)) as service, gateway(retriever_url=service.url) as door:
        for _ in range(2):
            assert (await door.ask(method, f"{PATH}/a", body=body)).status == 200
    assert (len(service.asked), service.connections) == (3, 2)
    assert service.asked[-1].body == body


async def test_what_may_have_been_done_is_not_asked_again(gateway: Start) -> None:
    """A POST that died with its connection is answered with 503, and was asked once."""
    async with upstream(DiesOnReuse(1)) as service, gateway(retriever_url=service.url) as door:
        assert (await door.ask("POST", PATH, body=b"x")).status == 200
        answer = await door.ask("POST", PATH, body=b"x")
    assert (answer.status, answer.json["code"]) == (503, "upstream_unavailable")
    assert answer.get("retry-after") == "1"
    assert len(service.asked) == 2


async def test_a_new_connection_that_dies_is_no_reason_to_ask_again() -> None:
    """Only a kept connection can have been dead before it was used."""
    async with upstream(DiesOnReuse(0)) as service, gateway_server.gateway(retriever_url=service.url) as door:
        assert (await door.ask("GET", PATH)).status == 503
    assert len(service.asked) == 1


async def test_one_byte_of_an_answer_ends_the_asking(gateway: Start) -> None:
    """A kept connection that broke in the middle of a status line is not a dead one."""

    async def stutter(wire: Wire) -> None:
        if len(service.asked) == 1:
            await wire.reply()
        else:
            await wire.send(b"HTTP/1.1 2")
            await wire.close()

    async with upstream(stutter) as service, gateway(retriever_url=service.url) as door:
        assert (await door.ask("GET", PATH)).status == 200
        assert (await door.ask("GET", PATH)).status == 503
    assert len(service.asked) == 2


async def test_bytes_nobody_asked_for_end_a_kept_connection(gateway: Start) -> None:
    """What comes on an idle connection is never taken for the next answer."""

    async def chatter(wire: Wire) -> None:
        await wire.reply()
        if len(service.asked) == 1:
            await asked_again.wait()
            await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
            await wire.gone()

    asked_again = asyncio.Event()
    async with upstream(chatter) as service, gateway(retriever_url=service.url) as door:
        assert (await door.ask("GET", PATH)).body == b"ok"
        asked_again.set()
        async with asyncio.timeout(5):
            await service.wires[0].gone()
        assert (await door.ask("GET", PATH)).body == b"ok"
    assert service.connections == 2


async def test_bytes_after_an_answer_go_nowhere(gateway: Start) -> None:
    """What a service sends after the end of its answer reaches neither this client nor the next."""

    async def babble(wire: Wire) -> None:
        await wire.send(
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
        )

    async with upstream(babble) as service, gateway(retriever_url=service.url) as door:
        assert [(await door.ask("GET", PATH)).body for _ in range(3)] == [b"ok"] * 3
    assert service.connections == 3


# ---- Answers of every form


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n", 304, b""),
        (b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
        (CHUNKED + b"1\r\no\r\n1;a=b\r\nk\r\n0\r\nx-trailer: 1\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nx-odd: \tv \t\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
    ],
    ids=["204", "304 with a length", "103", "100", "chunked", "empty", "1.0", "white space"],
)
async def test_right_answers_come_through(gateway: Start, raw: bytes, status: int, body: bytes) -> None:
    """Every right form of an answer is understood, and the client's connection goes on."""

    async def answer(wire: Wire) -> None:
        await wire.send(raw)

    async with (
        upstream(answer) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        for _ in range(2):
            reply = await client.ask("GET", PATH, OWNER)
            assert (reply.status, reply.body) == (status, body)
            assert reply.get("x-trailer") is reply.get("link") is None


async def test_an_answer_may_end_with_its_connection(gateway: Start) -> None:
    """A body without a length is whole when the service closes in order."""

    async def answer(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\n\r\nto the end")
        await wire.close()

    async with upstream(answer) as service, gateway(retriever_url=service.url) as door:
        assert (await door.ask("GET", PATH)).body == b"to the end"


async def test_head_keeps_the_length_of_the_body_it_does_not_have(gateway: Start) -> None:
    """HEAD is answered with the headers alone, and its connection is used again."""

    async def answer(wire: Wire) -> None:
        body = b"" if wire.asked.line.startswith(b"HEAD") else b"0123456789"
        await wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n" + body)

    async with (
        upstream(answer) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        for _ in range(2):
            assert (await client.ask("HEAD", PATH, OWNER)).get("content-length") == "10"
        assert (await client.ask("GET", PATH, OWNER)).body == b"0123456789"
    assert service.connections == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhi",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhi",
        b"HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\x01b\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000,
        CHUNKED + b"2\r\nhi\r\nnot a size\r\n",
    ],
    ids=["TE and CL", "two CL", "TE gzip", "101", "099", "600", "no HTTP", "control", "large head", "chunk"],
)
async def test_wrong_answers_are_502(gateway: Start, raw: bytes) -> None:
    """An answer that could be read in two ways is not passed on, nor is anything after it."""

    async def answer(wire: Wire) -> None:
        await wire.send(raw)

    async with upstream(answer) as service, gateway(retriever_url=service.url) as door:
        reply = await door.ask("GET", PATH)
    assert (reply.status, reply.json["code"]) == (502, "upstream_unavailable")


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhi",
        CHUNKED + b"2\r\nhi\r\n",
    ],
    ids=["length", "chunked"],
)
async def test_a_cut_answer_never_looks_complete(gateway: Start, raw: bytes) -> None:
    """When a service breaks off, so does the gateway."""

    async def cut(wire: Wire) -> None:
        await wire.send(raw)
        await wire.close()

    async with upstream(cut) as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(GET)
        with pytest.raises(IncompleteReadError):
            await client.reply()


# ---- Services that are not there, or slow, or many


async def test_a_service_that_is_down_is_503(gateway: Start) -> None:
    """A refused connection is answered at once, with when to come back."""
    async with gateway(retriever_url=NOWHERE) as door:
        answer = await door.ask("GET", PATH)
    assert (answer.status, answer.json["code"], answer.json["retryable"]) == (
        503,
        "upstream_unavailable",
        True,
    )
    assert answer.get("retry-after") == "1"
    assert answer.get("content-type") == "application/problem+json"


async def test_a_service_that_does_not_answer_is_504(gateway: Start) -> None:
    """Silence before the first byte ends in ``upstream_timeout``, and the service is let go."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    limits = {"upstream_first_byte_timeout_s": 0.1}
    async with upstream(never) as service, gateway(retriever_url=service.url, **limits) as door:
        answer = await door.ask("GET", PATH)
        async with asyncio.timeout(5):
            await service.wires[0].gone()
    assert (answer.status, answer.json["code"]) == (504, "upstream_timeout")


async def test_a_service_that_falls_silent_is_cut(gateway: Start) -> None:
    """Silence in the middle of an answer ends it, without an end."""

    async def pause(wire: Wire) -> None:
        await wire.send(CHUNKED + b"2\r\nhi\r\n")
        await wire.gone()

    limits = {"upstream_idle_timeout_s": 0.1}
    async with (
        upstream(pause) as service,
        gateway(retriever_url=service.url, **limits) as door,
        door.client() as client,
    ):
        await client.send(GET)
        with pytest.raises(IncompleteReadError):
            await client.reply()


async def test_connections_to_a_service_are_limited(gateway: Start) -> None:
    """One more request than there may be connections is told to come back; a free one is used again."""
    asked, free = asyncio.Event(), asyncio.Event()

    async def hold(wire: Wire) -> None:
        asked.set()
        await free.wait()
        await wire.reply()

    limits = {"upstream_max_connections": 1, "upstream_connect_timeout_s": 0.1}
    async with upstream(hold) as service, gateway(retriever_url=service.url, **limits) as door:
        async with door.client() as first:
            await first.send(GET)
            await asked.wait()
            answer = await door.ask("GET", PATH)
            free.set()
            assert (await first.reply()).status == 200
        assert (await door.ask("GET", PATH)).status == 200
    assert (answer.status, answer.json["code"]) == (503, "overloaded")
    assert service.connections == 1


async def test_idle_connections_are_not_kept_for_ever(gateway: Start) -> None:
    """A connection idle for longer than allowed is closed instead of being used."""
    async with (
        upstream(reply) as service,
        gateway(retriever_url=service.url, upstream_keep_alive_s=0.05) as door,
    ):
        for _ in range(2):
            assert (await door.ask("GET", PATH)).status == 200
            await asyncio.sleep(0.1)
    assert service.connections == 2


async def test_a_service_that_does_not_believe_the_gateway_is_our_fault(gateway: Start) -> None:
    """A client with the right key is not told that its key is wrong."""

    async def unbelieving(wire: Wire) -> None:
        await wire.reply(status=b"401 Unauthorized")

    async with upstream(unbelieving) as service, gateway(retriever_url=service.url) as door:
        assert (await door.ask("GET", PATH)).status == 503
