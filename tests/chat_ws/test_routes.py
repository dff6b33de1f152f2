import json
import time
from typing import Any

import httpx
import pytest
import websockets

from shared.auth import LIFETIME_S, Principal, Role, signed_headers
from tests.support.chat_client import receive
from tests.support.chat_fakes import Answerer
from tests.support.chat_service import TOKEN, Chat, ask, chatting, identity, rest

pytestmark = pytest.mark.integration
NOWHERE = "postgresql://u@127.0.0.1:9/d?connect_timeout=1"


async def talk(chat: Chat, *questions: str, visitor: str = "visitor_1") -> list[dict[str, Any]]:
    """Ask each question in a conversation of its own; return the acknowledgements."""
    async with chat.socket(visitor) as opened:
        acks = []
        for question in questions:
            acks.append(await ask(opened, question))
            await rest(opened)
        return acks


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["request_id"]) == (code, answer.headers["x-request-id"])
    return body


async def test_ones_own_conversations(database_url: str) -> None:
    """They come newest first, page by page, and only one's own."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        acks = await talk(chat, "One", "Two", "Three")
        await talk(chat, "Another's", visitor="visitor_2")
        first = (await http.get("/v1/conversations", params={"limit": 2})).json()
        assert [item["title"] for item in first["items"]] == ["Three", "Two"]
        assert set(first["items"][0]) == {"id", "title", "created_at", "updated_at", "message_count"}
        assert first["items"][0]["created_at"].endswith("Z")
        after = {"limit": 2, "cursor": first["next_cursor"]}
        second = (await http.get("/v1/conversations", params=after)).json()
        assert ([item["title"] for item in second["items"]], second["next_cursor"]) == (["One"], None)
        one = (await http.get(f"/v1/conversations/{acks[0]['conversation_id']}")).json()
        assert (one, one["message_count"]) == (second["items"][0], 2)


async def test_the_messages_of_a_conversation(database_url: str) -> None:
    """The latest page comes first, oldest message first; one message can be read alone."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        [ack] = await talk(chat, "One")
        path = f"/v1/conversations/{ack['conversation_id']}/messages"
        page = (await http.get(path, params={"limit": 1})).json()
        assert [item["role"] for item in page["items"]] == ["assistant"]
        earlier = (await http.get(path, params={"before": page["next_cursor"]})).json()
        assert [item["id"] for item in earlier["items"]] == [ack["message_id"]]
        assert (await http.get(f"{path}/{ack['message_id']}")).json() == earlier["items"][0]


async def test_what_is_another_visitors_is_not_found(database_url: str) -> None:
    """It has the same answer as what does not exist, to the byte of its detail."""
    async with chatting(database_url, Answerer()) as chat, chat.http("visitor_2") as http:
        [ack] = await talk(chat, "One")
        conversation, message = ack["conversation_id"], ack["message_id"]
        for theirs, nobodys in (
            (f"/v1/conversations/{conversation}", "/v1/conversations/conv_x"),
            (f"/v1/conversations/{conversation}/messages", "/v1/conversations/conv_x/messages"),
            (
                f"/v1/conversations/{conversation}/messages/{message}",
                f"/v1/conversations/conv_x/messages/{message}",
            ),
        ):
            told = problem_of(await http.get(theirs), 404, "not_found")
            same = problem_of(await http.get(nobodys), 404, "not_found")
            assert told["detail"] == same["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/conversations?limit=0", "limit"),
        ("/v1/conversations?limit=201", "limit"),
        ("/v1/conversations?limit=x", "limit"),
        ("/v1/conversations?cursor=x", "cursor"),
        ("/v1/conversations?cursor=1%0A", "cursor"),
        ("/v1/conversations?cursor=1234567890123456789", "cursor"),
        ("/v1/conversations?cursor=%D9%A3", "cursor"),
        ("/v1/conversations/c/messages?before=-1", "before"),
        ("/v1/conversations/%00", "conversation_id"),
        ("/v1/conversations/" + "x" * 65, "conversation_id"),
        ("/v1/conversations/c/messages/a%00", "message_id"),
    ],
)
async def test_a_bad_parameter_is_named(path: str, field: str) -> None:
    """422 names the field; nothing of it reaches the database."""
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat, chat.http() as http:
        assert problem_of(await http.get(path), 422, "invalid_request")["param"] == field


@pytest.mark.parametrize("path", ["/v1/conversations/%FF", "/v1/conversations/%ED%A0%80/messages"])
async def test_bytes_that_are_no_text_name_nothing(database_url: str, path: str) -> None:
    """A path that is not UTF-8 is not found, not an error of ours."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        problem_of(await http.get(path), 404, "not_found")


async def test_an_empty_cursor_is_the_beginning(database_url: str) -> None:
    """A client may send the parameter before it has one; no conversations are an empty page."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        answer = await http.get("/v1/conversations", params={"cursor": ""})
        assert answer.json() == {"items": [], "next_cursor": None}
        answer = await http.get("/v1/conversations", params={"cursor": "0"})
        assert answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("role", [Role.SERVICE, Role.PUBLIC])
async def test_conversations_are_a_visitors(role: Role) -> None:
    """Who is signed but no visitor is forbidden; the owner is a visitor like any other."""
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat:
        async with chat.http(role=role) as http:
            problem_of(await http.get("/v1/conversations"), 403, "forbidden")
        async with chat.http("", role=Role.VISITOR) as http:
            problem_of(await http.get("/v1/conversations"), 403, "forbidden")


async def test_the_owner_may_ask_too(database_url: str) -> None:
    """An owner's conversations are the owner's."""
    async with chatting(database_url, Answerer()) as chat:
        async with chat.handshake(headers=identity("owner", role=Role.OWNER)) as opened:
            await receive(opened)
            await ask(opened)
            await rest(opened)
        async with chat.http("owner", role=Role.OWNER) as http:
            assert len((await http.get("/v1/conversations")).json()["items"]) == 1


async def refused(chat: Chat, headers: dict[str, str], **options: Any) -> tuple[int, dict[str, Any], Any]:
    """Try a handshake that is refused; return status, problem and headers."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await chat.handshake(headers=headers, **options)
    response = caught.value.response
    assert response.headers["content-type"] == "application/problem+json"
    body = json.loads(response.body or b"")
    assert response.headers["x-request-id"] == body["request_id"]
    return response.status_code, body, response.headers


async def test_a_handshake_without_identity(database_url: str) -> None:
    """Unsigned, wrongly signed and outdated handshakes get 401 and no upgrade."""
    old = signed_headers(Principal(id="v", role=Role.VISITOR), token=TOKEN, now=time.time() - LIFETIME_S - 5)
    wrong = signed_headers(Principal(id="v", role=Role.VISITOR), token="x" * 32, now=time.time())
    async with chatting(database_url, Answerer()) as chat:
        for headers in ({}, old, wrong):
            status, body, answered = await refused(chat, headers)
            assert (status, body["code"], answered["www-authenticate"]) == (401, "unauthorized", "Bearer")
        status, body, _ = await refused(chat, identity(role=Role.SERVICE))
        assert (status, body["code"]) == (403, "forbidden")


async def test_a_handshake_before_the_service_is_ready() -> None:
    """503 says when to come again; a service that is not prepared acknowledges nothing."""
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat:
        status, body, headers = await refused(chat, identity())
        assert (status, body["code"], headers["retry-after"]) == (503, "overloaded", "1")


async def test_the_subprotocol(database_url: str) -> None:
    """carrel.v1 is chosen wherever it is offered, none needs to be; another alone is refused with 400."""
    async with chatting(database_url, Answerer()) as chat:
        async with chat.handshake(headers=identity(), subprotocols=("other", "carrel.v1")) as opened:
            assert opened.subprotocol == "carrel.v1"
        async with chat.handshake(headers=identity(), subprotocols=()) as opened:
            assert opened.subprotocol is None
            assert (await receive(opened))["type"] == "connection-ready"
        status, body, _ = await refused(chat, identity(), subprotocols=("carrel.v2",))
        assert (status, body["code"]) == (400, "invalid_request")
        assert "carrel.v1" in body["detail"]


async def test_a_request_id_of_the_handshake_is_in_its_errors(database_url: str) -> None:
    """Whoever reports an error frame has named the log lines of its connection."""
    headers = identity() | {"x-request-id": "from-the-client-1"}
    async with chatting(database_url, Answerer()) as chat, chat.handshake(headers=headers) as opened:
        await receive(opened)
        await opened.send("{")
        assert (await receive(opened))["request_id"] == "from-the-client-1"


async def test_health_is_open_and_tells_the_truth(database_url: str) -> None:
    """Live, ready and health answer anybody; draining is still healthy and no longer ready."""
    async with (
        chatting(database_url, Answerer()) as chat,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{chat.port}", trust_env=False) as http,
    ):
        assert (await http.get("/health/live")).json() == {"status": "ok"}
        health = await http.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert (await http.get("/health/ready")).status_code == 200
        await chat.service.drain()
        assert (await http.get("/health")).status_code == 200
        assert (await http.get("/health/ready")).status_code == 503


async def test_health_without_a_database() -> None:
    """The process lives and says what it lacks."""
    async with (
        chatting(NOWHERE, Answerer(), prepared=False) as chat,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{chat.port}", trust_env=False) as http,
    ):
        assert (await http.get("/health/live")).status_code == 200
        for path in ("/health", "/health/ready"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["checks"]["postgres"]["status"]) == (503, "down")


async def test_reading_while_the_database_is_away() -> None:
    """A list that cannot be read is overloaded, with a time to come again."""
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat, chat.http() as http:
        answer = await http.get("/v1/conversations")
        assert problem_of(answer, 503, "overloaded")["retry_after_ms"] == 1000
        assert answer.headers["retry-after"] == "1"


async def test_the_socket_without_an_upgrade_says_so(database_url: str) -> None:
    """A plain GET of the chat is told that it is a WebSocket."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        problem_of(await http.get("/v1/chat"), 426, "invalid_request")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"options": {"a": "\ud800"}}, "options.a"),
        ({"options": {"\ud800": 1}}, "options."),
        ({"options": {"a": [[1]]}}, "options.a"),
        ({"filters": {"\ud800": 1}}, "filters."),
        ({"filters": {'a"': 1}}, 'filters.a"'),
        ({"filters": {"a": 10**400}}, "filters.a"),
        ({"content": "\ud800"}, "content"),
        ({"content": "a\0"}, "content"),
        ({"conversation_id": "\0"}, "conversation_id"),
        ({"client_message_id": 5}, "client_message_id"),
    ],
)
async def test_what_no_store_holds_is_refused(database_url: str, more: dict[str, Any], field: str) -> None:
    """Whatever JSON can say and a database cannot keep is named in a problem, and no question is stored."""
    question = {"client_message_id": "6f1c1d9a-6f5f-4c57-9b0b-0d8f6c8b1e11", "content": "x"} | more
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        headers = {"content-type": "application/json"}
        answer = await http.post("/v1/messages", content=json.dumps(question), headers=headers)
        assert problem_of(answer, 422, "invalid_request")["param"].startswith(field)
        assert (await http.get("/v1/conversations")).json()["items"] == []
