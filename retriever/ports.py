"""What the retriever needs of others: an engine that holds vectors, a model, somebody who parses.

Owns the ports and their own small types, so that nothing inside knows Qdrant. Two adapters fulfil the
engine's, ``embedded`` and ``qdrant``; one contract suite runs on both.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from retriever.parsers.structure import ParsedDocument
from retriever.sparse import SparseVector

Payload = Mapping[str, Any]
DenseVector = Sequence[float]


@dataclass(frozen=True)
class Equals:
    """The payload's value, or one of its list, is ``value``; a number equals whatever its type."""

    key: str
    value: str | int | float


@dataclass(frozen=True)
class AnyOf:
    """The payload's value, or one of its list, is one of ``values``."""

    key: str
    values: tuple[str | int | float, ...]


@dataclass(frozen=True)
class Between:
    """The payload's number lies within every bound that is given."""

    key: str
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None


@dataclass(frozen=True)
class NoneOf:
    """The payload's value is none of ``values``."""

    key: str
    values: tuple[str, ...]


Condition = Equals | AnyOf | Between | NoneOf


@dataclass(frozen=True)
class Where:
    """All of ``must`` hold; a key is a path in the payload, such as ``metadata."lang"``."""

    must: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Schema:
    """What the collection holds; existing collections are opened as they are."""

    sparse: tuple[str, ...]
    """Names of the sparse vectors; the engine weighs each term by its IDF."""
    keywords: tuple[str, ...] = ()
    """Payload keys to index for equality."""
    integers: tuple[str, ...] = ()
    """Payload keys to index for ranges and order."""
    dense_size: int | None = None
    """Dimension of the dense vector, where there is one."""


@dataclass(frozen=True)
class Point:
    """One stored thing: ``id`` is a UUID; a point without vectors is only kept, never found by search."""

    id: str
    payload: Payload
    sparse: Mapping[str, SparseVector] = field(default_factory=dict)
    dense: DenseVector | None = None


@dataclass(frozen=True)
class Signal:
    """One way to look: a sparse vector ``using`` its name, or a dense one; its own best ``limit`` hits."""

    limit: int
    sparse: SparseVector | None = None
    using: str = ""
    dense: DenseVector | None = None


@dataclass(frozen=True)
class Stored:
    """A point as read back: the payload keys that were asked for."""

    id: str
    payload: Payload


@dataclass(frozen=True)
class Hit:
    """A point that a signal found, with that signal's score."""

    id: str
    score: float
    payload: Payload


class VectorStore(Protocol):
    """Holds points and finds them.

    A write returns when searches see it and a killed process keeps it. Every method raises
    ``UpstreamUnavailableError`` or ``UpstreamTimeoutError`` where the engine cannot do it now. ``keys``
    names the top-level payload keys to read; None reads all.
    """

    @property
    def exclusive(self) -> bool:
        """Whether no other process can write to the collection."""
        ...

    async def ensure(self, schema: Schema) -> None:
        """Open the collection, making it where there is none."""

    async def ping(self) -> None:
        """Return when the engine answers."""

    async def upsert(self, points: Sequence[Point]) -> None:
        """Write ``points``; up to 64 are written as one change that is seen whole."""

    async def delete(self, where: Where) -> None:
        """Remove every point for which ``where`` holds."""

    async def search(
        self, signals: Sequence[Signal], *, where: Where, keys: Sequence[str] | None = None
    ) -> list[list[Hit]]:
        """Return each signal's hits, best first; points without any of its terms are no hits."""

    async def retrieve(self, ids: Sequence[str], *, keys: Sequence[str] | None = None) -> list[Stored]:
        """Return those of ``ids`` that exist, in no certain order."""

    async def scroll(
        self, where: Where, *, limit: int, after: str | None = None, keys: Sequence[str] | None = None
    ) -> tuple[list[Stored], str | None]:
        """Return a page in the order of ids and what to pass as ``after`` for the next."""

    async def read(
        self, where: Where, *, limit: int, after: str | None = None
    ) -> tuple[list[Point], str | None]:
        """Return a page as :meth:`scroll` does, of whole points, with their vectors."""

    async def newest(
        self,
        where: Where,
        *,
        by: str,
        limit: int,
        until: int | None = None,
        keys: Sequence[str] | None = None,
    ) -> list[Stored]:
        """Return the points with the largest integer at ``by``, none larger than ``until``, largest first."""

    async def count(self, where: Where) -> int:
        """Return how many points there are for which ``where`` holds."""

    async def flush(self) -> None:
        """Write what is only in the engine's log to its files."""

    async def close(self) -> None:
        """Flush and close the collection; a second close does nothing."""


class Collections(Protocol):
    """Two places for an index: the living one is searched and written to, in the other the next is built.

    What fails, fails as a method of ``VectorStore`` does.
    """

    async def exist(self) -> bool:
        """Return whether there is a living one that was made before."""
        ...

    async def living(self) -> VectorStore:
        """Return the living one; it is opened by its ``ensure``."""
        ...

    async def beside(self) -> VectorStore:
        """Return the other one; what was built in it before is still there."""
        ...

    async def switch(self) -> None:
        """Make the other one the living one: at once, and durably."""

    async def moved(self) -> bool:
        """Return whether another process has switched since ``living`` was asked."""
        ...

    async def clear(self) -> None:
        """Remove the one that is not living; nobody uses it any more."""

    async def close(self) -> None:
        """Let go of the engine; its stores are closed before."""


@dataclass(frozen=True)
class Material:
    """A passage as it is given to a model: data, never instructions."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Written:
    """A further part of what the model writes."""

    text: str


@dataclass(frozen=True)
class Referred:
    """A part of what was written, in code points, and the ids of the material it stands on."""

    start: int
    end: int
    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Finished:
    """The model has ended by itself, or at its limit; tokens as they are billed."""

    complete: bool
    input_tokens: int
    output_tokens: int


class Model(Protocol):
    """A language model far away; every call is paid. Errors are CarrelErrors."""

    @property
    def name(self) -> str:
        """The model that writes."""
        ...

    def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        """Write an answer to the last of ``turns`` (role, text), standing on ``material``."""
        ...

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        """Return the places of ``texts``, best first, each with its relevance from 0 to 1."""
        ...

    async def rewrite(self, instructions: str, text: str) -> str:
        """Return a short text made of ``text``, as ``instructions`` say; soon, or not at all."""
        ...

    async def open(self) -> None:
        """Load what calls need; the first call does it otherwise."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class Meter(Protocol):
    """Counts what a month's paid calls come to."""

    async def spend(self) -> None:
        """Count one call that is about to be made."""
        ...

    async def used(
        self,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        embedding_tokens: int = 0,
        search_units: int = 0,
    ) -> None:
        """Count what a call came to, as it is billed."""
        ...


@dataclass(frozen=True)
class Space:
    """Where vectors lie; those of different spaces cannot be compared."""

    name: str
    """The model and all that decides what its vectors are, such as ``cohere/embed-v4.0``."""
    size: int
    """The dimension of every vector."""


EMBEDDED_AT_ONCE = 96
"""Passages that one paid call takes at most."""


class Embedder(Protocol):
    """Turns text into dense vectors whose cosine says how near two texts are. Errors are CarrelErrors."""

    @property
    def space(self) -> Space:
        """Where its vectors lie."""
        ...

    @property
    def even(self) -> float | None:
        """The cosine at which a passage is as likely as not about the question; None where not measured."""
        ...

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        """Return the vector of each text that is to be found, in their order; each has length 1."""
        ...

    async def query(self, text: str) -> DenseVector:
        """Return the vector of what is asked."""
        ...

    async def open(self) -> None:
        """Load what calls need; the first call does it otherwise."""
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


class Parsing(Protocol):
    """Reads documents of every media type; whatever they hold, it ends and does no harm."""

    async def parse(
        self, source: str | bytes, *, media_type: str, document_id: str, title: str = ""
    ) -> ParsedDocument:
        """Return the document that ``source`` is; what cannot be read is an ``InvalidRequestError``."""
        ...

    async def close(self) -> None:
        """Give back what parsing takes."""
        ...
