import pytest

from shared.contracts.chat_ws import VisitorExport
from tests.support.chat_fakes import Answerer
from tests.support.chat_service import NOWHERE, chatting, problem_of, talk

pytestmark = pytest.mark.integration


async def test_a_conversation_is_downloaded(database_url: str) -> None:
    """As JSON, or as Markdown with its sources, in a file that is named after it."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        [ack] = await talk(chat, "Übung: was ist/ownership?")
        conversation = f"/v1/conversations/{ack['conversation_id']}"
        for params, kind, name in (
            ({}, "application/json", "json"),
            ({"format": "json"}, "application/json", "json"),
            ({"format": "markdown"}, "text/markdown; charset=utf-8", "md"),
        ):
            answer = await http.get(f"{conversation}/export", params=params)
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert answer.headers["content-disposition"] == (
                f'attachment; filename="Ubung was ist ownership.{name}"; '
                f"filename*=UTF-8''%C3%9Cbung%20was%20ist%20ownership.{name}"
            )
            if name == "json":
                body = answer.json()
                messages = body.pop("messages")
                assert body == (await http.get(conversation)).json()
                for message in messages:
                    read = (await http.get(f"{conversation}/messages/{message['id']}")).json()
                    assert message | read == message
                assert [message["role"] for message in messages] == ["user", "assistant"]
                assert messages[1]["citations"][0]["sources"][0]["document_id"] == "d1"
            else:
                assert "> Übung: was ist/ownership?" in answer.text
                assert "Ownership\\[1\\] is a set." in answer.text
            head = await http.head(f"{conversation}/export", params=params)
            assert head.headers["content-disposition"] == answer.headers["content-disposition"]


async def test_everything_on_a_visitor_is_downloaded(database_url: str) -> None:
    """All conversations with all messages, nobody else's; nothing held is an empty list."""
    async with chatting(database_url, Answerer()) as chat, chat.http() as http:
        assert (await http.get("/v1/me/export")).json()["conversations"] == []
        acks = await talk(chat, *(f"Question {number}" for number in range(25)))
        await talk(chat, "Another's", visitor="visitor_2")
        answer = await http.get("/v1/me/export")
        assert answer.headers["content-disposition"].startswith('attachment; filename="carrel-export.json"')
        held = VisitorExport.model_validate(answer.json())
        assert held.visitor_id == "visitor_1"
        assert [one.id for one in held.conversations] == [ack["conversation_id"] for ack in acks[::-1]]
        for one, ack in zip(held.conversations, acks[::-1], strict=True):
            assert [str(message.client_message_id) for message in one.messages] == [
                ack["client_message_id"],
                "None",
            ]
        await http.delete("/v1/me")
        assert (await http.get("/v1/me/export")).json()["conversations"] == []


async def test_a_download_that_cannot_begin_is_refused(database_url: str) -> None:
    """Another's, an unknown format and a database that is away are problems, never half a file."""
    async with chatting(database_url, Answerer()) as chat, chat.http("visitor_2") as http:
        [ack] = await talk(chat, "One")
        path = f"/v1/conversations/{ack['conversation_id']}/export"
        told = problem_of(await http.get(path), 404, "not_found")
        same = problem_of(await http.get("/v1/conversations/conv_x/export"), 404, "not_found")
        assert told["detail"] == same["detail"]
    async with chatting(NOWHERE, Answerer(), prepared=False) as chat, chat.http() as http:
        assert problem_of(await http.get(f"{path}?format=pdf"), 422, "invalid_request")["param"] == "format"
        problem_of(await http.get(path), 503, "overloaded")
        problem_of(await http.get("/v1/me/export"), 503, "overloaded")
