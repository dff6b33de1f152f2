"""Two chat services over one database and one Redis behave as one."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect

from gateway.routing import Target
from tests.support.chat_client import receive
from tests.support.chat_fakes import RUN, WHOLE, Answerer, Step
from tests.support.chat_service import Chat, ask, chatting, rest, send
from tests.support.gateway_server import gateway
from tests.support.ports import free_ports
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def two(database_url: str, server: RedisServer, script: list[Step]) -> AsyncIterator[tuple[Chat, Chat]]:
    """Two replicas that answer with ``script``."""
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                chatting(database_url, Answerer(script), redis_url=SecretStr(server.url))
            )
            for _ in range(2)
        ]
        yield here, there


async def redis_is(chat: Chat, status: str) -> None:
    """Wait until the health of a replica says so of Redis."""
    logs = chat.service.health.logs
    await eventually(lambda: logs.check().status == status, within=20)


async def test_a_run_is_followed_and_resumed_on_the_other(database_url: str, server: RedisServer) -> None:
    """Live from the middle, and later whole: the same frames, by its visitor alone."""
    gate = asyncio.Event()
    async with (
        two(database_url, server, [*WHOLE[:5], gate, *WHOLE[5:]]) as (here, there),
        here.socket() as one,
        there.socket() as two_,
        there.socket("visitor_2") as other,
    ):
        run_id = (await ask(one))["run_id"]
        first = [await receive(one) for _ in range(5)]
        await send(two_, "run-resume", run_id=run_id, starting_after=3)
        assert [await receive(two_) for _ in range(2)] == first[3:]
        await send(other, "run-resume", run_id=run_id, starting_after=0)
        assert (await receive(other))["code"] == "run_not_found"
        gate.set()
        assert await rest(two_) == (second := await rest(one))
        await send(two_, "run-resume", run_id=run_id, starting_after=0)
        assert await rest(two_) == first + second


async def test_one_run_at_a_time_wherever(database_url: str, server: RedisServer) -> None:
    """A second question is refused on the other, too; a resent one is known there, and not answered twice."""
    gate = asyncio.Event()
    async with (
        two(database_url, server, [*RUN[:5], gate, *WHOLE[5:]]) as (here, there),
        here.socket() as one,
        there.socket() as other,
    ):
        ack = await ask(one)
        refused = await ask(other, "Another?", conversation_id=ack["conversation_id"])
        assert (refused["code"], refused["retryable"]) == ("run_active", True)
        again = await ask(other, client_message_id=ack["client_message_id"])
        assert (again["duplicate"], again["run_id"]) == (True, ack["run_id"])
        gate.set()
        await rest(one)
        assert (await ask(other, "Another?", conversation_id=ack["conversation_id"]))["type"] == "message-ack"
        await rest(other)


async def test_the_other_stops_and_deletes(database_url: str, server: RedisServer) -> None:
    """A cancel ends the run where it runs, a deletion too, and leaves no frame behind."""
    async with (
        two(database_url, server, [*RUN[:5], asyncio.Event()]) as (here, there),
        here.socket() as one,
        there.socket() as other,
    ):
        ack = await ask(one)
        await send(other, "run-cancel", run_id=ack["run_id"])
        assert (await rest(one))[-1]["status"] == "cancelled"
        ack = await ask(one)
        async with there.http() as http:
            assert (await http.delete(f"/v1/conversations/{ack['conversation_id']}")).status_code == 204
        assert (await rest(one))[-1]["status"] == "cancelled"
        await send(one, "run-resume", run_id=ack["run_id"], starting_after=0)
        assert (await receive(one))["code"] == "run_not_found"
        await eventually(lambda: server.ask("EXISTS", f"carrel:run:{ack['run_id']}") == 0)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_lost_redis_loses_nothing(
    database_url: str, server: RedisServer, how: signal.Signals
) -> None:
    """Where it runs an answer goes on; elsewhere asking again helps; health says so; all is well after."""
    gate = asyncio.Event()
    async with (
        two(database_url, server, [*WHOLE[:5], gate, *WHOLE[5:]]) as (here, there),
        here.socket() as one,
        there.socket() as other,
    ):
        ack = await ask(one)
        first = [await receive(one) for _ in range(5)]
        if how is signal.SIGKILL:
            server.kill()
        else:
            server.signal(how)
        await redis_is(there, "degraded")
        async with there.http() as http:
            health = (await http.get("/health")).json()
            assert (health["status"], health["checks"]["redis"]["status"]) == ("degraded", "degraded")
            assert (await http.get("/health/ready")).status_code == 200
        await send(other, "run-resume", run_id=ack["run_id"], starting_after=0)
        refused = await receive(other)
        assert (refused["code"], refused["run_id"]) == ("upstream_unavailable", ack["run_id"])
        assert refused["retryable"]
        gate.set()
        second = await rest(one)
        assert second[-1]["status"] == "completed"
        assert (await ask(other, "While it is lost"))["type"] == "message-ack"
        assert (await rest(other))[-1]["status"] == "completed"
        if how is signal.SIGKILL:
            server.start()
        else:
            server.signal(signal.SIGCONT)
        await redis_is(here, "ok")
        await redis_is(there, "ok")
        await send(other, "run-resume", run_id=ack["run_id"], starting_after=0)
        assert await rest(other) == first + second


async def test_a_gateway_spreads_over_both(database_url: str, server: RedisServer) -> None:
    """Sockets go to both in turn, an answer begun on one is resumed on the other, requests go to either."""
    gate = asyncio.Event()
    async with (
        two(database_url, server, [*WHOLE[:5], gate, *WHOLE[5:]]) as (here, there),
        gateway(chat_url=f"http://127.0.0.1:{here.port}, http://127.0.0.1:{there.port}") as door,
        AsyncExitStack() as stack,
    ):
        token = await door.session()
        url, headers = f"ws://127.0.0.1:{door.port}/v1/chat", {"authorization": f"Bearer {token}"}
        sockets = [
            await stack.enter_async_context(
                connect(url, additional_headers=headers, proxy=None, compression=None)
            )
            for _ in range(4)
        ]
        for opened in sockets:
            assert (await receive(opened))["type"] == "connection-ready"
        assert (here.service.connections, there.service.connections) == (2, 2)
        ack = await ask(sockets[0])
        first = [await receive(sockets[0]) for _ in range(5)]
        await send(sockets[1], "run-resume", run_id=ack["run_id"], starting_after=0)
        assert [await receive(sockets[1]) for _ in range(5)] == first
        gate.set()
        assert await rest(sockets[1]) == await rest(sockets[0])
        for _ in range(4):
            found = await door.ask("GET", "/v1/conversations", f"Authorization: Bearer {token}\r\n")
            assert len(found.json["items"]) == 1
        health = (await door.ask("GET", "/health/chat_ws", "")).json
        assert (health["status"], health["detail"]) == ("ok", "")


async def test_a_gateway_passes_over_one_that_is_away(database_url: str, server: RedisServer) -> None:
    """Once the watch has seen it, nobody meets it; health says which it is."""
    [nobody] = free_ports(1)
    async with (
        chatting(database_url, Answerer(WHOLE), redis_url=SecretStr(server.url)) as here,
        gateway(chat_url=f"http://127.0.0.1:{nobody}, http://127.0.0.1:{here.port}", watched=True) as door,
    ):
        token = await door.session()
        bearer = f"Authorization: Bearer {token}\r\n"
        breakers = [pool.breaker for pool in door.doors.desk.services[Target.CHAT].pools]
        await eventually(lambda: [breaker.open for breaker in breakers] == [True, False])
        health = (await door.ask("GET", "/health/chat_ws", "")).json
        assert health["status"] == "degraded"
        assert health["detail"].startswith("replica 1: down")
        for _ in range(6):
            assert (await door.ask("GET", "/v1/conversations", bearer)).status == 200
