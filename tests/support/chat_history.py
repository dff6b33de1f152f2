"""What tests of a history do over and over."""

from dataclasses import replace
from typing import Any

from chat_ws.ports import Ending, History, Stored
from tests.support.chat_fakes import CITATION, question


def ending(stored: Stored, **changes: Any) -> Ending:
    """The end of a whole answer, but for ``changes``."""
    whole = Ending(
        run_id=stored.run_id,
        message_id=stored.answer_id,
        content="An answer.",
        citations=(CITATION.citation,),
        status="completed",
        finish_reason="complete",
        degraded=("rerank",),
        last_sequence=9,
        error=None,
    )
    return replace(whole, **changes)


async def ask(history: History, content: str = "Why?", *, visitor: str = "v1", **fields: Any) -> Stored:
    """Ask and let the answer end at once."""
    stored = await history.create_message(visitor, question(content, **fields))
    await history.end_run(ending(stored))
    return stored
