"""A visitor's conversations and their messages: list, search, read, rename, delete, rate."""

from typing import Annotated

from fastapi import APIRouter, Query

from chat_ws.routes import access
from chat_ws.routes.access import Cursor, Here, Limit, Visitor
from chat_ws.words import MAX_QUERY_CHARS, terms
from shared.bodies import OnceRoute
from shared.contracts.chat_ws import Conversation, Feedback, FeedbackGiven, Id, Message, Rename
from shared.contracts.wire import Page, Text
from shared.errors import NotFoundError
from shared.http import operation_id
from shared.openapi import problems

router = APIRouter(route_class=OnceRoute, tags=["conversations"], generate_unique_id_function=operation_id)

Searched = Annotated[Text, Query(max_length=MAX_QUERY_CHARS, examples=["wick_length"])]


@router.get("/v1/conversations")
async def list_conversations(
    here: Here, visitor_id: Visitor, limit: Limit = 20, cursor: Cursor = "", q: Searched = ""
) -> Page[Conversation]:
    """List one's own conversations, newest first; with `q` those that hold its words.

    A conversation is found when all words stand in its title, or all in one of its messages, whole or as
    the beginning of a word, in any case.
    """
    items, following = await here.history.list_conversations(
        visitor_id, limit=limit, before=access.position(cursor), terms=terms(q) if q.strip() else None
    )
    return Page(items=items, next_cursor=access.cursor(following))


@router.get("/v1/conversations/{conversation_id}", responses=problems(NotFoundError))
async def get_conversation(here: Here, visitor_id: Visitor, conversation_id: Id) -> Conversation:
    """Read one conversation, without its messages."""
    return await here.history.get_conversation(visitor_id, conversation_id)


@router.patch("/v1/conversations/{conversation_id}", responses=problems(NotFoundError))
async def rename_conversation(
    here: Here, visitor_id: Visitor, conversation_id: Id, body: Rename
) -> Conversation:
    """Give a conversation another title."""
    return await here.history.rename_conversation(visitor_id, conversation_id, body.title)


@router.delete("/v1/conversations/{conversation_id}", status_code=204, responses=problems(NotFoundError))
async def delete_conversation(here: Here, visitor_id: Visitor, conversation_id: Id) -> None:
    """Delete a conversation with its messages; an answer that is being given stops."""
    await here.conversations.delete(visitor_id, conversation_id)


@router.get("/v1/conversations/{conversation_id}/messages", responses=problems(NotFoundError))
async def list_messages(
    here: Here, visitor_id: Visitor, conversation_id: Id, limit: Limit = 50, before: Cursor = ""
) -> Page[Message]:
    """Read a conversation's latest messages, oldest first; ``next_cursor`` leads to earlier ones."""
    items, following = await here.history.list_messages(
        visitor_id, conversation_id, limit=limit, before=access.position(before)
    )
    return Page(items=items, next_cursor=access.cursor(following))


@router.get("/v1/conversations/{conversation_id}/messages/{message_id}", responses=problems(NotFoundError))
async def get_message(here: Here, visitor_id: Visitor, conversation_id: Id, message_id: Id) -> Message:
    """Read one message with its citations."""
    return await here.history.get_message(visitor_id, conversation_id, message_id)


@router.put("/v1/messages/{message_id}/feedback", responses=problems(NotFoundError))
async def rate_message(here: Here, visitor_id: Visitor, message_id: Id, body: FeedbackGiven) -> Feedback:
    """Say what one thinks of an answer; it replaces what one thought before."""
    return await here.history.rate_message(visitor_id, message_id, body)
