"""Answers that were given before to the very same question over the very same index.

Bounded, in memory; what is asked, how it is filtered, by which model and over which version of the index
makes the key, so that nothing stale can be found.
"""

import json
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence

from shared.contracts.retriever import AnswerRequest, RunEvent

ENTRIES = 512


class AnswerCache:
    """Keeps the events of whole answers; the one unused for longest goes first."""

    def __init__(self, entries: int = ENTRIES) -> None:
        self._size = entries
        self._kept: OrderedDict[str, tuple[RunEvent, ...]] = OrderedDict()

    def get(self, key: str) -> tuple[RunEvent, ...] | None:
        """Return the events kept under ``key``."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, events: Sequence[RunEvent]) -> None:
        """Keep ``events``."""
        self._kept[key] = tuple(events)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


def cache_key(request: AnswerRequest, *, model: str, index_version: str) -> str:
    """Return what makes two questions the same: letter case and white space do not count."""
    turns = [(turn.role, _normal(turn.content)) for turn in request.messages]
    asked = request.model_dump(mode="json", include={"filters", "context"})
    return json.dumps([turns, asked, model, index_version], sort_keys=True)


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
