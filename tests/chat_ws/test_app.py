import asyncio
import logging
import signal
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from chat_ws.app import create_app, new_id
from chat_ws.database.history import PostgresHistory
from chat_ws.database.migrate import migrate
from chat_ws.database.postgres import Database
from shared.contracts.retriever import AnswerRequest
from shared.sse import encode
from tests.support.chat_client import receive
from tests.support.chat_fakes import NOW, WHOLE, Answerer, Clock, question
from tests.support.chat_service import NOWHERE, Chat, ask, chatting, identity, rest, send, settings
from tests.support.postgres import PostgresServer
from tests.support.server import serving
from tests.support.waiting import eventually


def test_making_the_application_opens_nothing() -> None:
    """Whoever only wants its routes needs no database; only health is open to everybody."""
    app = create_app(settings(NOWHERE))
    assert not hasattr(app.state, "service")
    assert "/health" not in app.openapi()["paths"]
    assert set(app.openapi()["paths"]) == {
        "/v1/chat",
        "/v1/conversations",
        "/v1/conversations/{conversation_id}",
        "/v1/conversations/{conversation_id}/export",
        "/v1/conversations/{conversation_id}/messages",
        "/v1/conversations/{conversation_id}/messages/{message_id}",
        "/v1/insights/gaps",
        "/v1/insights/questions",
        "/v1/me",
        "/v1/me/export",
        "/v1/messages",
        "/v1/messages/{message_id}/feedback",
        "/v1/runs/{run_id}",
        "/v1/runs/{run_id}/events",
        "/v1/runs/{run_id}/cancel",
    }


@pytest.mark.integration
async def test_runs_a_killed_process_left_are_ended(database_url: str) -> None:
    """The next start ends them as incomplete with what was kept, and a client that resumes is told so."""
    database = Database(database_url, connections=1)
    await migrate(database, now=NOW)
    before = PostgresHistory(database, clock=Clock(), new_id=new_id, replica_id="gone")
    cut = await before.create_message("visitor_1", question())
    await before.checkpoint(cut.answer_id, "So far", [])
    await database.close()
    async with chatting(database_url, Answerer()) as chat, chat.socket() as opened:
        await send(opened, "run-resume", run_id=cut.run_id, starting_after=4)
        gap, end = await rest(opened)
        assert (gap["type"], gap["message_id"]) == ("resume-gap", cut.answer_id)
        assert (end["status"], end["sequence_number"]) == ("incomplete", 5)
        async with chat.http() as http:
            path = f"/v1/conversations/{cut.conversation_id}/messages/{cut.answer_id}"
            assert (await http.get(path)).json()["content"] == "So far"
        assert (await ask(opened, conversation_id=cut.conversation_id))["type"] == "message-ack"
        await rest(opened)


@pytest.mark.integration
async def test_a_database_that_comes_later_and_goes_and_comes(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """Start order does not matter; while it is away nothing is acknowledged, and nothing is lost."""
    caplog.set_level(logging.INFO, logger="chat_ws")
    server, gate = PostgresServer(Path(tmp_path_factory.mktemp("pg"))), asyncio.Event()
    answerer = Answerer([*WHOLE[:5], gate, *WHOLE[5:]], WHOLE)
    async with chatting(server.url(), answerer, prepared=False, drain_s=0.1) as chat:
        await eventually(lambda: "database: connection to server" in caplog.text)
        await asyncio.to_thread(server.start)
        try:
            await eventually(lambda: chat.service.health.prepared)
            assert caplog.text.count("database: connection to server") == 1
            assert "database: answers again" in caplog.text
            async with chat.socket() as opened:
                ack = await ask(opened)
                begun = [await receive(opened) for _ in range(5)]
                server.stop(signal.SIGKILL)
                refused = await ask(opened, "While away")
                assert (refused["code"], refused["retryable"]) == ("overloaded", True)
                gate.set()
                told = [await receive(opened) for _ in range(3)]
                assert [frame["type"] for frame in told] == [e.type for e in WHOLE[5:8]]
                await asyncio.to_thread(server.start)
                [end] = await rest(opened)
                assert (end["status"], end["sequence_number"]) == ("completed", len(WHOLE))
                async with chat.http() as http:
                    path = f"/v1/conversations/{ack['conversation_id']}/messages/{begun[0]['message_id']}"
                    assert (await http.get(path)).json()["content"] == "Ownership is a set."
        finally:
            server.stop()


@pytest.mark.integration
async def test_a_missing_privilege_is_waited_for(
    postgres_server: PostgresServer, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also what the database refuses is tried again: once it is granted, the service is ready."""
    name = database_url.split("/")[3].split("?")[0]
    postgres_server.execute(f"CREATE ROLE {name} LOGIN")
    theirs = database_url.replace("//carrel@", f"//{name}@")
    async with chatting(theirs, Answerer(), prepared=False) as chat:
        await eventually(lambda: "permission denied" in caplog.text)
        postgres_server.execute(f"GRANT CREATE ON SCHEMA public TO {name}", database=name)
        await eventually(lambda: chat.service.health.prepared)


def retriever(seen: list[AnswerRequest]) -> FastAPI:
    """A retriever that answers every question whole."""
    app = FastAPI()

    @app.post("/v1/answer")
    async def answer(body: AnswerRequest, request: Request) -> StreamingResponse:
        assert request.headers["x-carrel-role"] == "service"
        seen.append(body)
        events = (encode(event.model_dump(mode="json"), type=event.type) for event in WHOLE)
        return StreamingResponse(events, media_type="text/event-stream")

    return app


@pytest.mark.integration
async def test_the_retriever_is_asked_over_http(database_url: str) -> None:
    """Without another answerer the retriever at RETRIEVER_URL is asked, with context and filters."""
    seen: list[AnswerRequest] = []
    async with serving(retriever(seen)) as port:
        app = create_app(settings(database_url, retriever_url=f"http://127.0.0.1:{port}"))
        async with serving(app) as chat_port:
            chat = Chat(app, chat_port)
            await eventually(lambda: chat.service.health.prepared)
            async with chat.socket() as opened:
                await ask(opened, "Why?", filters={"lang": "en"}, context={"page_url": "https://x.test/"})
                assert [frame["type"] for frame in await rest(opened)] == [e.type for e in WHOLE]
    [asked] = seen
    assert (asked.messages[-1].content, asked.filters, asked.stream) == ("Why?", {"lang": "en"}, True)
    assert asked.context is not None
    assert asked.context.page_url == "https://x.test/"


@pytest.mark.integration
async def test_a_retriever_that_is_not_there(database_url: str) -> None:
    """The question is kept, the run fails as retryable, and the conversation can go on."""
    app = create_app(settings(database_url, retriever_url="http://127.0.0.1:9"))
    async with serving(app) as port:
        chat = Chat(app, port)
        await eventually(lambda: chat.service.health.prepared)
        async with chat.handshake(headers=identity()) as opened:
            await receive(opened)
            ack = await ask(opened)
            [end] = await rest(opened)
            assert (end["status"], end["error"]["code"]) == ("failed", "upstream_unavailable")
            assert end["error"]["retryable"] is True
            again = await ask(opened, conversation_id=ack["conversation_id"])
            assert again["type"] == "message-ack"
            await rest(opened)
