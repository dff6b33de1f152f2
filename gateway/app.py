"""The gateway, put together. The only module that knows all the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from gateway import static
from gateway.access import AccessLog
from gateway.admission import Admission
from gateway.catalogue import Catalogue
from gateway.desk import Desk
from gateway.door import Doors
from gateway.exchange import Timeouts
from gateway.front import Front
from gateway.health import HealthProbe
from gateway.identity import Identity, Tokens
from gateway.limits import Places
from gateway.origins import OriginRule
from gateway.patience import Patience
from gateway.routes import Own, router
from gateway.routing import Target
from gateway.sessions import Sessions
from gateway.settings import GatewaySettings
from gateway.upstream import Pool
from gateway.ws_proxy import SocketProxy
from shared import __version__
from shared.http import ASGIApp, install_error_handlers
from shared.tasks import cancel, spawn


@dataclass(frozen=True)
class Adapters:
    """What the gateway talks to."""

    pools: dict[Target, Pool]
    chat: SocketProxy
    access: AccessLog


@dataclass(frozen=True)
class Gateway:
    """An ASGI application, and the connections it is served on."""

    app: ASGIApp
    doors: Doors


def create_app(settings: GatewaySettings, *, adapters: Adapters | None = None) -> Gateway:
    """Return the gateway; nothing is connected until it is asked for."""
    adapters = adapters or default_adapters(settings)
    tokens = Tokens([secret.get_secret_value() for secret in settings.session_secret])
    desk = Desk(
        admission=Admission(
            identity=Identity(
                admin_keys=settings.admin_api_key,
                tokens=tokens,
                internal_token=settings.internal_token.get_secret_value(),
            ),
            origins=OriginRule(settings.page_origins),
            max_body_bytes=settings.max_body_bytes,
            hops=settings.trusted_proxy_hops,
        ),
        pools=adapters.pools,
        access=adapters.access,
        places=Places(
            total=None, each=settings.max_requests_per_visitor if settings.limits == "on" else None
        ),
        max_url_bytes=settings.max_url_bytes,
        max_body_bytes=settings.max_body_bytes,
    )
    doors = Doors(
        desk,
        patience=_patience(settings),
        most=settings.max_connections if settings.limits == "on" else None,
    )
    own = _own_app(settings, adapters, tokens, doors)
    return Gateway(Front(desk, own=own, chat=adapters.chat), doors)


def default_adapters(settings: GatewaySettings, *, access: AccessLog | None = None) -> Adapters:
    """Return the real ones."""
    timeouts = Timeouts(
        connect=settings.upstream_connect_timeout_s,
        first_byte=settings.upstream_first_byte_timeout_s,
        idle=settings.upstream_idle_timeout_s,
        keep_alive=settings.upstream_keep_alive_s,
    )
    urls = {Target.RETRIEVER: settings.retriever_url, Target.CHAT: settings.chat_url}
    most = settings.upstream_max_connections
    limited = settings.limits == "on"
    return Adapters(
        pools={target: Pool(url, timeouts=timeouts, max_connections=most) for target, url in urls.items()},
        chat=SocketProxy(
            settings.chat_url,
            places=Places(
                total=settings.max_sockets if limited else None,
                each=settings.max_sockets_per_visitor if limited else None,
            ),
            connect_timeout_s=settings.upstream_connect_timeout_s,
            idle_timeout_s=settings.socket_idle_timeout_s,
        ),
        access=access or AccessLog(log_format=settings.log_format, log_level=settings.log_level),
    )


def _patience(settings: GatewaySettings) -> Patience:
    return Patience(
        head=settings.head_timeout_s,
        idle=settings.idle_timeout_s,
        body=settings.body_timeout_s,
        send=settings.send_timeout_s,
        total=settings.request_timeout_s,
        first_byte=settings.upstream_first_byte_timeout_s,
        silence=settings.upstream_idle_timeout_s,
    )


def _own_app(settings: GatewaySettings, adapters: Adapters, tokens: Tokens, doors: Doors) -> FastAPI:
    pools = adapters.pools

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watch = spawn(doors.watch(), name="gateway time-outs")
        try:
            yield
        finally:
            await cancel(watch)
            for pool in pools.values():
                pool.close()
            adapters.access.flush()

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
