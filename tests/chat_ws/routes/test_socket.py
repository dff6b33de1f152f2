import json
import time
from typing import Any

import pytest
import websockets

from shared.auth import LIFETIME_S, Principal, Role, signed_headers
from tests.support.chat_client import receive
from tests.support.chat_fakes import Answerer
from tests.support.chat_service import NOWHERE, TOKEN, Chat, chatting, identity, problem_of

pytestmark = pytest.mark.integration


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


async def test_the_socket_without_an_upgrade_says_so(database_url: str) -> None:
    """A plain GET of the chat is told that it is a WebSocket."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        problem_of(await http.get("/v1/chat"), 426, "invalid_request")
