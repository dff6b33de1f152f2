"""The short way: what takes it, and what it leaves to the long one.

How requests and answers fare on it stands in test_http_proxy.py and test_front.py, which go both ways.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.app import create_app, default_adapters
from gateway.fast_path import chunk
from gateway.server import options
from gateway.upstream.exchange import Timeouts
from shared.http import Receive, Scope, Send
from tests.support.gateway_server import ADMIN_KEY, NOWHERE, OWNER, Gateway, gateway, settings
from tests.support.gateway_upstream import Upstream, Wire, upstream
from tests.support.server import serving
from tests.support.waiting import eventually

GET = f"GET /v1/documents HTTP/1.1\r\nHost: carrel.test\r\n{OWNER}\r\n"
LONG = 999


async def long_way(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes the long way's place, so that it is seen when it is taken."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def only_short(service: Upstream, *, connections: int = 1) -> AsyncIterator[Gateway]:
    """A gateway whose long way says 418, with so many kept connections to ``service``."""
    chosen = settings(retriever_url=service.url, max_requests_per_visitor=1)
    adapters = default_adapters(chosen)
    made = create_app(chosen, adapters=adapters)
    for pool in [service.pick() for service in adapters.services.values()]:
        kept = [pool.exchange(fresh=True, bodiless=False) for _ in range(connections)]
        for exchange in kept if pool.authority in service.url.encode() else ():
            async with exchange as asked:
                asked.write(b"GET /warm-up HTTP/1.1\r\n\r\n")
                asked.sent = True
                await asked.head()
                while await asked.read():
                    pass
    async with serving(long_way, **options(chosen, made.doors)) as port:
        yield Gateway(port, made.doors, [])
    for service_ in adapters.services.values():
        service_.pick().close()


@pytest.mark.parametrize(
    "raw",
    [
        GET,
        GET.replace("GET", "HEAD"),
        GET.replace("/v1/documents", "/v1/documents/a%20b?c=d"),
        GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi"),
        GET.replace("GET", "PUT").replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n")
        + "2\r\nhi\r\n0\r\n\r\n",
        GET.replace("Host", "Connection: close\r\nHost"),
    ],
    ids=["GET", "HEAD", "with a query", "with a body", "with chunks", "the last one"],
)
async def test_what_is_as_it_mostly_is_takes_the_short_way(raw: str) -> None:
    """A whole request in one read, for a service with a kept connection."""
    async with upstream() as service, only_short(service) as door, door.client() as client:
        await client.send(raw)
        answer = await client.reply(bodiless=raw.startswith("HEAD"))
    assert answer.status == 200
    assert (answer.get("connection") == "close") == ("close" in raw)
    assert service.asked[0].body in (b"", b"hi")


@pytest.mark.parametrize(
    "raw",
    [
        GET.replace("1.1", "1.0"),
        GET.replace(ADMIN_KEY, "wrong"),
        GET.replace("/v1/documents", "/v1/nothing"),
        GET.replace("/v1/documents", "/v1/conversations"),
        GET.replace("/v1/documents", "/health"),
        GET.replace("/v1/documents", "/v1/chat"),
        GET.replace("GET", "OPTIONS"),
        GET.replace("GET", "PATCH"),
        GET.replace("/v1/documents", "http://carrel.test/v1/documents"),
        GET.replace("Host", "X_A: 1\r\nHost"),
    ],
    ids=[
        "1.0",
        "nobody",
        "no route",
        "no connection",
        "our own",
        "WebSocket",
        "preflight",
        "method",
        "absolute",
        "malformed",
    ],
)
async def test_everything_else_takes_the_long_way(raw: str) -> None:
    """Whatever is refused, answered by us, or needs a connection first; no service was sent anything."""
    async with upstream() as service, only_short(service) as door, door.client() as client:
        await client.send(raw)
        assert (await client.head()).status == 418
    assert service.asked == []


async def test_a_body_that_is_still_to_come_takes_the_long_way() -> None:
    """It is passed on as it comes, and nothing is gathered."""
    async with upstream() as service, only_short(service) as door, door.client() as client:
        await client.send(GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\nhi"))
        assert (await client.head()).status == 418


async def test_a_visitor_has_only_so_many_requests_at_once() -> None:
    """The one too many is left to the long way, which refuses it; its connection is free again."""

    async def never(wire: Wire) -> None:
        await wire.gone()

    async with upstream(never) as service, only_short(service, connections=2) as door:
        async with door.client() as first, door.client() as second:
            await first.send(GET)
            await eventually(lambda: len(service.asked) == 1)
            await second.send(GET)
            assert (await second.head()).status == 418
        service.script = Wire.reply
        await eventually(lambda: door.doors.desk.places.taken == 0)
        assert (await door.ask("GET", "/v1/documents")).status == 200


@pytest.mark.parametrize("answered", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhi"])
async def test_a_silent_service_is_given_up(answered: bytes) -> None:
    """Before the answer it is 504, after its beginning the answer is cut; the service is left."""
    asked = asyncio.Event()

    async def silent(wire: Wire) -> None:
        await wire.send(answered)
        asked.set()
        await wire.gone()
        gone.set()

    gone = asyncio.Event()
    async with (
        upstream(silent) as service,
        gateway(warm=True, retriever_url=service.url) as door,
        door.client() as client,
    ):
        await client.send(GET)
        await asked.wait()
        if answered:
            await client.head()
        door.doors.check(now=asyncio.get_running_loop().time() + LONG)
        if answered:
            assert await client.at_end() == b"hi"
        else:
            assert (await client.reply()).json["code"] == "upstream_timeout"
        await asyncio.wait_for(gone.wait(), 5)


def test_a_chunk_is_framed() -> None:
    """Its size in hexadecimal, its bytes, the end of all after the last; an empty one would be the end."""
    assert chunk(b"x" * 17, last=False) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert chunk(b"a", last=True) == b"1\r\na\r\n0\r\n\r\n"
    assert chunk(b"", last=False) == b""
    assert chunk(b"", last=True) == b"0\r\n\r\n"


def test_time_outs_are_one_thing() -> None:
    """The pools and the doors are given the same settings."""
    chosen = settings(retriever_url=NOWHERE, upstream_first_byte_timeout_s=7, upstream_idle_timeout_s=8)
    made = create_app(chosen)
    (timeouts, *_) = [service.pick().timeouts for service in made.doors.desk.services.values()]
    assert timeouts == Timeouts(connect=2, first_byte=7, idle=8, keep_alive=4)
    assert (made.doors.patience.first_byte, made.doors.patience.silence) == (7, 8)
