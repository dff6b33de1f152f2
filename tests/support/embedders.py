"""Embedders that need no model: texts are near that share words."""

import math
from collections.abc import Callable, Sequence
from hashlib import blake2b

from retriever.language.tokens import terms
from retriever.ports import DenseVector, Space

SIZE = 64


class WordEmbedder:
    """Fulfils ``retriever.ports.Embedder``: each word is a direction; ``alike`` names words that share one.

    ``before`` is called with what is asked, ``passages`` or ``query``, and may raise.
    """

    def __init__(
        self,
        name: str = "words",
        *,
        alike: dict[str, str] | None = None,
        before: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.space = Space(name, SIZE)
        self.before = before
        self.opened = self.closed = False
        self.embedded = 0
        self._alike = alike or {}

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        self.before("passages")
        self.embedded += len(texts)
        return [self._vector(text) for text in texts]

    async def query(self, text: str) -> DenseVector:
        self.before("query")
        return self._vector(text)

    async def open(self) -> None:
        self.opened = True

    async def close(self) -> None:
        self.closed = True

    def _vector(self, text: str) -> DenseVector:
        vector = [0.0] * SIZE
        for term in terms(text):
            word = self._alike.get(term, term)
            vector[blake2b(f"{self.space.name} {word}".encode()).digest()[0] % SIZE] += 1.0
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector] if length else vector
