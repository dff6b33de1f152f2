import pytest

from shared.auth import Role
from tests.support.chat_client import receive
from tests.support.chat_fakes import Answerer
from tests.support.chat_service import NOWHERE, ask, chatting, identity, problem_of, rest

pytestmark = pytest.mark.integration


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
        ("/v1/conversations?q=" + "x" * 201, "q"),
        ("/v1/conversations?q=a%00", "q"),
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
