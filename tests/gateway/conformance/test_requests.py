"""Each odd request through a real gateway: refused, or made plain; nothing hides behind it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.gateway.conformance.requests import CANARY, EITHER, GET, NORMALISED, REFUSED
from tests.support.gateway_server import Gateway, gateway
from tests.support.gateway_upstream import Asked, Upstream, Wire, upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Service:
    """A service that answers well, and notes what it did."""

    def __init__(self) -> None:
        self.done: list[Asked] = []

    async def __call__(self, wire: Wire) -> None:
        """Take the whole request, then do it."""
        await wire.read_body()
        self.done.append(wire.asked)
        await wire.reply()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[tuple[Gateway, Upstream]]:
    """The gateway in front of one service, for both."""
    async with (
        upstream(Service()) as service,
        gateway(retriever_url=service.url, chat_url=service.url) as door,
    ):
        yield door, service


@pytest.fixture
def door(running: tuple[Gateway, Upstream]) -> Gateway:
    """The gateway."""
    return running[0]


@pytest.fixture
def service(running: tuple[Gateway, Upstream]) -> Service:
    """The service, which has done nothing yet."""
    running[1].asked.clear()
    assert isinstance(running[1].script, Service)
    running[1].script.done.clear()
    return running[1].script


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
async def test_malformed_requests_are_refused(
    raw: str, door: Gateway, service: Service, running: tuple[Gateway, Upstream]
) -> None:
    """Every one is a 4xx, and no service does it."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(raw.encode("latin-1"))
        assert 400 <= (await client.reply()).status < 500
    assert service.done == []
    # A body that went wrong after its first part may have begun to go up; it never ends there.
    if "Transfer-Encoding: chunked\r\n\r\n" not in raw:
        assert running[1].asked == []


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
async def test_nothing_hides_behind_a_malformed_request(raw: str, door: Gateway, service: Service) -> None:
    """Where it ends the connection, what follows is dropped; else it is a request of its own."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send((raw + CANARY).encode("latin-1"))
        answer = await client.reply()
        if answer.get("connection") == "close":
            assert await client.at_end() == b""
            assert service.done == []
        else:
            assert (await client.reply()).status == 200
            assert [asked.line.split()[1] for asked in service.done] == [b"/v1/documents/smuggled"]


def check_plain(asked: Asked) -> None:
    """Fail unless the request has one reading, and is the owner's."""
    names = [name for name, _ in asked.headers]
    assert asked.line.endswith(b" HTTP/1.1")
    assert b"#" not in asked.line
    assert asked.line.split()[1].startswith(b"/v1/")
    assert names.count(b"host") == names.count(b"x-carrel-principal") == 1
    assert not {b"connection", b"upgrade", b"te", b"keep-alive", b"http2-settings", b"forwarded"} & set(names)
    assert not {b"content-length", b"transfer-encoding"} <= set(names)
    assert not {b"x-api-key", b"authorization", b"cookie", b"expect"} & set(names)
    assert asked.get(b"x-carrel-principal") == b"owner"
    assert asked.get(b"x-forwarded-for") == b"127.0.0.1"
    assert asked.get(b"x-b") in (None, b"b")
    assert asked.get(b"content-type") in (None, b"a/b")


@pytest.mark.parametrize("raw", NORMALISED.values(), ids=NORMALISED.keys())
async def test_odd_requests_are_made_plain(raw: str, door: Gateway, service: Service) -> None:
    """They are answered, and what the service sees has one reading."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(raw.encode("latin-1"))
        assert (await client.reply()).status == 200
    (asked,) = service.done
    check_plain(asked)
    assert asked.body == (b"hello" if "hello" in raw else b"")


@pytest.mark.parametrize("raw", EITHER.values(), ids=EITHER.keys())
async def test_what_may_be_refused_is_never_passed_on_as_it_is(
    raw: str, door: Gateway, service: Service
) -> None:
    """It is a 4xx and nobody does it, or it is plain by the time a service sees it."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(raw.encode("latin-1"))
        answer = await client.reply()
    if answer.status == 200:
        (asked,) = service.done
        check_plain(asked)
    else:
        assert 400 <= answer.status < 500
        assert service.done == []


async def test_a_refused_request_ends_its_connection(door: Gateway) -> None:
    """After a malformed request nothing more is read from that client."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(GET + "X_A: 1\r\n\r\n" + CANARY)
        answer = await client.reply()
        assert answer.get("connection") == "close"
        assert await client.at_end() == b""
