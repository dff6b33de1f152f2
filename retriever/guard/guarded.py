"""A model, and an embedder, behind their breakers and the budget: what may be asked of them, and why not."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from retriever.guard.budget import Budget, Kind
from retriever.guard.watch import Watch
from retriever.ports import (
    EMBEDDED_AT_ONCE,
    DenseVector,
    Embedder,
    Finished,
    Material,
    Model,
    Referred,
    Space,
    Written,
)
from shared.contracts.wire import Check
from shared.tracing import Attributes, span

MODEL_KINDS: Mapping[Kind, str] = {
    "chat": "extractive answers",
    "rerank": "no reranking",
    "condense": "follow-up questions are searched as they are",
}
EMBEDDER_KINDS: Mapping[Kind, str] = {
    "embed_query": "search by words only",
    "embed_passages": "documents are not embedded",
}


class GuardedModel:
    """Asks ``model`` only while that is sensible; every refusal and failure is a CarrelError."""

    def __init__(self, model: Model, budget: Budget, *, now: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self.watch = Watch(budget, MODEL_KINDS, now=now)

    @property
    def name(self) -> str:
        """The model that writes."""
        return self._model.name

    @property
    def exhausted(self) -> bool:
        """Whether the month's calls are used up as far as they may be."""
        return not self.watch.allows("chat")

    def check(self) -> Check:
        """Return how the model is, by how it answered; nothing is called."""
        return self.watch.check(self.name)

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        """Rank ``texts``, as the port does."""
        with span("rerank", {"carrel.texts": len(texts)}, kind="client"), self.watch.over("rerank"):
            return await self._model.rank(query, texts)

    async def rewrite(self, instructions: str, text: str) -> str:
        """Rewrite ``text``, as the port does."""
        with span("condense", kind="client"), self.watch.over("condense"):
            return await self._model.rewrite(instructions, text)

    async def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        """Write an answer, as the port does."""
        about: Attributes = {"gen_ai.request.model": self.name, "carrel.passages": len(material)}
        with span("generate", about, kind="client") as one, self.watch.over("chat"):
            async for said in self._model.write(instructions, turns, material):
                if isinstance(said, Finished):
                    one.note({"gen_ai.usage.input_tokens": said.input_tokens})
                    one.note({"gen_ai.usage.output_tokens": said.output_tokens})
                yield said


class GuardedEmbedder:
    """Fulfils ``Embedder`` with one that is paid; every refusal and failure is a CarrelError."""

    def __init__(
        self, embedder: Embedder, budget: Budget, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._embedder = embedder
        self.watch = Watch(budget, EMBEDDER_KINDS, now=now)

    @property
    def space(self) -> Space:
        return self._embedder.space

    @property
    def even(self) -> float | None:
        return self._embedder.even

    def check(self) -> Check:
        """Return how the embedder is, by how it answered; nothing is called."""
        return self.watch.check(self.space.name)

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        with self.watch.over("embed_passages", calls=-(-len(texts) // EMBEDDED_AT_ONCE)):
            return await self._embedder.passages(texts)

    async def query(self, text: str) -> DenseVector:
        with self.watch.over("embed_query"):
            return await self._embedder.query(text)

    async def open(self) -> None:
        await self._embedder.open()

    async def close(self) -> None:
        await self._embedder.close()
