"""A model behind its breaker and its budget: what an answer may ask of it, and why it may not."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager

from retriever.guard.breaker import Breaker
from retriever.guard.budget import Budget
from retriever.ports import Finished, Material, Model, Referred, Written
from shared.contracts.wire import Check
from shared.errors import CarrelError, UpstreamUnavailableError


class GuardedModel:
    """Asks ``model`` only while that is sensible; every refusal and failure is a CarrelError."""

    def __init__(self, model: Model, budget: Budget, *, now: Callable[[], float] = time.monotonic) -> None:
        self._model, self._now = model, now
        self.budget = budget
        self._chat, self._rerank = Breaker(), Breaker()
        self.calls: Counter[tuple[str, str]] = Counter()
        """By kind and outcome: ``answered``, ``failed``, ``abandoned`` by the caller, ``skipped`` unasked."""

    @property
    def name(self) -> str:
        """The model that writes."""
        return self._model.name

    @property
    def exhausted(self) -> bool:
        """Whether the month's calls are used up as far as they may be."""
        return not self.budget.allows_generation()

    @property
    def open_breakers(self) -> dict[tuple[str], bool]:
        """By kind, whether the model is left alone."""
        return {("chat",): not self._chat.closed(), ("rerank",): not self._rerank.closed()}

    def check(self) -> Check:
        """Return how the model is, by how it answered; nothing is called."""
        if self.exhausted:
            return Check(status="degraded", detail="the month's calls are used up: extractive answers")
        for breaker, without in ((self._chat, "extractive answers"), (self._rerank, "no reranking")):
            if not breaker.closed():
                return Check(status="degraded", detail=f"{breaker.reason}: {without}")
        return Check(status="ok", detail=self.name)

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        """Rank ``texts``, as the port does."""
        if not self.budget.allows_rerank():
            self.calls["rerank", "skipped"] += 1
            raise UpstreamUnavailableError("The month's calls are nearly used up")
        with self._watched("rerank", self._rerank):
            return await self._model.rank(query, texts)

    async def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        """Write an answer, as the port does."""
        if self.exhausted:
            self.calls["chat", "skipped"] += 1
            raise UpstreamUnavailableError("The month's calls are used up")
        with self._watched("chat", self._chat):
            async for said in self._model.write(instructions, turns, material):
                if isinstance(said, Finished):
                    await self.budget.used(input_tokens=said.input_tokens, output_tokens=said.output_tokens)
                yield said

    @contextmanager
    def _watched(self, kind: str, breaker: Breaker) -> Iterator[None]:
        if not breaker.allows(self._now()):
            self.calls[kind, "skipped"] += 1
            raise UpstreamUnavailableError(f"Left alone for a while: {breaker.reason}")
        outcome = "abandoned"
        try:
            yield
            outcome = "answered"
        except CarrelError as error:
            outcome = "failed"
            pause = None if error.retry_after_ms is None else error.retry_after_ms / 1000
            breaker.failed(self._now(), error.detail, pause_s=pause)
            raise
        finally:
            self.calls[kind, outcome] += 1
        breaker.succeeded()
