"""The retriever's parts over a store in memory, and documents to put into it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from retriever.answer import Answers
from retriever.documents.catalogue import Catalogue
from retriever.documents.preparation import Submission
from retriever.embedding.vectors import Vectors
from retriever.ingest import Ingest, Outcome
from retriever.parsers.registry import parse
from retriever.parsers.structure import ParsedDocument
from retriever.ports import Embedder
from retriever.search import Search
from tests.support.retriever_memory import MemoryStore

OWNERSHIP = """# What Is Ownership?

_Ownership_ is a set of rules that govern how a Rust program manages memory. It takes time to get used to.

## Ownership Rules

Keep these rules in mind:

- Each value in Rust has an owner.
- There can only be one owner at a time.

## Moves

```rust
let s2 = s1;
```

Assigning a `String` to another variable moves it, and the first variable is no longer valid.
"""
LAMPS = """# Lamps

A Fresnel lens is a lens made of rings of glass. The wick of a lamp is trimmed every four hours.
"""


def ticking(start: int = 1_000_000) -> Callable[[], int]:
    """Return a clock that goes one microsecond at each look."""
    ticks = count(start)
    return lambda: next(ticks)


class InProcess:
    """Fulfils ``retriever.ports.Parsing`` in a thread of this process."""

    closed = False
    asked = 0

    def __init__(self) -> None:
        self.given_up: Counter[tuple[str]] = Counter()

    async def parse(
        self, source: str | bytes, *, media_type: str, document_id: str, title: str = ""
    ) -> ParsedDocument:
        return await asyncio.to_thread(
            parse, source, media_type=media_type, document_id=document_id, title=title
        )

    async def close(self) -> None:
        self.closed = True


@dataclass
class Room:
    """What ``create_app`` builds, without HTTP."""

    store: MemoryStore = field(default_factory=MemoryStore)
    now_us: Callable[[], int] = field(default_factory=ticking)
    embedder: Embedder | None = None

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.store)
        embedder = self.embedder
        self.vectors = Vectors([embedder], living=lambda: embedder.space) if embedder else Vectors()
        self.ingest = Ingest(
            self.store, self.catalogue, InProcess(), now_us=self.now_us, vectors=self.vectors
        )
        self.search = Search(self.store, self.catalogue, self.vectors)
        self.answers = Answers(self.search)

    async def put(self, document_id: str, text: str, **said: Any) -> Outcome:
        """Put a Markdown document."""
        return await self.ingest.put(document_id, Submission(text.encode(), "text/markdown", **said))

    def of_kind(self, kind: str) -> list[dict[str, object]]:
        """The payloads of all points of a kind."""
        return [dict(p.payload) for p in self.store.points.values() if p.payload["kind"] == kind]
