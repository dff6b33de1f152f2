import json
from typing import Any

import pytest

from tests.support.chat_fakes import Answerer
from tests.support.chat_service import chatting, problem_of

pytestmark = pytest.mark.integration


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


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('"content": "y"', "content"),
        ('"client_message_id": "6f1c1d9a-6f5f-4c57-9b0b-0d8f6c8b1e12"', "client_message_id"),
        ('"options": {"a": 1, "a": 1}', "a"),
    ],
)
async def test_a_field_that_is_said_twice_is_refused(database_url: str, more: str, field: str) -> None:
    """As over the WebSocket: two readers could take it for two questions; none is stored."""
    body = f'{{"client_message_id": "6f1c1d9a-6f5f-4c57-9b0b-0d8f6c8b1e11", "content": "x", {more}}}'
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        headers = {"content-type": "application/json"}
        for path in ("/v1/messages", "/v1/conversations/conv_x/messages"):
            answer = await http.post(path, content=body, headers=headers)
            assert problem_of(answer, 422, "invalid_request")["param"] == field
        assert (await http.get("/v1/conversations")).json()["items"] == []
