"""Ranks passages, condenses conversations and writes answers with Cohere.

Owns the deadlines of these calls, and that a stream is tried again only before its first word. Decides
nothing about when they are made.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from math import isfinite
from typing import Any

from retriever.cohere.connection import Connection, once, translated
from retriever.cohere.stream import said_in
from retriever.ports import Finished, Material, Referred, Written
from shared.errors import CarrelError, UpstreamTimeoutError, UpstreamUnavailableError

ATTEMPTS = 2
LINGER_S = 0.2
"""After the last word, for the end of the connection's answer."""
MAX_WRITTEN_TOKENS = 1000
MAX_CONDENSED_TOKENS = 120
THINKING: Any = {"type": "disabled"}
"""Models that reason do so unless told otherwise: seconds before the first word."""
_Said = Written | Referred | Finished


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds."""

    rerank_s: float = 1.5
    condense_s: float = 1.2
    first_word_s: float = 8.0
    next_word_s: float = 15.0
    whole_s: float = 120.0
    """Of one attempt, from its request to its last word."""


class Cohere:
    """The ``Model`` port on Cohere."""

    def __init__(
        self,
        connection: Connection,
        *,
        chat_model: str,
        rerank_model: str,
        condense_model: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._connection, self._patience = connection, patience or Patience()
        self._chat, self._rerank, self._condense = chat_model, rerank_model, condense_model or chat_model

    @property
    def name(self) -> str:
        """The model that writes."""
        return self._chat

    async def open(self) -> None:
        """Import the SDK and make the client; nothing is called."""
        await self._connection.client()

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        """Return the places of ``texts``, best first; late is an error."""
        client = await self._connection.client()
        with translated():
            async with asyncio.timeout(self._patience.rerank_s):
                answer = await client.rerank(
                    model=self._rerank, query=query, documents=list(texts), request_options=once()
                )
            billed = answer.meta.billed_units if answer.meta else None
            ranked = [(result.index, float(result.relevance_score)) for result in answer.results]
        if sorted(place for place, _ in ranked) != list(range(len(texts))):
            raise UpstreamUnavailableError("Cohere ranked something else than it was given")
        if not all(isfinite(score) for _, score in ranked):
            raise UpstreamUnavailableError("Cohere ranked with what is no number")
        await self._connection.meter.used(search_units=int((billed and billed.search_units) or 1))
        return ranked

    async def rewrite(self, instructions: str, text: str) -> str:
        """Return ``text`` as ``instructions`` say; late is an error."""
        client = await self._connection.client()
        with translated():
            async with asyncio.timeout(self._patience.condense_s):
                answer = await client.chat(
                    model=self._condense,
                    messages=_messages(instructions, [("user", text)]),
                    max_tokens=MAX_CONDENSED_TOKENS,
                    temperature=0.0,
                    thinking=THINKING,
                    request_options=once(),
                )
            if answer.finish_reason not in ("COMPLETE", "STOP_SEQUENCE"):
                raise UpstreamUnavailableError("Cohere did not condense to the end")
            blocks = answer.message.content or ()
            written = "".join(block.text for block in blocks if block.type == "text")
            billed = answer.usage.billed_units if answer.usage else None
            spent = [int((billed and billed.input_tokens) or 0), int((billed and billed.output_tokens) or 0)]
        await self._connection.meter.used(input_tokens=spent[0], output_tokens=spent[1])
        return written

    async def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[_Said]:
        """Write an answer; tried once more where nothing has come yet and trying again can help."""
        await self._connection.client()  # importing the SDK is not Cohere's slowness
        for attempt in range(1, ATTEMPTS + 1):
            async with aclosing(self._patiently(instructions, turns, material)) as stream:
                try:
                    first = await anext(stream)
                except CarrelError as error:
                    may_help = error.retryable and error.retry_after_ms is None
                    if attempt == ATTEMPTS or not may_help or isinstance(error, UpstreamTimeoutError):
                        raise
                    continue
                yield first
                async for said in stream:
                    yield said
                return

    async def _patiently(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncGenerator[_Said]:
        """What Cohere says, each word within its time: a trickle of bytes is none."""
        loop = asyncio.get_running_loop()
        end, wait_s = loop.time() + self._patience.whole_s, self._patience.first_word_s
        finished = False
        async with aclosing(self._written(instructions, turns, material)) as stream:
            while True:
                try:
                    async with asyncio.timeout_at(min(loop.time() + wait_s, end)):
                        said = await anext(stream)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    if finished:
                        return
                    raise UpstreamTimeoutError("Cohere did not say a word in time") from None
                if isinstance(said, Finished):
                    finished = True
                    await self._connection.meter.used(
                        input_tokens=said.input_tokens, output_tokens=said.output_tokens
                    )
                yield said
                wait_s = LINGER_S if finished else self._patience.next_word_s

    async def _written(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncGenerator[_Said]:
        client = await self._connection.client()
        documents: Any = [
            {"id": item.id, "data": {"title": item.title, "text": item.text}} for item in material
        ]
        with translated():
            stream = client.chat_stream(
                model=self._chat,
                messages=_messages(instructions, turns),
                documents=documents,
                max_tokens=MAX_WRITTEN_TOKENS,
                thinking=THINKING,
                request_options=once(),
            )
            async with aclosing(stream) as events:  # type: ignore[type-var]  # a generator, typed as an iterator
                async for said in said_in(events):
                    yield said


def _messages(instructions: str, turns: Sequence[tuple[str, str]]) -> Any:
    return [
        {"role": "system", "content": instructions},
        *({"role": role, "content": text} for role, text in turns),
    ]
