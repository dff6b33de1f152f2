"""The retriever's application in process: its lifespan run, requests signed as the gateway would."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from retriever.app import Adapters, Embedders, create_app, make_cohere
from retriever.cohere.connection import Connection
from retriever.guard.budget import Budget
from retriever.ports import Embedder, Model, Parsing
from retriever.settings import RetrieverSettings
from shared.auth import Principal, Role, signed_headers
from shared.settings import load
from tests.support.retriever_memory import MemoryCollections, MemoryStore, making
from tests.support.retriever_room import InProcess, ticking
from tests.support.waiting import eventually

TOKEN = "a token of the tests"


def settings(**fields: Any) -> RetrieverSettings:
    """Settings that need nothing of the environment."""
    given = {"internal_token": TOKEN, "data_dir": Path("unused"), "embedding_model_dir": Path("none")}
    return load(RetrieverSettings, **given | fields)


def signed(role: Role = Role.OWNER) -> dict[str, str]:
    """Headers that say who asks."""
    return signed_headers(Principal(role.value, role), token=TOKEN, now=time.time())


def in_process(_: RetrieverSettings) -> Parsing:
    """Parse without starting a process."""
    return InProcess()


def built(
    store: MemoryStore | MemoryCollections | None = None,
    make_parsing: Callable[[RetrieverSettings], Parsing] = in_process,
    make_model: Callable[[RetrieverSettings, Connection | None], Model | None] = make_cohere,
    embedders: tuple[Embedder, ...] = (),
    make_embedders: Callable[[RetrieverSettings, Connection | None, Budget], Embedders] | None = None,
    **fields: Any,
) -> FastAPI:
    """The application over a store in memory."""
    adapters = Adapters(
        making(store or MemoryStore()),
        make_model=make_model,
        make_embedders=make_embedders or (lambda *_: Embedders(embedders)),
        make_parsing=make_parsing,
        now_us=ticking(),
        watch_every_s=0.001,
    )
    return create_app(settings(**fields), adapters=adapters)


@asynccontextmanager
async def client(app: FastAPI, role: Role = Role.OWNER) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running application, its index open."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://retriever", headers=signed(role)) as http,
    ):
        await eventually(lambda: app.state.store.state.open)
        yield http
