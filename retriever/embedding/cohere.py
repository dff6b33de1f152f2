"""Dense vectors by Cohere's embedding models.

Owns how texts are gathered into calls and how long to wait: documents wait as long as Cohere asks, within
bounds, a question does not wait. Over the connection that ranking and writing use, too.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from retriever.cohere.connection import RAW_INT8, Connection, once, translated
from retriever.embedding.units import unit_vectors
from retriever.lru import Lru
from retriever.ports import EMBEDDED_AT_ONCE, DenseVector, Space
from retriever.settings import RetrieverSettings
from shared.errors import CarrelError, UpstreamTimeoutError

CONCURRENT = 2
KEPT_QUERIES = 1024
"""Of 4 KB each."""
_Purpose = Literal["search_document", "search_query"]


@dataclass(frozen=True)
class Waits:
    """How long is waited, in seconds."""

    query_s: float = 1.0
    """For a question's vector, a second attempt included."""
    batch_s: float = 30.0
    attempts: int = 4
    """Of a batch of documents."""
    most_s: float = 60.0
    """Before another attempt; who asks for more ends the batch."""
    backoff_s: float = 1.0
    """Before the second attempt where nothing was asked for; doubled before each further one."""


class CohereEmbedder:
    """The ``Embedder`` port on Cohere."""

    def __init__(
        self, connection: Connection, *, model: str, dimension: int, waits: Waits | None = None
    ) -> None:
        self._connection, self._model, self._waits = connection, model, waits or Waits()
        self._fixed = fixed_size(model)
        self._space = Space(f"cohere/{model}", self._fixed or dimension)
        self._few = asyncio.Semaphore(CONCURRENT)
        self._resume_at = 0.0
        self._queries: Lru[str, DenseVector] = Lru(entries=KEPT_QUERIES)

    @property
    def space(self) -> Space:
        """The model's own; v5 and v4 models have one for each dimension, which is its size."""
        return self._space

    @property
    def even(self) -> None:
        """Not measured: where Cohere embeds, it also writes."""
        return None

    async def open(self) -> None:
        """Import the SDK; nothing is called."""
        await self._connection.client()

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        """Return the vectors of ``texts``; a batch that cannot be had ends the others."""
        starts = range(0, len(texts), EMBEDDED_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:
                batches = [
                    group.create_task(self._patiently(texts[start : start + EMBEDDED_AT_ONCE]))
                    for start in starts
                ]
        except* CarrelError as failed:
            raise _first(failed) from None
        return [vector for batch in batches for vector in batch.result()]

    async def query(self, text: str) -> DenseVector:
        """Return the vector of ``text``, soon or not at all; the same text is embedded once."""
        if kept := self._queries.get(text):
            return kept
        await self._connection.client()  # importing the SDK is not Cohere's slowness
        try:
            async with asyncio.timeout(self._waits.query_s):
                try:
                    (vector,) = await self._embed([text], "search_query")
                except CarrelError as error:
                    if not error.retryable or error.retry_after_ms is not None:
                        raise
                    (vector,) = await self._embed([text], "search_query")
        except TimeoutError:
            raise UpstreamTimeoutError("Cohere did not embed the question in time") from None
        self._queries.put(text, vector)
        return vector

    async def _patiently(self, texts: Sequence[str]) -> list[DenseVector]:
        loop = asyncio.get_running_loop()
        async with self._few:
            for attempt in range(1, self._waits.attempts):
                await asyncio.sleep(max(0.0, self._resume_at - loop.time()))
                try:
                    return await self._batch(texts)
                except CarrelError as error:
                    wait_s = self._wait_s(error, attempt)
                    if wait_s > self._waits.most_s:
                        raise
                    # One who is told to wait waits for all: the limit is on inputs a minute.
                    self._resume_at = max(self._resume_at, loop.time() + wait_s)
            await asyncio.sleep(max(0.0, self._resume_at - loop.time()))
            return await self._batch(texts)

    def _wait_s(self, error: CarrelError, attempt: int) -> float:
        if not error.retryable:
            return float("inf")
        if error.retry_after_ms is not None:
            return error.retry_after_ms / 1000
        return self._waits.backoff_s * 2.0 ** (attempt - 1)

    async def _batch(self, texts: Sequence[str]) -> list[DenseVector]:
        try:
            async with asyncio.timeout(self._waits.batch_s):
                return await self._embed(texts, "search_document")
        except TimeoutError:
            raise UpstreamTimeoutError("Cohere did not embed in time") from None

    async def _embed(self, texts: Sequence[str], purpose: _Purpose) -> list[DenseVector]:
        client = await self._connection.client()
        sized: Any = {} if self._fixed else {"output_dimension": self._space.size}
        with translated():
            answer = await client.embed(
                model=self._model,
                input_type=purpose,
                texts=list(texts),
                embedding_types=["int8"],
                truncate="END",
                request_options=once(),
                **sized,
            )
            rows = (answer.embeddings.model_extra or {}).get(RAW_INT8, answer.embeddings.int8)
            billed = answer.meta.billed_units if answer.meta else None
            tokens = int((billed and billed.input_tokens) or 0)
        await self._connection.meter.used(embedding_tokens=tokens)
        make = partial(unit_vectors, rows, count=len(texts), size=self._space.size)
        return list(make() if len(texts) == 1 else await asyncio.to_thread(make))


def make_embedder(settings: RetrieverSettings, connection: Connection) -> CohereEmbedder:
    """Return the embedder that ``settings`` name; nothing is opened or imported yet."""
    return CohereEmbedder(
        connection, model=settings.cohere_embed_model, dimension=settings.cohere_embed_dimension
    )


def fixed_size(model: str) -> int | None:
    """Return the size of a model's vectors where it cannot be chosen: that of version 3."""
    if not re.search(r"-v3(\.|$)", model):
        return None
    return 384 if "-light-" in model else 1024


def _first(failed: BaseExceptionGroup[CarrelError]) -> CarrelError:
    """Return the first of the errors; the other batches were ended because of it."""
    error = failed.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
