"""Downloads: what is stored, read page by page and written as it is read, so that memory stays bounded.

Owns the order of reading. What goes wrong after the beginning is raised: a download that is not whole never
has the end of a whole one.
"""

from collections.abc import AsyncGenerator, AsyncIterator

from chat_ws.downloads.export import CLOSING, markdown, markdown_head, opening
from chat_ws.ports import Clock, History
from shared.contracts.chat_ws import Conversation, ExportedMessage
from shared.contracts.wire import Answer, Instant

PAGE = 20
"""Messages, or conversations, that are read at once."""


class _Whose(Answer):
    visitor_id: str
    exported_at: Instant


class Downloads:
    """Writes what a visitor has."""

    def __init__(self, history: History, *, clock: Clock) -> None:
        self._history, self._clock = history, clock

    async def as_markdown(self, visitor_id: str, conversation: Conversation) -> AsyncGenerator[str]:
        """Yield a conversation as Markdown."""
        yield markdown_head(conversation)
        async for message in self._messages(visitor_id, conversation.id):
            yield markdown(message)

    async def as_json(self, visitor_id: str, conversation: Conversation) -> AsyncGenerator[str]:
        """Yield a conversation as one JSON object."""
        yield opening(conversation, "messages")
        comma = ""
        async for message in self._messages(visitor_id, conversation.id):
            yield comma + message.model_dump_json()
            comma = ","
        yield CLOSING

    async def everything(self, visitor_id: str) -> AsyncGenerator[str]:
        """Yield all that is held on a visitor as one JSON object."""
        yield opening(_Whose(visitor_id=visitor_id, exported_at=self._clock()), "conversations")
        comma = ""
        async for conversation in self._conversations(visitor_id):
            yield comma
            comma = ","
            async for piece in self.as_json(visitor_id, conversation):
                yield piece
        yield CLOSING

    async def _messages(self, visitor_id: str, conversation_id: str) -> AsyncIterator[ExportedMessage]:
        after: int | None = 0
        while after is not None:
            items, after = await self._history.read_messages(
                visitor_id, conversation_id, limit=PAGE, after=after
            )
            for item in items:
                yield item

    async def _conversations(self, visitor_id: str) -> AsyncIterator[Conversation]:
        before: int | None = None
        while True:
            items, before = await self._history.list_conversations(visitor_id, limit=PAGE, before=before)
            for item in items:
                yield item
            if before is None:
                return


async def begun(pieces: AsyncGenerator[str]) -> AsyncIterator[str]:
    """Return ``pieces`` once enough are made to know that the store answers.

    Raises
    ------
    CarrelError
        What a download that has not begun is refused with.
    """
    first = [await anext(pieces), await anext(pieces, "")]

    async def whole() -> AsyncIterator[str]:
        for piece in first:
            yield piece
        async for piece in pieces:
            yield piece

    return whole()
