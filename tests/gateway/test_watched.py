"""The gateway with its watch and its metrics, whole, over real sockets."""

import asyncio
import json
import socket

import pytest

from tests.support.gateway_server import ADMIN_KEY, OWNER, Gateway, gateway
from tests.support.gateway_upstream import Asked, Upstream, Wire, upstream
from tests.support.prometheus import read, read_openmetrics
from tests.support.waiting import eventually

HEALTH = json.dumps({"status": "ok", "version": "1", "uptime_s": 1.0, "checks": {}}).encode()
SEARCH = ("POST", "/v1/search", OWNER, b"{}")


async def service(wire: Wire) -> None:
    """A service that is well, tells metrics, and answers everything else with ``ok``."""
    await wire.read_body()
    match wire.asked.line.split()[1]:
        case b"/health":
            await wire.reply(HEALTH)
        case b"/metrics":
            await wire.reply(b"# TYPE carrel_retriever_documents gauge\ncarrel_retriever_documents 7\n")
        case _:
            await wire.reply()


def requests(asked: list[Asked]) -> list[bytes]:
    """What was asked beside health."""
    return [one.line for one in asked if b"/health" not in one.line]


async def is_open(door: Gateway) -> bool:
    """Whether the retriever's breaker is open, as the metrics tell."""
    found = read((await door.ask("GET", "/metrics")).body.decode())
    return found["carrel_gateway_breaker_open", "retriever"] == 1


async def test_a_stopped_service_is_refused_at_once_and_heals() -> None:
    """While connections are taken and never answered, requests are 503 at once; then they pass again."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(128)
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        found = Upstream(service)
        async with gateway(retriever_url=url, watched=True, health_timeout_s=0.05) as door:
            async with asyncio.timeout(10):
                while not await is_open(door):
                    pass
                refused = await door.ask(*SEARCH)
            assert refused.status == 503
            assert refused.get("content-type") == "application/problem+json"
            assert (refused.json["code"], refused.get("retry-after")) == ("upstream_unavailable", "1")
            server = await asyncio.start_server(found.serve, sock=sock)
            async with asyncio.timeout(10):
                while (await door.ask(*SEARCH)).status != 200:
                    pass
            server.close()


async def test_a_socket_is_refused_too() -> None:
    """Nobody waits for a handshake that nobody would answer."""
    async with gateway(watched=True) as door, door.client() as client:
        upgrade = (
            "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        )
        answer = await client.ask("GET", "/v1/chat", OWNER + upgrade)
    assert (answer.status, answer.json["code"]) == (503, "upstream_unavailable")


async def test_a_slow_answer_opens_nothing() -> None:
    """A request that takes long is not a service that is away."""
    gate = asyncio.Event()

    async def slow(wire: Wire) -> None:
        if b"/v1/search" in wire.asked.line:
            await gate.wait()
        await service(wire)

    async with upstream(slow) as behind, gateway(retriever_url=behind.url, watched=True) as door:
        asking = asyncio.get_running_loop().create_task(door.ask(*SEARCH))
        await eventually(lambda: len(requests(behind.asked)) == 1)
        assert (await door.ask("GET", "/v1/usage")).status == 200
        gate.set()
        assert (await asking).status == 200


async def test_the_owner_reads_all_metrics() -> None:
    """The gateway's own traffic and what the services tell, in both formats."""
    async with upstream(service) as behind, gateway(retriever_url=behind.url, watched=True) as door:
        await door.ask(*SEARCH)
        await door.ask("GET", "/nowhere")
        plain = await door.ask("GET", "/metrics")
        strict = await door.ask("GET", "/metrics", OWNER + "accept: application/openmetrics-text\r\n")
    found = read(plain.body.decode())
    assert found["carrel_gateway_requests_total", "POST", "/v1/search", "200"] == 1
    assert found["carrel_gateway_requests_total", "GET", "unmatched", "404"] == 1
    assert found["carrel_gateway_refusals_total", "no_route"] == 1
    assert found["carrel_gateway_breaker_open", "retriever"] == 0
    assert found["carrel_gateway_breaker_open", "chat_ws"] == 1
    assert found["carrel_retriever_documents",] == 7
    assert (found["carrel_up", "retriever"], found["carrel_up", "chat_ws"]) == (1, 0)
    assert read_openmetrics(strict.body.decode())["carrel_retriever_documents",] == 7


@pytest.mark.parametrize("headers", ["", "Authorization: Bearer nonsense\r\n"])
async def test_the_public_reads_no_metrics(headers: str) -> None:
    """Without the admin key there is nothing to read: 401, a visitor 403."""
    async with gateway() as door:
        assert (await door.ask("GET", "/metrics", headers)).status == 401
        visitor = f"Authorization: Bearer {await door.session()}\r\n"
        assert (await door.ask("GET", "/metrics", visitor)).status == 403
        assert (await door.ask("HEAD", "/metrics", f"Authorization: Bearer {ADMIN_KEY}\r\n")).status == 200
