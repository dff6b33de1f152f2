"""What the retriever tells Prometheus, read from what its parts know; counts nothing itself."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from retriever.answer import Answers
from retriever.documents.records import of_kind
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.guard.watch import Watch
from retriever.index.rebuild import Rebuild
from retriever.ingest import Ingest
from retriever.opening import OpeningStore
from retriever.ports import Parsing
from retriever.search import Search
from shared.counting import Requests
from shared.errors import CarrelError
from shared.metrics import Metrics

COUNT_S = 1.0
"""How long the engine may take to count; past it, how much there is is left out."""


class Going(Protocol):
    """Ingestion jobs, counted."""

    ended: Counter[tuple[str]]

    @property
    def going(self) -> Mapping[tuple[str], int]:
        """How many wait for their turn and how many run."""
        ...


@dataclass(frozen=True)
class Intake:
    """What takes documents in."""

    ingest: Ingest
    parsing: Parsing
    jobs: Going
    rebuild: Rebuild


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
    intake: Intake | None = None,
) -> Metrics:
    """Return what the retriever tells."""
    metrics = Metrics("retriever", requests)
    metrics.gauge("requests_in_progress", "Requests being served.", lambda: requests.in_progress)
    _tell_index(metrics, store)
    outcomes = answers.outcomes
    metrics.histogram(
        "search_duration_seconds", "Looking and ranking, of searches and answers.", search.durations
    )
    metrics.gauge("searches_waiting", "Searches that wait for their turn.", lambda: search.admission.waiting)
    metrics.counter(
        "searches_refused", "Searches not taken: too many waited.", lambda: search.admission.refused
    )
    metrics.counter(
        "answers", "Answers by finish reason.", lambda: outcomes.finished, labels=("finish_reason",)
    )
    metrics.counter("answers_cached", "Answers given from memory.", lambda: outcomes.cached)
    metrics.counter(
        "answers_degraded", "Answers by what they lacked.", lambda: outcomes.degraded, labels=("lacking",)
    )
    if intake is not None:
        _tell_intake(metrics, intake)
    if watches := [guarded.watch for guarded in (model, embedder) if guarded is not None]:
        _tell_cohere(metrics, watches, budget)
    return metrics


def _tell_index(metrics: Metrics, store: OpeningStore) -> None:
    holdings = Holdings(store)
    metrics.refreshing.append(holdings.refresh)
    metrics.gauge("index_up", "Whether the index can be searched.", lambda: store.state.open)
    metrics.gauge("documents", "Documents in the index.", lambda: holdings.documents)
    metrics.gauge("chunks", "Chunks in the index.", lambda: holdings.chunks)


def _tell_intake(metrics: Metrics, intake: Intake) -> None:
    outcomes, parsing, jobs, rebuild = intake.ingest.outcomes, intake.parsing, intake.jobs, intake.rebuild
    metrics.counter("ingested", "Documents by what became of them.", lambda: outcomes, labels=("outcome",))
    metrics.gauge("parsing_asked", "Documents being parsed, or waiting for it.", lambda: parsing.asked)
    given_up = parsing.given_up
    metrics.counter(
        "parsing_given_up", "Documents not parsed to an end.", lambda: given_up, labels=("reason",)
    )
    metrics.gauge("ingestion_jobs", "Ingestion jobs now.", lambda: jobs.going, labels=("status",))
    metrics.counter("ingestion_jobs_ended", "Ingestion jobs by end.", lambda: jobs.ended, labels=("status",))
    metrics.gauge("rebuild_running", "Whether an index is built.", lambda: rebuild.progress.status != "idle")
    metrics.gauge(
        "rebuild_documents",
        "Documents of the index that is built.",
        lambda: {("done",): rebuild.progress.done, ("total",): rebuild.progress.total},
        labels=("state",),
    )


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
    metrics.gauge("budget_left_tokens", "Tokens left this month.", lambda: _tokens_left(budget))
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


def _tokens_left(budget: Budget) -> float | None:
    report = budget.report()
    if report.token_limit is None:
        return None
    return max(0, report.token_limit - sum(_tokens(budget).values()))
