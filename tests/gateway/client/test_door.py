"""A client's connection: how much of a head may come, how long anything may take, how many there may be."""

import asyncio
from contextlib import suppress

import pytest

from gateway.client.door import HttpDoor
from gateway.client.doors import unsent as unsent_by
from gateway.client.patience import LEAST_SENT
from tests.support.gateway_server import OWNER, Gateway, Start, gateway
from tests.support.gateway_upstream import Wire, upstream
from tests.support.waiting import eventually

GET = f"GET /v1/documents HTTP/1.1\r\nHost: carrel.test\r\n{OWNER}\r\n"
POST = f"POST /v1/documents HTTP/1.1\r\nHost: carrel.test\r\n{OWNER}"
CANARY = GET.replace("/v1/documents", "/v1/documents/smuggled")


def opened(door: Gateway) -> list[HttpDoor]:
    """The gateway's end of each connection."""
    return [one for one in door.doors.open if isinstance(one, HttpDoor)]


async def pass_time(door: Gateway, *seconds: float) -> None:
    """Let the connections be looked at after so many seconds from now, each in turn."""
    for after in seconds:
        door.doors.check(now=asyncio.get_running_loop().time() + after)
        await asyncio.sleep(0)


async def seen(door: Gateway, *, reading: bool = True) -> None:
    """Wait until the gateway has read what was sent on its only connection."""
    await eventually(lambda: [d._reading for d in opened(door)] == [reading])


# ---- Heads


async def test_a_large_body_in_one_write_with_its_head_is_no_large_head(gateway: Start) -> None:
    """What is limited is the head; a body that comes with it does not count."""
    body = b"x" * 200_000
    async with upstream() as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(f"{POST}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert (await client.reply()).status == 200
        await client.send(f"{POST}Content-Length: {len(body)}\r\n\r\n".encode() + body + GET.encode())
        assert [(await client.reply()).status for _ in range(2)] == [200, 200]
    assert [asked.body for asked in service.asked] == [body, body, b""]


async def test_a_head_without_end_is_refused(gateway: Start) -> None:
    """It is 431 before it is whole, so that it never fills the memory."""
    async with gateway() as door, door.client() as client:
        await client.send("GET / HTTP/1.1\r\nHost: carrel.test\r\nX-A: ")
        with suppress(ConnectionError):
            for _ in range(40):
                await client.send("a" * 4096)
                await asyncio.sleep(0)
        answer = await client.reply()
        assert (answer.status, answer.get("connection")) == (431, "close")
        assert answer.json["code"] == "invalid_request"


async def test_what_is_no_http_is_answered_as_any_other_refusal(gateway: Start) -> None:
    """As a problem document, guarded, with an id, noted in the log; and the connection ends."""
    async with gateway() as door, door.client() as client:
        await client.send("SSH-2.0-OpenSSH\r\n\r\n" + CANARY)
        answer = await client.reply()
        assert (answer.status, answer.json["code"], answer.get("connection")) == (
            400,
            "invalid_request",
            "close",
        )
        assert answer.get("content-type") == "application/problem+json"
        assert answer.get("x-content-type-options") == "nosniff"
        assert await client.at_end() == b""
        await eventually(lambda: len(door.log) == 1)
    assert (door.log[0]["status"], door.log[0]["request_id"]) == (400, answer.get("x-request-id"))


async def test_what_goes_wrong_behind_a_request_does_not_spoil_its_answer(gateway: Start) -> None:
    """The request before it is answered whole, nothing after it is, and the connection ends."""

    async def slow(wire: Wire) -> None:
        heard.set()
        await let.wait()
        await wire.reply(b"whole")

    heard, let = asyncio.Event(), asyncio.Event()
    async with upstream(slow) as service, gateway(retriever_url=service.url) as door, door.client() as client:
        await client.send(GET + "NONSENSE\r\n\r\n" + CANARY)
        await heard.wait()
        let.set()
        assert (await client.reply()).body == b"whole"
        assert await client.at_end() == b""
    assert len(service.asked) == 1


async def test_a_body_that_goes_wrong_ends_its_request(gateway: Start) -> None:
    """The client hears 400, the service that there will be no more of it."""

    async def listen(wire: Wire) -> None:
        heard.set()
        await wire.gone()
        gone.set()

    heard, gone = asyncio.Event(), asyncio.Event()
    async with (
        upstream(listen) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        await client.send(POST + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        await heard.wait()
        await client.send("nonsense\r\n" + CANARY)
        assert (await client.reply()).status == 400
        await asyncio.wait_for(gone.wait(), 5)
        await eventually(lambda: len(door.log) == 1)
    assert door.log[0]["status"] == 400
    assert len(service.asked) == 1


# ---- Time


async def test_a_connection_that_says_nothing_is_closed(gateway: Start) -> None:
    """A new one after the time for a head, one that has said something after the time between requests."""
    async with gateway() as door, door.client() as client:
        await eventually(lambda: len(door.doors.open) == 1)
        await pass_time(door, 9)
        assert len(door.doors.open) == 1
        await pass_time(door, 11)
        assert await client.at_end() == b""
    async with gateway() as door, door.client() as client:
        assert (await client.ask("GET", "/health/live")).status == 200
        await pass_time(door, 70)
        assert (await client.ask("GET", "/health/live")).status == 200
        await pass_time(door, 80)
        assert await client.at_end() == b""


@pytest.mark.parametrize("before", ["", GET], ids=["first", "second"])
async def test_a_head_that_does_not_come_is_408(before: str) -> None:
    """However many bytes of it trickle in."""
    async with upstream() as service, gateway(retriever_url=service.url) as door, door.client() as client:
        if before:
            await client.send(before)
            assert (await client.reply()).status == 200
        await client.send("GET / HTTP/1.1\r\nHost: ")
        await seen(door)
        await pass_time(door, 5)
        await client.send("carrel")
        await asyncio.sleep(0.05)
        await pass_time(door, 11)
        answer = await client.reply()
        assert (answer.status, answer.get("connection")) == (408, "close")
        assert await client.at_end() == b""


async def test_a_body_that_does_not_come_is_408() -> None:
    """The service is told that there will be no more; a body that comes is waited for."""

    async def listen(wire: Wire) -> None:
        heard.set()
        await wire.gone()
        gone.set()

    heard, gone = asyncio.Event(), asyncio.Event()
    async with (
        upstream(listen) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        await client.send(POST + "Content-Length: 1000000\r\n\r\nhi")
        await heard.wait()
        await pass_time(door, 0)
        await client.send(b"x" * 10_000)
        await eventually(lambda: [d._received for d in opened(door)] == [10_002])
        await pass_time(door, 14)
        await client.send(b"x")
        await eventually(lambda: [d._received for d in opened(door)] == [10_003])
        await pass_time(door, 28)
        assert not gone.is_set()
        await pass_time(door, 30)
        assert (await client.reply()).status == 408
        await asyncio.wait_for(gone.wait(), 5)
        await eventually(lambda: len(door.log) == 1)
    assert door.log[0]["status"] == 408


async def test_a_body_that_nobody_wants_any_more_is_not_read_for_ever() -> None:
    """After its answer the rest is read, so that the client hears the answer; it must come, and end."""
    async with gateway(max_body_bytes=1024) as door, door.client() as client:
        await client.send(POST + "Content-Length: 100000\r\n\r\n")
        assert (await client.reply()).status == 413
        await client.send(b"x" * 2048)
        await eventually(lambda: [d._received for d in opened(door)] == [2048])
        await pass_time(door, 0, 14)
        assert len(door.doors.open) == 1
        await client.send(b"x")
        await eventually(lambda: [d._received for d in opened(door)] == [2049])
        await pass_time(door, 15)
        await eventually(lambda: not door.doors.open)


async def test_a_client_that_takes_nothing_is_left(gateway: Start) -> None:
    """Its connection is closed, and so is the service's; one that takes enough is waited for."""

    async def large(wire: Wire) -> None:
        try:
            await wire.reply(b"x" * 32 * 1024 * 1024)
        except ConnectionError:
            gone.set()

    gone = asyncio.Event()
    async with (
        upstream(large) as service,
        gateway(retriever_url=service.url) as door,
        door.client() as client,
    ):
        client.take(nothing=True)
        await client.send(GET)
        await eventually(lambda: [d.flow.write_paused for d in opened(door)] == [True])
        await settled(door)
        await pass_time(door, 0, 14)
        assert len(door.doors.open) == 1
        left = unsent(door)
        client.take()
        await eventually(lambda: not unsent(door) or left - unsent(door) > LEAST_SENT)
        client.take(nothing=True)
        await settled(door)
        await pass_time(door, 15, 29)
        assert len(door.doors.open) == 1
        await pass_time(door, 45)
        await asyncio.wait_for(gone.wait(), 5)
        await eventually(lambda: not door.doors.open)


def unsent(door: Gateway) -> int:
    """What the only client has not taken yet."""
    (one,) = opened(door)
    return unsent_by(one.transport)


async def settled(door: Gateway) -> None:
    """Wait until nothing moves any more."""
    seen: list[int] = []

    def still() -> bool:
        seen.append(unsent(door))
        return len(seen) > 50 and len(set(seen[-50:])) == 1

    await eventually(still)


async def test_a_request_does_not_last_for_ever(gateway: Start) -> None:
    """Also one whose answer goes on coming."""

    async def on_and_on(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await wire.gone()
        gone.set()

    gone = asyncio.Event()
    async with (
        upstream(on_and_on) as service,
        gateway(retriever_url=service.url, upstream_idle_timeout_s=100_000) as door,
        door.client() as client,
    ):
        await client.send(GET)
        await client.head()
        await pass_time(door, 3599)
        assert len(door.doors.open) == 1
        await pass_time(door, 3602)
        await asyncio.wait_for(gone.wait(), 5)
        await eventually(lambda: not door.doors.open)


# ---- Many


async def test_there_are_only_so_many_connections() -> None:
    """The one too many is told so; when another has gone there is a place again."""
    async with gateway(max_connections=2) as door, door.client() as one:
        assert (await one.ask("GET", "/health/live")).status == 200
        async with door.client() as two, door.client() as three:
            assert (await two.ask("GET", "/health/live")).status == 200
            answer = await three.reply()
            assert (answer.status, answer.json["code"], answer.get("connection")) == (
                503,
                "overloaded",
                "close",
            )
            assert answer.get("retry-after")
        await eventually(lambda: len(door.doors.open) == 1)
        async with door.client() as four:
            assert (await four.ask("GET", "/health/live")).status == 200


async def test_limits_off_is_no_limit() -> None:
    """For load tests."""
    async with gateway(max_connections=1, limits="off") as door, door.client() as one, door.client() as two:
        assert (await one.ask("GET", "/health/live")).status == 200
        assert (await two.ask("GET", "/health/live")).status == 200


# ---- The end


async def test_what_is_under_way_when_the_gateway_stops_is_answered() -> None:
    """An idle connection ends at once, a busy one with its answer."""

    async def slow(wire: Wire) -> None:
        heard.set()
        await let.wait()
        await wire.reply(b"whole")

    heard, let = asyncio.Event(), asyncio.Event()
    async with (
        upstream(slow) as service,
        gateway(warm=True, retriever_url=service.url) as door,
        door.client() as idle,
        door.client() as busy,
    ):
        assert (await idle.ask("GET", "/health/live")).status == 200
        await busy.send(GET)
        await heard.wait()
        for one in opened(door):
            one.shutdown()
        assert await idle.at_end() == b""
        let.set()
        assert (await busy.reply()).body == b"whole"
        assert await busy.at_end() == b""
