"""What a stream of Cohere's events says, in the words of the ``Model`` port.

Owns the order of its events: one that breaks it, breaks off or ends in an error is an error. Talks to nobody.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from retriever.ports import Finished, Referred, Written
from shared.errors import UpstreamUnavailableError


async def said_in(stream: AsyncIterator[Any]) -> AsyncIterator[Written | Referred | Finished]:
    """Yield what the SDK's events of ``stream`` say; what comes after ``Finished`` says nothing any more."""
    begun = False
    async for event in stream:
        match event.type:
            case "message-start":
                if begun:  # also how the SDK shows a line it could not read
                    raise UpstreamUnavailableError("Cohere's stream is broken")
                begun = True
            case "content-start" | "content-delta":
                content = event.delta.message.content
                if text := getattr(content, "text", None):  # thinking has none
                    yield Written(text)
            case "citation-start":
                citation = event.delta.message.citations
                if citation is not None and citation.type in (None, "TEXT_CONTENT"):
                    yield Referred(
                        citation.start or 0,
                        citation.end or 0,
                        citation.text or "",
                        tuple(source.id for source in citation.sources or () if source.id),
                    )
            case "message-end":
                yield _finished(event.delta)
                with suppress(Exception):
                    async for _ in stream:
                        pass  # a connection whose answer was read to its end can be used again
                return
            case _:
                pass
    raise UpstreamUnavailableError("Cohere broke off in the middle of an answer")


def _finished(delta: Any) -> Finished:
    if delta.finish_reason not in ("COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS"):
        raise UpstreamUnavailableError("Cohere ended with an error")
    billed = delta.usage.billed_units if delta.usage else None
    return Finished(
        complete=delta.finish_reason != "MAX_TOKENS",
        input_tokens=int((billed and billed.input_tokens) or 0),
        output_tokens=int((billed and billed.output_tokens) or 0),
    )
