"""Puts the retriever together. The only module that knows everybody."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from retriever import health, metrics, routes
from retriever.admission import Admission
from retriever.answer import Answers
from retriever.cohere.connection import Connection, connection
from retriever.cohere.model import Cohere
from retriever.documents.catalogue import Catalogue
from retriever.embedding.cohere import make_embedder
from retriever.embedding.local import Absent, find
from retriever.embedding.vectors import Vectors
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.index import routes as index_routes
from retriever.index.identity import wanted
from retriever.index.importing import Importing
from retriever.index.rebuild import Rebuild
from retriever.ingest import Ingest
from retriever.openai.routes import router as openai
from retriever.opening import WATCH_EVERY_S, OpeningStore
from retriever.parsing.workers import Workers
from retriever.ports import Collections, Embedder, Model, Parsing
from retriever.search import Search
from retriever.settings import RetrieverSettings
from retriever.sources import routes as sources_routes
from retriever.sources.archive.sync import ArchiveSync
from retriever.sources.archive.vault import Vault
from retriever.sources.jobs import Jobs
from retriever.sources.registry import Registry
from retriever.sources.shelf import Shelf
from retriever.sources.sync import Sync
from retriever.sources.visits import Visits
from retriever.upkeep import keep_up
from retriever.web.replies import Fetches
from shared import __version__
from shared.counting import Requests
from shared.http import HeadMiddleware, IdentityMiddleware, RequestIdMiddleware, install_error_handlers
from shared.metrics import CountingMiddleware
from shared.metrics import router as metrics_router
from shared.tasks import cancel, spawn
from shared.traced import TraceMiddleware


def _now_us() -> int:
    return time.time_ns() // 1000


def make_cohere(settings: RetrieverSettings, cohere: Connection | None) -> Model | None:
    """Return Cohere's adapter where there is a way to it; nothing is opened or imported yet."""
    if cohere is None:
        return None
    return Cohere(
        cohere,
        chat_model=settings.cohere_chat_model,
        rerank_model=settings.cohere_rerank_model,
        condense_model=settings.cohere_condense_model,
    )


@dataclass(frozen=True)
class Embedders:
    """Who makes dense vectors, the one to build with first; ``lacking`` says why there is nobody."""

    found: tuple[Embedder, ...] = ()
    lacking: str = "search by words alone"


def make_embedders(settings: RetrieverSettings, cohere: Connection | None, budget: Budget) -> Embedders:
    """Return Cohere's embedder where there is a way to it, and the local model where there is one.

    The local one also serves an index that is not yet built anew. Nothing is loaded yet.
    """
    paid = () if cohere is None else (GuardedEmbedder(make_embedder(settings, cohere), budget),)
    local = find(settings)
    return Embedders(paid, local.reason) if isinstance(local, Absent) else Embedders((*paid, local))


def make_parsing(settings: RetrieverSettings) -> Parsing:
    """Return the processes that parse; none is started yet."""
    return Workers(timeout_s=settings.parse_timeout_s, memory_bytes=settings.parse_memory_bytes)


def make_fetches(settings: RetrieverSettings) -> Fetches:
    """Return one job's way to the web; nothing is opened, and its library imported by the first page."""
    from retriever.web.connection import Connection
    from retriever.web.crawler import Crawler

    connection = Connection(timeout_s=settings.fetch_timeout_s, allow_loopback=settings.fetch_allow_loopback)
    return Crawler(connection, delay_s=settings.fetch_delay_s)


@dataclass(frozen=True)
class Adapters:
    """What the retriever talks to, and the clock; tests bring their own."""

    make_collections: Callable[[], Awaitable[Collections]]
    make_model: Callable[[RetrieverSettings, Connection | None], Model | None] = make_cohere
    make_embedders: Callable[[RetrieverSettings, Connection | None, Budget], Embedders] = make_embedders
    make_parsing: Callable[[RetrieverSettings], Parsing] = make_parsing
    make_fetches: Callable[[RetrieverSettings], Fetches] = make_fetches
    now_us: Callable[[], int] = _now_us
    watch_every_s: float = WATCH_EVERY_S


def create_app(settings: RetrieverSettings, *, adapters: Adapters | None = None) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins."""
    adapters = adapters or Adapters(make_collections=lambda: make_collections(settings))
    app = FastAPI(
        title="Carrel retriever", version=__version__, lifespan=_lifespan, docs_url=None, redoc_url=None
    )
    app.state.budget = Budget(
        settings.data_dir / "cohere-usage.json",
        limit=settings.cohere_monthly_calls,
        token_limit=settings.cohere_monthly_tokens,
    )
    cohere = connection(settings, app.state.budget)
    embedders = adapters.make_embedders(settings, cohere, app.state.budget)
    app.state.embedders = embedders.found
    store = OpeningStore(
        adapters.make_collections,
        target=wanted(embedders.found[0].space if embedders.found else None),
        watch_every_s=adapters.watch_every_s,
    )
    app.state.settings, app.state.store = settings, store
    app.state.vectors = Vectors(app.state.embedders, living=lambda: store.space)
    app.state.cohere = adapters.make_model(settings, cohere)
    model = GuardedModel(app.state.cohere, app.state.budget) if app.state.cohere else None
    app.state.model = model
    embedder = next((one for one in embedders.found if isinstance(one, GuardedEmbedder)), None)
    guarded = [one for one in (model, embedder) if one is not None]
    app.state.vitals = health.Vitals(store, app.state.vectors, guarded, lacking=embedders.lacking)
    app.state.catalogue = Catalogue(store)
    app.state.parsing = adapters.make_parsing(settings)
    app.state.ingest = Ingest(
        store,
        app.state.catalogue,
        app.state.parsing,
        now_us=adapters.now_us,
        vectors=app.state.vectors,
        gate=store.gate,
    )
    app.state.rebuild = Rebuild(store, app.state.ingest, app.state.vectors, now_us=adapters.now_us)
    app.state.importing = Importing(store, tick=app.state.ingest.tick, switched=app.state.rebuild.look)
    admission = Admission(settings.max_searches, wait_s=settings.max_search_wait_s)
    app.state.search = Search(store, app.state.catalogue, app.state.vectors, admission)
    app.state.answers = Answers(app.state.search, model)
    requests = Requests("retriever")
    _add_sources(app, adapters)
    app.state.metrics = metrics.told(
        requests,
        store=store,
        search=app.state.search,
        answers=app.state.answers,
        budget=app.state.budget,
        model=model,
        embedder=embedder,
        intake=metrics.Intake(app.state.ingest, app.state.parsing, app.state.jobs, app.state.rebuild),
    )
    asked = (routes.documents, index_routes.router, routes.questions, openai, routes.usage, routes.inside)
    sources = (sources_routes.data_sources, sources_routes.ingestion_jobs)
    for router in (health.router, metrics_router, *asked, *sources):
        app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(IdentityMiddleware, token=settings.internal_token.get_secret_value())
    app.add_middleware(TraceMiddleware)
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(CountingMiddleware, requests=requests)
    return app


def _add_sources(app: FastAPI, adapters: Adapters) -> None:
    settings: RetrieverSettings = app.state.settings
    now_us, shelf = adapters.now_us, Shelf(app.state.store)
    visits = Visits(
        shelf,
        app.state.catalogue,
        app.state.ingest,
        page_bytes=settings.max_document_bytes,
        now_us=now_us,
    )
    vault = app.state.vault = Vault(settings.data_dir / "archives", now_us=now_us)
    archives = ArchiveSync(
        shelf,
        visits,
        vault,
        archive_bytes=settings.max_archive_bytes,
        file_bytes=settings.max_document_bytes,
        job_bytes=settings.sync_max_bytes,
    )
    app.state.jobs = Jobs(
        shelf,
        Sync(shelf, visits, archives, job_bytes=settings.sync_max_bytes, now_us=now_us),
        make_fetches=lambda: adapters.make_fetches(settings),
        now_us=now_us,
    )
    app.state.registry = Registry(
        shelf,
        app.state.jobs,
        visits,
        app.state.ingest,
        vault,
        archive_bytes=settings.max_archive_bytes,
        now_us=now_us,
        allow_loopback=settings.fetch_allow_loopback,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    store: OpeningStore = app.state.store
    await app.state.vault.tidy()
    opening = spawn(store.run(), name="open-index")
    model: Model | None = app.state.cohere
    embedders: tuple[Embedder, ...] = app.state.embedders
    needed: list[Model | Embedder] = [*([model] if model else []), *embedders]
    warming = [spawn(one.open(), name="open-model") for one in needed]
    upkeep = spawn(keep_up(store, app.state.ingest, app.state.vectors), name="upkeep")
    rebuild = spawn(app.state.rebuild.run(), name="rebuild")
    jobs = spawn(app.state.jobs.run(store.opened), name="ingestion-jobs")
    try:
        yield
    finally:
        await cancel(jobs)
        await app.state.jobs.close()
        for task in (rebuild, upkeep, opening, *warming):
            await cancel(task)
        await app.state.parsing.close()
        for one in needed:
            await one.close()
        await app.state.budget.settle()
        await store.close()


async def make_collections(settings: RetrieverSettings) -> Collections:
    """The engine's library is imported in a thread: it takes longer than a health check waits."""
    return await asyncio.to_thread(_remote if settings.qdrant_url else _embedded, settings)


def _remote(settings: RetrieverSettings) -> Collections:
    from retriever.qdrant import QdrantCollections, connect

    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    client = connect(settings.qdrant_url or "", api_key=key)
    return QdrantCollections(client, collection=settings.qdrant_collection)


def _embedded(settings: RetrieverSettings) -> Collections:
    import qdrant_edge  # noqa: F401 - loaded here, off the event loop

    from retriever.embedded.collections import EmbeddedCollections

    return EmbeddedCollections(settings.data_dir / "qdrant")
