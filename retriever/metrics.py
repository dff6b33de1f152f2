"""What the retriever tells Prometheus, read from what its parts know; counts nothing itself."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from retriever.answer import Answers
from retriever.documents.records import of_kind
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.guard.watch import Watch
from retriever.opening import OpeningStore
from retriever.search import Search
from shared.counting import Requests
from shared.errors import CarrelError
from shared.metrics import Metrics

COUNT_S = 1.0
"""How long the engine may take to count; past it, how much there is is left out."""


class Holdings:
    """How much the index holds, as far as it answers."""

    def __init__(self, store: OpeningStore, *, count_s: float = COUNT_S) -> None:
        self._store, self._count_s = store, count_s
        self.documents: int | None = None
        self.chunks: int | None = None

    async def refresh(self) -> None:
        """Count anew."""
        self.documents = self.chunks = None
        try:
            async with asyncio.timeout(self._count_s):
                documents = await self._store.count(of_kind("record"))
                self.documents, self.chunks = documents, await self._store.count(of_kind("chunk"))
        except (CarrelError, TimeoutError):
            return


def told(
    requests: Requests,
    *,
    store: OpeningStore,
    search: Search,
    answers: Answers,
    budget: Budget,
    model: GuardedModel | None,
    embedder: GuardedEmbedder | None = None,
) -> Metrics:
    """Return what the retriever tells."""
    metrics = Metrics("retriever", requests)
    metrics.gauge("requests_in_progress", "Requests being served.", lambda: requests.in_progress)
    _tell_index(metrics, store)
    outcomes = answers.outcomes
    metrics.histogram(
        "search_duration_seconds", "Looking and ranking, of searches and answers.", search.durations
    )
    metrics.counter(
        "answers", "Answers by finish reason.", lambda: outcomes.finished, labels=("finish_reason",)
    )
    metrics.counter("answers_cached", "Answers given from memory.", lambda: outcomes.cached)
    metrics.counter(
        "answers_degraded", "Answers by what they lacked.", lambda: outcomes.degraded, labels=("lacking",)
    )
    if watches := [guarded.watch for guarded in (model, embedder) if guarded is not None]:
        _tell_cohere(metrics, watches, budget)
    return metrics


def _tell_index(metrics: Metrics, store: OpeningStore) -> None:
    holdings = Holdings(store)
    metrics.refreshing.append(holdings.refresh)
    metrics.gauge("index_up", "Whether the index can be searched.", lambda: store.state.open)
    metrics.gauge("documents", "Documents in the index.", lambda: holdings.documents)
    metrics.gauge("chunks", "Chunks in the index.", lambda: holdings.chunks)


def _tell_cohere(metrics: Metrics, watches: Sequence[Watch], budget: Budget) -> None:
    metrics.counter(
        "cohere_calls",
        "Calls to Cohere by what became of them.",
        lambda: sum((watch.calls for watch in watches), Counter()),
        labels=("kind", "outcome"),
    )
    metrics.gauge(
        "cohere_breaker_open",
        "Whether Cohere is left alone.",
        lambda: {kind: is_open for watch in watches for kind, is_open in watch.open_breakers.items()},
        labels=("kind",),
    )
    metrics.gauge("budget_used_calls", "Calls counted this month.", lambda: budget.report().calls)
    metrics.gauge("budget_left_calls", "Calls left this month.", lambda: budget.report().left)
    metrics.gauge(
        "budget_tokens", "Tokens counted this month.", lambda: _tokens(budget), labels=("direction",)
    )


def _tokens(budget: Budget) -> dict[Any, float]:
    report = budget.report()
    return {
        ("input",): report.input_tokens,
        ("output",): report.output_tokens,
        ("embedding",): report.embedding_tokens,
    }
