"""A stream's events become words, citations and an end, or an error; their order is not taken on trust."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cohere.v2.types import v2chat_stream_response as types

from retriever.cohere.stream import said_in
from retriever.ports import Finished, Referred, Written
from shared.errors import UpstreamUnavailableError
from tests.support import cohere_words as words

START = {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}}
_TYPES: dict[str, Any] = {
    cls.model_fields["type"].default: cls
    for cls in vars(types).values()
    if "type" in getattr(cls, "model_fields", {})
}


async def read(*events: dict[str, Any]) -> list[Written | Referred | Finished]:
    async def stream() -> AsyncIterator[Any]:
        for event in events:
            yield _TYPES[event["type"]].model_validate(event)

    return [said async for said in said_in(stream())]


async def test_only_what_is_of_the_text_is_told() -> None:
    """Citations of thoughts are left out: their offsets are not the answer's."""
    of_thought = words.citation("Hm", {"id": "c1"}, 0)
    of_thought["delta"]["message"]["citations"]["type"] = "THINKING_CONTENT"
    told = await read(
        START,
        words.content("content-start", "thinking", "Hm"),
        of_thought,
        words.content("content-delta", "text", "So."),
        words.citation("So.", {"id": "c1"}, 0),
        words.end("MAX_TOKENS"),
        words.content("content-delta", "text", "after the end"),
    )
    assert told == [
        Written("So."),
        Referred(0, 3, "So.", ("c1",)),
        Finished(complete=False, input_tokens=11, output_tokens=7),
    ]


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT", "TOOL_CALL"])
async def test_an_end_that_is_no_answer_is_an_error(reason: str) -> None:
    """Such a stream ends like any other, but for its reason."""
    with pytest.raises(UpstreamUnavailableError, match="ended with an error"):
        await read(START, words.content("content-delta", "text", "So."), words.end(reason))


async def test_a_second_start_is_an_error() -> None:
    """The SDK makes one of each line it cannot read."""
    with pytest.raises(UpstreamUnavailableError, match="broken"):
        await read(START, words.content("content-delta", "text", "So."), START)


async def test_a_stream_without_an_end_is_an_error() -> None:
    """Closed in order but in the middle of an answer."""
    with pytest.raises(UpstreamUnavailableError, match="broke off"):
        await read(START, words.content("content-delta", "text", "So."))


async def test_an_end_that_tells_no_usage_is_one() -> None:
    """What is not billed costs nothing."""
    end = {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}
    assert await read(START, end) == [Finished(complete=True, input_tokens=0, output_tokens=0)]
