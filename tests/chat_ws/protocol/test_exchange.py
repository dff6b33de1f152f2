import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chat_ws.protocol.exchange import MAX_VISITORS, Exchange, position
from chat_ws.protocol.machine import Limits
from chat_ws.run_logs.log import Frame
from shared import sse
from shared.contracts.chat_ws import MessageCreate
from shared.errors import InvalidRequestError, OverloadedError, RateLimitedError
from tests.support.chat_fakes import NOW, RUN, START, WHOLE, Answerer, Clock, Step, question
from tests.support.chat_service import Chat, ask, chatting, rest
from tests.support.waiting import eventually

TYPES = [event.type for event in WHOLE]
STREAM = {"accept": "text/event-stream"}


def body(content: str = "What is ownership?", **fields: Any) -> dict[str, Any]:
    return {"client_message_id": str(uuid4()), "content": content, **fields}


class Stream:
    """A client's side of one stream of server-sent events."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer, self._decoder = answer, sse.Decoder()
        self._chunks = answer.aiter_raw()
        self._events: list[sse.Event] = []
        self.comments = 0

    async def event(self) -> sse.Event | None:
        """The next event, or None at the end."""
        async with asyncio.timeout(10):
            while not self._events:
                chunk = await anext(self._chunks, None)
                if chunk is None:
                    return None
                self.comments += chunk == sse.COMMENT
                self._events += self._decoder.feed(chunk)
        return self._events.pop(0)

    async def rest(self) -> list[sse.Event]:
        """Every event up to the end."""
        events = []
        while (event := await self.event()) is not None:
            events.append(event)
        return events


@asynccontextmanager
async def streaming(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> AsyncIterator[Stream]:
    async with http.stream(method, path, headers=STREAM | options.pop("headers", {}), **options) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield Stream(answer)


def frames(events: list[sse.Event]) -> list[Frame]:
    """What the events hold; each is of its own type, and its id is its run's and its number's."""
    told: list[Frame] = [json.loads(event.data) for event in events]
    assert [event.type for event in events] == [frame["type"] for frame in told]
    for event, frame in zip(events, told, strict=True):
        assert event.id == f"{frame['run_id']}:{frame.get('sequence_number', 0)}"
    return told


async def watching(chat: Chat, run_id: str) -> list[Frame]:
    """The same run as a WebSocket tells it."""
    async with chat.socket() as opened:
        await opened.send(json.dumps({"type": "run-resume", "run_id": run_id, "starting_after": 0}))
        return await rest(opened)


@pytest.mark.integration
async def test_a_question_over_events(database_url: str) -> None:
    """The acknowledgement, then frame for frame what a WebSocket is told; then it stands in the store."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        async with streaming(http, "POST", "/v1/messages", json=body()) as stream:
            ack, *told = frames(await stream.rest())
        assert (ack["type"], ack["duplicate"]) == ("message-ack", False)
        assert [frame["type"] for frame in told] == TYPES
        assert told == await watching(chat, ack["run_id"])
        path = f"/v1/conversations/{ack['conversation_id']}/messages"
        items = (await http.get(path)).json()["items"]
        assert [item["id"] for item in items] == [ack["message_id"], told[0]["message_id"]]


@pytest.mark.integration
async def test_a_question_answered_whole(database_url: str) -> None:
    """Without event-stream in Accept the answer comes once, as it is stored; a resent one is the same."""
    answerer = Answerer()
    async with chatting(database_url, answerer) as chat, chat.http() as http:
        sent = body()
        first = (await http.post("/v1/messages", json=sent)).json()
        assert (first["message"]["content"], first["message"]["status"]) == (
            "Ownership is a set.",
            "completed",
        )
        assert (first["run"]["status"], first["run"]["last_sequence_number"]) == ("completed", len(WHOLE))
        assert (first["duplicate"], first["error"]) == (False, None)
        again = (await http.post("/v1/messages", json=sent)).json()
        assert again == first | {"duplicate": True}
        assert (await http.get(f"/v1/runs/{first['run']['id']}")).json() == first["run"]
    assert len(answerer.requests) == 1


@pytest.mark.integration
async def test_the_conversation_goes_on_over_http(database_url: str) -> None:
    """The path names the conversation; a body that names another is refused."""
    answerer = Answerer()
    async with chatting(database_url, answerer) as chat, chat.http() as http:
        first = (await http.post("/v1/messages", json=body("One"))).json()
        conversation = first["run"]["conversation_id"]
        path = f"/v1/conversations/{conversation}/messages"
        second = (await http.post(path, json=body("Two"))).json()
        assert second["run"]["conversation_id"] == conversation
        third = (await http.post("/v1/messages", json=body("Three", conversation_id=conversation))).json()
        assert third["message"]["conversation_id"] == conversation
        refused = await http.post(path, json=body(conversation_id="conv_x"))
        assert (refused.status_code, refused.json()["param"]) == (422, "conversation_id")
        assert (await http.post("/v1/conversations/conv_x/messages", json=body())).status_code == 404
    assert [turn.content for turn in answerer.requests[1].messages] == ["One", "Ownership is a set.", "Two"]


@pytest.mark.integration
async def test_a_stream_that_is_lost_is_resumed(database_url: str) -> None:
    """Losing the stream cancels nothing; Last-Event-ID brings the rest without a gap and a double."""
    gate = asyncio.Event()
    script: list[Step] = [*RUN[:5], gate, *WHOLE[5:]]
    async with chatting(database_url, Answerer(script)) as chat, chat.http() as http:
        async with streaming(http, "POST", "/v1/messages", json=body()) as stream:
            seen = [await stream.event() for _ in range(4)]
        begun = [event for event in seen if event is not None]
        path = f"/v1/runs/{frames(begun)[0]['run_id']}/events"
        async with streaming(http, "GET", path, headers={"last-event-id": begun[-1].id}) as stream:
            gate.set()
            ended = await stream.rest()
        told = frames(begun + ended)[1:]
        assert [frame["sequence_number"] for frame in told] == list(range(1, len(WHOLE) + 1))
        assert told[-1]["status"] == "completed"
        async with streaming(http, "GET", path) as stream:
            assert frames(await stream.rest()) == told
        assert (await http.get(path, headers={"last-event-id": ended[-1].id})).status_code == 204
        bad = await http.get(path, headers={"last-event-id": "run_x:1"})
        assert (bad.status_code, bad.json()["param"]) == (422, "Last-Event-ID")


@pytest.mark.integration
async def test_what_is_no_longer_kept_is_a_gap(database_url: str) -> None:
    """Past the resume window the stream is resume-gap, which moves no position, and run-end."""
    async with (
        chatting(database_url, Answerer(), resume_window_s=0.01) as chat,
        chat.http() as http,
    ):
        run = (await http.post("/v1/messages", json=body())).json()["run"]
        await eventually(lambda: not chat.service.conversations._runs._runs)
        async with streaming(http, "GET", f"/v1/runs/{run['id']}/events") as stream:
            gap, end = await stream.rest()
        assert (gap.type, gap.id) == ("resume-gap", "")
        assert (end.type, end.id) == ("run-end", f"{run['id']}:{len(WHOLE)}")


@pytest.mark.integration
async def test_cancelling_over_http(database_url: str) -> None:
    """A run is stopped from another request; the stream ends with it, and the part is stored."""
    async with (
        chatting(database_url, Answerer([*RUN[:5], asyncio.Event()]), heartbeat_interval_s=0.05) as chat,
        chat.http() as http,
        streaming(http, "POST", "/v1/messages", json=body()) as stream,
    ):
        begun = [event for event in [await stream.event() for _ in range(6)] if event is not None]
        ack = frames(begun)[0]
        run = f"/v1/runs/{ack['run_id']}"
        assert (await http.get(run)).json()["status"] == "running"
        busy = await http.post(f"/v1/conversations/{ack['conversation_id']}/messages", json=body())
        assert (busy.status_code, busy.json()["code"]) == (409, "run_active")
        reading = asyncio.get_running_loop().create_task(stream.rest())
        await eventually(lambda: stream.comments > 1)
        assert (await http.post(f"{run}/cancel")).status_code == 202
        assert frames(await reading)[-1]["status"] == "cancelled"
        assert (await http.get(run)).json()["status"] == "cancelled"
        assert (await http.post(f"{run}/cancel")).status_code == 202


@pytest.mark.integration
async def test_another_visitors_run_is_not_found(database_url: str) -> None:
    """Reading, following and stopping it have the answer of a run that does not exist."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        run = (await http.post("/v1/messages", json=body())).json()["run"]["id"]
        async with chat.http("visitor_2") as other:
            for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel")):
                theirs = await other.request(method, f"/v1/runs/{run}{path}")
                nobodys = await other.request(method, f"/v1/runs/run_x{path}")
                assert theirs.status_code == nobodys.status_code == 404
                assert theirs.json()["code"] == nobodys.json()["code"] == "run_not_found"
                assert theirs.json()["detail"] == nobodys.json()["detail"]


@pytest.mark.integration
async def test_a_question_that_is_refused(database_url: str) -> None:
    """Whatever is asked for in Accept, a refusal is a problem document and nothing is stored."""
    async with (
        chatting(database_url, Answerer(), max_message_chars=5, messages_per_minute=2) as chat,
        chat.http() as http,
    ):

        async def refused(**fields: Any) -> tuple[int, str]:
            answer = await http.post("/v1/messages", json=body("Why?") | fields, headers=STREAM)
            return answer.status_code, answer.json()["code"]

        assert await refused(content="123456") == (413, "message_too_long")
        assert await refused(content=" ") == (422, "invalid_request")
        assert await refused(unknown=1) == (422, "invalid_request")
        assert await refused(client_message_id="x") == (422, "invalid_request")
        sent = body("Why?")
        assert (await http.post("/v1/messages", json=sent)).status_code == 200
        assert await refused(client_message_id=sent["client_message_id"], content="Who?") == (
            409,
            "idempotency_conflict",
        )
        assert await refused() == (429, "rate_limited")
        async with chat.http("visitor_2") as other:
            assert (await other.post("/v1/messages", json=body("Why?"))).status_code == 200
        assert len((await http.get("/v1/conversations")).json()["items"]) == 1


@pytest.mark.integration
async def test_draining_over_http(database_url: str) -> None:
    """New questions get 503; a stream that is open ends with its run, as incomplete."""
    async with (
        chatting(database_url, Answerer([START, asyncio.Event()]), drain_s=0.1) as chat,
        chat.http() as http,
        streaming(http, "POST", "/v1/messages", json=body()) as stream,
    ):
        await stream.event()
        draining = asyncio.get_running_loop().create_task(chat.service.drain())
        await eventually(lambda: chat.service.health.draining)
        refused = await http.post("/v1/messages", json=body())
        assert (refused.status_code, refused.json()["code"]) == (503, "draining")
        assert frames(await stream.rest())[-1]["status"] == "incomplete"
        await asyncio.wait_for(draining, 5)


@pytest.mark.integration
async def test_a_failed_run_says_why(database_url: str) -> None:
    """The question is kept, the answer is 200 with the run's failure in it."""
    answerer = Answerer([START, OverloadedError("busy")])
    async with chatting(database_url, answerer) as chat, chat.http() as http:
        answer = (await http.post("/v1/messages", json=body())).json()
        assert answer["run"]["status"] == "failed"
        assert answer["error"] == {"code": "overloaded", "message": "busy", "retryable": True}


@pytest.mark.integration
async def test_both_transports_share_a_conversation(database_url: str) -> None:
    """What began over a WebSocket goes on over HTTP."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        async with chat.socket() as opened:
            ack = await ask(opened, "One")
            told = await rest(opened)
        async with streaming(http, "GET", f"/v1/runs/{ack['run_id']}/events") as stream:
            assert frames(await stream.rest()) == told


@pytest.mark.integration
@pytest.mark.parametrize("whole", [False, True])
async def test_deleting_stops_the_answer(database_url: str, whole: bool) -> None:
    """Who deletes a conversation, or all, ends the run in it; nothing of it can be read or resumed."""
    async with (
        chatting(database_url, Answerer([*RUN[:5], asyncio.Event()], WHOLE)) as chat,
        chat.http() as http,
        chat.http("visitor_2") as other,
    ):
        async with streaming(http, "POST", "/v1/messages", json=body()) as stream:
            begun = [event for event in [await stream.event() for _ in range(6)] if event is not None]
            ack = frames(begun)[0]
            theirs = (await other.post("/v1/messages", json=body())).json()["run"]
            path = f"/v1/conversations/{ack['conversation_id']}"
            assert (await other.delete(path)).status_code == 404
            assert (await http.delete("/v1/me" if whole else path)).status_code == 204
            assert frames(await stream.rest())[-1]["status"] == "cancelled"
        for gone in (path, f"{path}/messages", f"/v1/runs/{ack['run_id']}/events"):
            assert (await http.get(gone)).status_code == 404
        await eventually(lambda: set(chat.service.conversations._runs._runs) == {theirs["id"]})
        assert (await other.get(f"/v1/runs/{theirs['id']}/events")).status_code == 200
        assert (await other.delete("/v1/me")).status_code == 204
        assert not chat.service.conversations._runs._runs


@pytest.mark.integration
async def test_renaming_over_http(database_url: str) -> None:
    """The new title is answered and kept; a blank or too long one is refused, naming the field."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        conversation = (await http.post("/v1/messages", json=body())).json()["run"]["conversation_id"]
        path = f"/v1/conversations/{conversation}"
        renamed = await http.patch(path, json={"title": "Mine"})
        assert (renamed.status_code, renamed.json()["title"]) == (200, "Mine")
        assert (await http.get(path)).json() == renamed.json()
        for title in ("", " ", "x" * 201, "\0", None):
            refused = await http.patch(path, json={"title": title})
            assert (refused.status_code, refused.json()["param"]) == (422, "title")
        async with chat.http("visitor_2") as other:
            assert (await other.patch(path, json={"title": "Mine"})).status_code == 404


@pytest.mark.parametrize(
    ("given", "expected"), [("", 0), ("run_1:0", 0), ("run_1:7", 7), ("run_1:999999999999999", 10**15 - 1)]
)
def test_where_a_client_is(given: str, expected: int) -> None:
    """Last-Event-ID names the frame that was had last; without it the run begins anew."""
    assert position(given, "run_1") == expected


@pytest.mark.parametrize(
    "given", ["7", "run_2:7", "run_1:", "run_1:-1", "run_1:٣", "run_1:1:7", "run_1:1000000000000000"]
)
def test_where_no_client_can_be(given: str) -> None:
    """An id that is not of this run is refused, naming the header."""
    with pytest.raises(InvalidRequestError) as caught:
        position(given, "run_1")
    assert caught.value.param == "Last-Event-ID"


class Asked:
    """Conversations that only count."""

    def __init__(self) -> None:
        self.frames: list[MessageCreate] = []

    async def ask(self, _visitor: str, frame: MessageCreate) -> None:
        self.frames.append(frame)

    def follow(self, _visitor: str, _run: str, *, starting_after: int) -> AsyncIterator[Frame]:
        return self._broken(starting_after)

    async def _broken(self, after: int) -> AsyncIterator[Frame]:
        yield {"type": "run-start", "run_id": "run_1", "sequence_number": after + 1}
        raise ZeroDivisionError


def counting(limit: int = 1) -> tuple[Exchange, Asked]:
    limits = Limits(20, 1024, limit, 1000, 1000)
    asked = Asked()
    return Exchange(asked, limits, clock=Clock(NOW)), asked  # type: ignore[arg-type]  # they only count


async def test_visitors_are_remembered_within_bounds() -> None:
    """Each visitor has a rate of its own, and the memory of them does not grow past its bound."""
    exchange, asked = counting()
    await exchange.ask("first", question("Why?"), conversation_id=None)
    with pytest.raises(RateLimitedError):
        await exchange.ask("first", question("Why?"), conversation_id=None)
    for number in range(MAX_VISITORS):
        await exchange.ask(f"v{number}", question("Why?"), conversation_id=None)
    assert len(exchange._admissions) == MAX_VISITORS
    await exchange.ask("first", question("Why?"), conversation_id=None)
    assert len(asked.frames) == MAX_VISITORS + 2


async def test_what_breaks_a_stream_is_told_in_it() -> None:
    """A stream that has begun cannot become a problem document: it ends with an error event."""
    exchange, _ = counting()
    events = [event async for event in exchange.follow("v1", "run_1", after=2)]
    assert events[0].startswith(b"id: run_1:3\nevent: run-start\n")
    assert b"event: error\n" in events[1]
    assert b'"code":"internal"' in events[1]
    assert not events[1].startswith(b"id:")
