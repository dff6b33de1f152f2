"""What the server in front still lets through or leaves hanging: an attack each, or a client that waits."""

import asyncio

import pytest

from tests.gateway.conformance.requests import CANARY, CHUNKED, GET, H2C, POST
from tests.support.gateway_server import OWNER, gateway
from tests.support.gateway_upstream import Asked, Wire, upstream
from tests.support.websocket_wire import handshake

HANGING = {
    "an old version asks for a WebSocket": handshake(OWNER).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a handshake with a large header": handshake(OWNER + f"Cookie: {'a' * 10_000}\r\n"),
    "a handshake with large headers": handshake(OWNER + f"X-A: {'a' * 40_000}\r\n"),
    "a handshake with two hundred headers": handshake(OWNER + "".join(f"X-{n}: 1\r\n" for n in range(200))),
    "a WebSocket with a body": handshake(OWNER).replace(b"GET", b"POST")[:-2]
    + b"Content-Length: 2\r\n\r\nhi",
    "a header without end": (GET + "X-A: " + "a" * 1_000_000).encode(),
    "headers without end": (GET + "X-A: a\r\n" * 100_000).encode(),
    "a target without end": b"GET /" + b"a" * 1_000_000,
    "empty lines without end": b"\r\n" * 500_000,
}


@pytest.mark.parametrize("raw", HANGING.values(), ids=HANGING.keys())
async def test_what_is_too_much_is_refused_in_time(raw: bytes) -> None:
    """Each is a 4xx as soon as it is known to be wrong: it neither hangs nor fills the memory."""
    async with gateway() as door, door.client() as client, asyncio.timeout(3):
        await client.send(raw)
        assert 400 <= (await client.head()).status < 500


async def done(raw: str, *, hops: int = 0) -> tuple[list[Asked], list[int]]:
    """What a service did of ``raw``, and what the client was answered until it heard no more."""
    did: list[Asked] = []

    async def script(wire: Wire) -> None:
        await wire.read_body()
        did.append(wire.asked)
        await wire.reply()

    statuses = []
    async with (
        upstream(script) as service,
        gateway(retriever_url=service.url, trusted_proxy_hops=hops) as door,
        door.client() as client,
    ):
        await client.send(raw)
        try:
            async with asyncio.timeout(1):
                while True:
                    statuses.append((await client.reply()).status)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            return did, statuses


async def test_trailers_are_no_headers() -> None:
    """What comes behind a body is not what the proxies in front of the head have said, nor a key."""
    (asked,), _ = await done(
        POST
        + "X-Forwarded-For: 10.0.0.1\r\n"
        + CHUNKED.removeprefix(POST)
        + "0\r\nX-Forwarded-For: 6.6.6.6\r\nX-A: 1\r\n\r\n",
        hops=1,
    )
    assert asked.get(b"x-a") is None
    assert asked.get(b"x-forwarded-for") == b"10.0.0.1"
    keyless = CHUNKED.replace(OWNER, "") + f"0\r\n{OWNER}\r\n"
    assert await done(keyless) == ([], [401])


async def test_a_right_request_is_answered_whatever_comes_behind_it() -> None:
    """A request that a service did is never answered with the refusal of the next one."""
    did, statuses = await done(GET + "\r\n" + "this is no request\r\n\r\n")
    assert statuses[0] == (200 if did else 400)


async def test_an_upgrade_that_is_not_taken_is_passed_over() -> None:
    """Behind a request that would have liked HTTP/2, the next one is answered too."""
    assert (await done(GET + H2C + "\r\n" + CANARY))[1] == [200, 200]
