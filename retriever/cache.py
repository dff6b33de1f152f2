"""Answers that were given before to the very same question over the very same index.

In memory, bounded in number and in bytes; what is asked, how it is filtered, by which model and over which
version of the index makes the key, so that nothing stale can be found.
"""

import json
import unicodedata
from collections.abc import Sequence

from retriever.lru import Lru
from shared.contracts.retriever import AnswerRequest, RunEvent

ENTRIES = 512
BYTES = 32 * 1024 * 1024


class AnswerCache:
    """Keeps the events of whole answers; the one unused for longest goes first."""

    def __init__(self, entries: int = ENTRIES, *, most_bytes: int = BYTES) -> None:
        self._kept: Lru[str, tuple[RunEvent, ...]] = Lru(entries=entries, weight=most_bytes)

    def get(self, key: str) -> tuple[RunEvent, ...] | None:
        """Return the events kept under ``key``."""
        return self._kept.get(key)

    def put(self, key: str, events: Sequence[RunEvent]) -> None:
        """Keep ``events``; they weigh what they take as JSON, and their key."""
        size = len(key.encode()) + sum(len(event.model_dump_json().encode()) for event in events)
        self._kept.put(key, tuple(events), weight=size)


def cache_key(request: AnswerRequest, *, model: str, index_version: str) -> str:
    """Return what makes two questions the same: letter case and white space do not count."""
    turns = [(turn.role, _normal(turn.content)) for turn in request.messages]
    asked = request.model_dump(mode="json", include={"filters", "context"})
    return json.dumps([turns, asked, model, index_version], sort_keys=True)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
