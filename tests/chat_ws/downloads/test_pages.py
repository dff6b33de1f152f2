"""Downloads over a history in memory."""

import json
from collections import deque
from contextlib import aclosing

import pytest

from chat_ws.downloads.pages import PAGE, Downloads, begun
from shared.contracts.chat_ws import Conversation, ConversationExport, VisitorExport
from shared.errors import OverloadedError
from tests.support.chat_fakes import NOW, Clock, MemoryHistory, question


async def talk(history: MemoryHistory, count: int, *, visitor: str = "v1") -> Conversation:
    """A conversation of ``count`` questions."""
    conversation_id = None
    for number in range(count):
        frame = question(f"Question {number}", conversation_id=conversation_id)
        conversation_id = (await history.create_message(visitor, frame)).conversation_id
        await history.end_orphans()
    assert conversation_id is not None
    return await history.get_conversation(visitor, conversation_id)


@pytest.mark.parametrize("count", [1, PAGE // 2, PAGE])
async def test_a_conversation_is_written_whole(count: int) -> None:
    """Each message once, oldest first, however many pages they take."""
    history = MemoryHistory()
    downloads, conversation = Downloads(history, clock=Clock()), await talk(history, count)
    written = "".join([piece async for piece in downloads.as_json("v1", conversation)])
    export = ConversationExport.model_validate_json(written)
    assert export.model_dump(mode="json", exclude={"messages"}) == conversation.model_dump(mode="json")
    asked = [message.content for message in export.messages[::2]]
    assert asked == [f"Question {number}" for number in range(count)]
    text = "".join([piece async for piece in downloads.as_markdown("v1", conversation)])
    assert [line for line in text.splitlines() if line.startswith("> ")] == [f"> {one}" for one in asked]


async def test_everything_is_written_whole() -> None:
    """All conversations of the visitor, newest first, and nobody else's."""
    history = MemoryHistory()
    made = [(await talk(history, 1)).id for _ in range(PAGE + 1)]
    await talk(history, 1, visitor="v2")
    pieces = Downloads(history, clock=Clock()).everything("v1")
    export = VisitorExport.model_validate_json("".join([piece async for piece in pieces]))
    assert (export.visitor_id, export.exported_at.replace(microsecond=0)) == (
        "v1",
        NOW.replace(microsecond=0),
    )
    assert [one.id for one in export.conversations] == made[::-1]
    assert {len(one.messages) for one in export.conversations} == {2}


async def test_reading_keeps_step_with_writing() -> None:
    """No page is read before what came before it was taken: what waits is never more than a page."""
    history = MemoryHistory()
    conversation = await talk(history, 2 * PAGE)
    reads = 0

    async def read() -> None:
        nonlocal reads
        reads += 1

    history.before["read_messages"] = read
    taken = 0
    async with aclosing(Downloads(history, clock=Clock()).as_json("v1", conversation)) as pieces:
        async for _ in pieces:
            taken += 1
            assert reads <= 1 + taken // PAGE
    assert reads == 4


async def test_what_cannot_begin_is_refused() -> None:
    """The error comes before the first piece."""
    history = MemoryHistory()
    conversation = await talk(history, 1)
    history.failures["read_messages"] = deque([OverloadedError()])
    with pytest.raises(OverloadedError):
        await begun(Downloads(history, clock=Clock()).as_json("v1", conversation))


async def test_what_breaks_off_has_no_end() -> None:
    """A store that goes away in the middle is an error, and what was written is no JSON."""
    history = MemoryHistory()
    conversation = await talk(history, PAGE)
    history.failures["read_messages"] = deque()
    pieces = await begun(Downloads(history, clock=Clock()).as_json("v1", conversation))
    history.failures["read_messages"].append(OverloadedError())
    written: list[str] = []

    async def write() -> None:
        async for piece in pieces:
            written.append(piece)

    with pytest.raises(OverloadedError):
        await write()
    with pytest.raises(json.JSONDecodeError):
        json.loads("".join(written))


async def test_what_has_begun_is_whole() -> None:
    """The first pieces are told, too, also where there are no more."""
    history = MemoryHistory()
    pieces = await begun(Downloads(history, clock=Clock()).everything("v1"))
    assert json.loads("".join([piece async for piece in pieces]))["conversations"] == []
