"""Puts the chat service together: the only file that knows everybody."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from fastapi import FastAPI

from chat_ws import metrics
from chat_ws.database.history import PostgresHistory
from chat_ws.database.migrate import migrate
from chat_ws.database.postgres import Database
from chat_ws.database.replicas import PostgresReplicas
from chat_ws.database.retention import Retention
from chat_ws.insights.overview import Insights
from chat_ws.insights.routes import insights as insights_routes
from chat_ws.ports import Answerer, Clock, Grouper, RunLogs
from chat_ws.routes import conversations, health, own_data, questions, socket
from chat_ws.run_logs.memory import MemoryRunLogs
from chat_ws.runs import process
from chat_ws.runs.keeper import Keeper
from chat_ws.runs.live import Runs
from chat_ws.service import Service
from chat_ws.settings import ChatSettings
from shared import __version__
from shared.auth import Principal, Role
from shared.clients.retriever import RetrieverClient
from shared.clients.transport import StreamTransport
from shared.collector import keep as keep_collecting
from shared.counting import Requests
from shared.errors import CarrelError
from shared.http import HeadMiddleware, IdentityMiddleware, RequestIdMiddleware, install_error_handlers
from shared.metrics import CountingMiddleware
from shared.metrics import router as metrics_router
from shared.tasks import cancel, spawn
from shared.traced import TraceMiddleware

_RETRY_S = 0.25
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Adapters:
    """What a test may put in the place of the real thing."""

    answerer: Answerer | None = None
    grouper: Grouper | None = None
    clock: Clock = lambda: datetime.now(UTC)


def create_app(settings: ChatSettings, *, adapters: Adapters | None = None) -> FastAPI:
    """Return the service; nothing is opened before its lifespan begins."""
    adapters = adapters or Adapters()
    requests = Requests("chat_ws")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            database = Database(
                settings.database_url.get_secret_value(), connections=settings.database_connections
            )
            stack.push_async_callback(database.close)
            # A beat waits for no question's turn, and health can tell a busy database from one that is away.
            beats = Database(settings.database_url.get_secret_value(), connections=1)
            stack.push_async_callback(beats.close)
            retriever = _retriever(settings, stack)
            replica_id = new_id("replica")
            history = PostgresHistory(database, clock=adapters.clock, new_id=new_id, replica_id=replica_id)
            logs = _run_logs(settings)
            runs = Runs(
                answerer=adapters.answerer or retriever,
                history=history,
                logs=logs,
                clock=adapters.clock,
                resume_window_s=settings.resume_window_s,
                max_runs=settings.max_runs,
                max_runs_each=settings.max_runs_per_visitor,
                max_queued=settings.max_runs_queued,
                max_wait_s=settings.max_wait_s,
            )
            replicas = PostgresReplicas(
                beats, replica_id=replica_id, process=process.here(), clock=adapters.clock
            )
            keeper = Keeper(replicas, runs)
            here = Service(
                settings,
                history=history,
                runs=runs,
                clock=adapters.clock,
                aside=lambda: beats.rows("SELECT 1"),
            )
            retention = _retention(settings, database, logs, adapters.clock)
            app.state.service, app.state.retention = here, retention
            app.state.insights = Insights(
                database,
                adapters.grouper or retriever,
                clock=adapters.clock,
                retention_days=settings.retention_days,
            )
            app.state.metrics = metrics.told(
                requests, service=here, runs=runs, database=database, retention=retention
            )
            stack.push_async_callback(logs.close)
            logs.start(hurried=keeper.hurry)
            preparing = spawn(_prepare(here, keeper, database, adapters.clock), name="prepare database")
            keeping = spawn(_after(preparing, keeper.run), name="keep this replica")
            removing = spawn(_after(preparing, retention.run), name="retention") if retention else None
            collecting = spawn(keep_collecting(), name="collector")
            yield
            await cancel(collecting)
            await cancel(removing)
            await here.drain()
            await cancel(keeping)
            await cancel(preparing)
            await keeper.leave()

    app = FastAPI(title="Carrel chat", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(health.router)
    app.include_router(metrics_router)
    app.include_router(conversations.router)
    app.include_router(own_data.router)
    app.include_router(questions.router)
    app.include_router(socket.router)
    app.include_router(insights_routes)
    install_error_handlers(app)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(IdentityMiddleware, token=settings.internal_token.get_secret_value())
    app.add_middleware(TraceMiddleware)
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(CountingMiddleware, requests=requests)
    return app


def new_id(prefix: str) -> str:
    """Return a new opaque id that begins with ``prefix``."""
    return f"{prefix}_{uuid4().hex}"


def _retriever(settings: ChatSettings, stack: AsyncExitStack) -> RetrieverClient:
    http = httpx.AsyncClient(
        base_url=settings.retriever_url,
        timeout=httpx.Timeout(settings.answer_timeout_s, connect=3.0),
        transport=StreamTransport(),
        trust_env=False,
    )
    stack.push_async_callback(http.aclose)
    return RetrieverClient(
        http,
        principal=Principal(id="chat_ws", role=Role.SERVICE),
        token=settings.internal_token.get_secret_value(),
    )


def _run_logs(settings: ChatSettings) -> RunLogs:
    if settings.redis_url is None:
        return MemoryRunLogs()
    # Imported only where it is used: it takes a tenth of a second.
    from chat_ws.run_logs.redis import RedisRunLogs

    return RedisRunLogs(settings.redis_url.get_secret_value(), window_s=settings.resume_window_s)


def _retention(settings: ChatSettings, database: Database, logs: RunLogs, clock: Clock) -> Retention | None:
    days = settings.retention_days
    return None if days is None else Retention(database, logs, days=days, clock=clock)


async def _after(preparing: asyncio.Task[None], work: Callable[[], Awaitable[None]]) -> None:
    await asyncio.wait([preparing])
    await work()


async def _prepare(here: Service, keeper: Keeper, database: Database, clock: Clock) -> None:
    """Bring the schema up to date and make this replica known, as soon as the database is there."""
    waiting = False
    while True:
        try:
            applied = await migrate(database, now=clock())
            await keeper.beat()
        except Exception as error:
            # Also what is not ours to translate, such as a missing privilege: once granted, we go on.
            if not waiting and not isinstance(error, CarrelError):
                _log.warning("the database cannot be used", exc_info=error)
            waiting = True
            await asyncio.sleep(_RETRY_S)
            continue
        if applied:
            _log.info("applied %d migrations", len(applied))
        here.health.prepared = True
        return
