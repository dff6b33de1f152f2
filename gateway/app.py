"""The gateway, put together. The only module that knows all the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from gateway import static
from gateway.catalogue import Catalogue
from gateway.connection import Timeouts
from gateway.front import Doors, Front, FrontLimits
from gateway.health import HealthProbe
from gateway.http_proxy import HttpProxy
from gateway.identity import Identity, Tokens
from gateway.limits import Places
from gateway.origins import OriginRule
from gateway.routes import Own, router
from gateway.routing import Target
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings
from gateway.upstream import Pool
from gateway.ws_proxy import SocketProxy
from shared import __version__
from shared.http import ASGIApp, RequestIdMiddleware, install_error_handlers


@dataclass(frozen=True)
class Adapters:
    """What the gateway talks to."""

    pools: dict[Target, Pool]
    chat: SocketProxy


def create_app(settings: GatewaySettings, *, adapters: Adapters | None = None) -> ASGIApp:
    """Return the gateway as an ASGI application; nothing is connected until it is asked for."""
    adapters = adapters or _adapters(settings)
    tokens = Tokens([settings.session_secret.get_secret_value()])
    front = Front(
        Doors(
            own=_own_app(settings, adapters, tokens),
            services={target: HttpProxy(pool) for target, pool in adapters.pools.items()},
            chat=adapters.chat,
        ),
        identity=Identity(admin_key_digest=settings.admin_api_key, tokens=tokens),
        origins=OriginRule(settings.page_origins),
        limits=FrontLimits(
            max_body_bytes=settings.max_body_bytes,
            max_url_bytes=settings.max_url_bytes,
            trusted_proxy_hops=settings.trusted_proxy_hops,
        ),
        internal_token=settings.internal_token.get_secret_value(),
    )
    return RequestIdMiddleware(front)


def _adapters(settings: GatewaySettings) -> Adapters:
    timeouts = Timeouts(
        connect=settings.upstream_connect_timeout_s,
        first_byte=settings.upstream_first_byte_timeout_s,
        idle=settings.upstream_idle_timeout_s,
        keep_alive=settings.upstream_keep_alive_s,
    )
    urls = {Target.RETRIEVER: settings.retriever_url, Target.CHAT: settings.chat_url}
    most = settings.upstream_max_connections
    places = Places(
        total=settings.max_sockets, each=settings.max_sockets_per_visitor, on=settings.limits == "on"
    )
    return Adapters(
        pools={target: Pool(url, timeouts=timeouts, max_connections=most) for target, url in urls.items()},
        chat=SocketProxy(
            settings.chat_url,
            places=places,
            connect_timeout_s=settings.upstream_connect_timeout_s,
            idle_timeout_s=settings.socket_idle_timeout_s,
        ),
    )


def _own_app(settings: GatewaySettings, adapters: Adapters, tokens: Tokens) -> FastAPI:
    pools = adapters.pools

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        for pool in pools.values():
            pool.close()

    app = FastAPI(
        title="Carrel",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    install_error_handlers(app)
    app.include_router(router)
    app.state.own = Own(
        files=static.load(settings.web_dir),
        sessions=Sessions(tokens, lifetime_s=settings.session_lifetime_s),
        health=HealthProbe({t.value: p for t, p in pools.items()}, timeout_s=settings.health_timeout_s),
        catalogue=Catalogue(
            pools,
            internal_token=settings.internal_token.get_secret_value(),
            timeout_s=settings.health_timeout_s,
        ),
        commit=settings.commit,
    )
    return app
