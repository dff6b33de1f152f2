from typing import Any

import pytest

from tests.support.chat_fakes import Answerer
from tests.support.chat_service import NOWHERE, chatting, problem_of, talk

pytestmark = pytest.mark.integration


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


async def test_ones_conversations_are_searched(database_url: str) -> None:
    """`q` finds by titles and messages, page by page; without words of its own it finds nothing."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        await talk(chat, "Lamp one", "Another", "Lamp two")
        await talk(chat, "Lamp three", visitor="visitor_2")
        first = (await http.get("/v1/conversations", params={"q": "lam", "limit": 1})).json()
        after = {"q": "lam", "limit": 1, "cursor": first["next_cursor"]}
        second = (await http.get("/v1/conversations", params=after)).json()
        assert [item["title"] for item in first["items"] + second["items"]] == ["Lamp two", "Lamp one"]
        assert second["next_cursor"] is None
        # The scripted answer is "Ownership is a set."
        for q, count in (
            ("ownership set", 3),
            ("", 3),
            ("  ", 3),
            ("?", 0),
            ("lamp & set", 0),
            ("x" * 200, 0),
        ):
            page = (await http.get("/v1/conversations", params={"q": q})).json()
            assert len(page["items"]) == count, q


async def test_an_answer_is_rated(database_url: str) -> None:
    """200 with what is kept, the same when it is sent again; it is read with the message."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        [ack] = await talk(chat, "One")
        messages = f"/v1/conversations/{ack['conversation_id']}/messages"
        asked, answer = (await http.get(messages)).json()["items"]
        assert (asked["feedback"], answer["feedback"]) == (None, None)
        path = f"/v1/messages/{answer['id']}/feedback"
        kept = await http.put(path, json={"rating": "down", "comment": "Ü" * 2000})
        assert (kept.status_code, kept.json()["rating"], kept.json()["comment"]) == (200, "down", "Ü" * 2000)
        assert (await http.put(path, json={"rating": "down", "comment": "Ü" * 2000})).json() == kept.json()
        assert (await http.get(f"{messages}/{answer['id']}")).json()["feedback"] == kept.json()
        told = problem_of(
            await http.put(f"/v1/messages/{asked['id']}/feedback", json={"rating": "up"}), 404, "not_found"
        )
        async with chat.http("visitor_2") as other:
            same = problem_of(await other.put(path, json={"rating": "up"}), 404, "not_found")
        assert told["detail"] == same["detail"]
        assert (await http.get(f"{messages}/{answer['id']}")).json()["feedback"] == kept.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": None}, "rating"),
        ({"rating": "sideways"}, "rating"),
        ({"rating": "up", "comment": "x" * 2001}, "comment"),
        ({"rating": "up", "comment": "\0"}, "comment"),
        ({"rating": "up", "comment": 5}, "comment"),
        ({"rating": "up", "stars": 5}, "stars"),
    ],
)
async def test_a_bad_rating_is_named(body: dict[str, Any], field: str) -> None:
    """422 names the field; nothing of it reaches the database."""
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat, chat.http() as http:
        answer = await http.put("/v1/messages/msg_x/feedback", json=body)
        assert problem_of(answer, 422, "invalid_request")["param"] == field


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


@pytest.mark.parametrize("path", ["/v1/conversations/%FF", "/v1/conversations/%ED%A0%80/messages"])
async def test_bytes_that_are_no_text_name_nothing(database_url: str, path: str) -> None:
    """A path that is not UTF-8 is not found, not an error of ours."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        problem_of(await http.get(path), 404, "not_found")


async def test_reading_while_the_database_is_away() -> None:
    """A list that cannot be read is overloaded, with a time to come again."""
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat, chat.http() as http:
        answer = await http.get("/v1/conversations")
        assert problem_of(answer, 503, "overloaded")["retry_after_ms"] == 1000
        assert answer.headers["retry-after"] == "1"
