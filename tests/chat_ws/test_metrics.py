"""What the chat service tells Prometheus, through its own route."""

import asyncio

import pytest

from shared.auth import Role
from tests.support.chat_client import receive
from tests.support.chat_fakes import WHOLE, Answerer
from tests.support.chat_service import Chat, ask, chatting, rest
from tests.support.prometheus import Samples, read
from tests.support.waiting import eventually


async def told(chat: Chat) -> Samples:
    """All that is told now."""
    async with chat.http("gateway", role=Role.SERVICE) as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (name.removeprefix("carrel_chat_ws_"), *labels): value
        for (name, *labels), value in read(answer.text).items()
    }


@pytest.mark.integration
async def test_it_tells_of_connections_runs_and_messages(database_url: str) -> None:
    """What is open and running now, and what ended how."""
    gate = asyncio.Event()
    async with chatting(database_url, Answerer([*WHOLE[:5], gate, *WHOLE[5:]])) as chat:
        async with chat.socket() as opened:
            id = "00000000-0000-4000-8000-000000000001"
            await ask(opened, client_message_id=id)
            for _ in range(5):
                await receive(opened)
            before = await told(chat)
            gate.set()
            await rest(opened)
            await ask(opened, client_message_id=id)
        await eventually(lambda: not chat.service.connections)
        after = await told(chat)
    assert (before["connections_open",], before["runs_running",]) == (1, 1)
    assert before["run_log_bytes",] > 0
    assert before["messages_stored_total", "new"] == 1
    assert (after["connections_open",], after["runs_running",]) == (0, 0)
    assert after["runs_ended_total", "completed"] == 1
    assert after["messages_stored_total", "duplicate"] == 1
    assert after["run_log_bytes",] > before["run_log_bytes",]


@pytest.mark.integration
async def test_it_tells_of_requests_and_the_database(database_url: str) -> None:
    """Requests by template, a stream at its end; the pool, and what it could not do."""
    async with chatting(database_url, Answerer(WHOLE), database_connections=2) as chat:
        async with chat.http() as http:
            body = {"client_message_id": "00000000-0000-4000-8000-000000000001", "content": "Why?"}
            events = await http.post(
                "/v1/messages",
                json={"type": "message-create", **body},
                headers={"accept": "text/event-stream"},
            )
            assert events.status_code == 200, events.text
            assert (await http.get("/v1/conversations/none")).status_code == 404
        found = await told(chat)
    assert found["requests_total", "POST", "/v1/messages", "200"] == 1
    assert found["sent_bytes_total", "POST", "/v1/messages", "200"] == len(events.content)
    assert found["requests_total", "GET", "/v1/conversations/{conversation_id}", "404"] == 1
    assert (found["database_connections_max",], found["database_waiting",]) == (2, 0)
    assert found["requests_in_progress",] == 1


@pytest.mark.integration
async def test_it_tells_when_the_database_is_away() -> None:
    """Without a database the numbers still come, and say that work was refused."""
    nowhere = "postgresql://u@127.0.0.1:9/d?connect_timeout=1"
    async with chatting(nowhere, Answerer(WHOLE), prepared=False) as chat:
        async with chat.http() as http:
            assert (await http.get("/v1/conversations")).status_code == 503
        found = await told(chat)
    assert found["database_refused_total", "away"] >= 1
