"""The gateway, put together. The only module that knows all the others."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import FastAPI

from gateway.access import AccessLog
from gateway.admission import Admission
from gateway.bodies import Bodies
from gateway.client.doors import Doors
from gateway.client.patience import Patience
from gateway.desk import Desk
from gateway.front import Front
from gateway.identity import Identity, Tokens
from gateway.limits.memory import MemoryLimiter
from gateway.limits.ports import RateLimiter
from gateway.limits.quotas import Quotas
from gateway.origins import OriginRule
from gateway.outbox import Outbox
from gateway.own import static
from gateway.own.catalogue import Catalogue
from gateway.own.health import HealthProbe, Watch
from gateway.own.metrics import Traffic
from gateway.own.routes import Own, router
from gateway.own.scrape import Scrape
from gateway.own.sessions import Sessions
from gateway.routing import Target
from gateway.settings import GatewaySettings
from gateway.spans import Spans
from gateway.upstream.breaker import Breaker
from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool, Service
from gateway.upstream.replicas import one_of
from gateway.websocket.ws_proxy import SocketProxy
from shared import __version__
from shared.http import ASGIApp, install_error_handlers
from shared.metrics import Metrics
from shared.places import Places
from shared.tasks import cancel, spawn
from shared.tracing import Tracer

_OWN_CONNECTIONS = 4


@dataclass(frozen=True)
class Adapters:
    """What the gateway talks to."""

    services: Mapping[Target, Service]
    asking: Mapping[Target, Service]
    """For the gateway's own questions, which must never wait behind requests."""
    chat: SocketProxy
    limiter: RateLimiter
    access: AccessLog


@dataclass(frozen=True)
class Gateway:
    """An ASGI application, and the connections it is served on."""

    app: ASGIApp
    doors: Doors


def create_app(
    settings: GatewaySettings,
    *,
    adapters: Adapters | None = None,
    watched: bool = True,
    tracer: Tracer | None = None,
) -> Gateway:
    """Return the gateway; nothing is connected until it is asked for.

    ``watched`` is whether the services are asked all the time if they are there; ``tracer`` is told of each
    request, where there is one.
    """
    adapters = adapters or default_adapters(settings)
    limited = settings.limits == "on"
    tokens = Tokens([secret.get_secret_value() for secret in settings.session_secret])
    bodies = Bodies(each=settings.max_body_bytes, archive=settings.max_archive_bytes)
    desk = Desk(
        admission=Admission(
            identity=Identity(
                admin_keys=settings.admin_api_key,
                tokens=tokens,
                internal_token=settings.internal_token.get_secret_value(),
            ),
            origins=OriginRule(settings.page_origins),
            bodies=bodies,
            hops=settings.trusted_proxy_hops,
        ),
        services=adapters.services,
        access=adapters.access,
        traffic=Traffic(),
        places=Places(total=None, each=settings.max_requests_per_visitor if limited else None),
        quotas=Quotas(settings.rates) if limited else None,
        limiter=adapters.limiter,
        here=adapters.limiter if isinstance(adapters.limiter, MemoryLimiter) else None,
        outbox=Outbox(),
        max_url_bytes=settings.max_url_bytes,
        bodies=bodies,
        spans=None if tracer is None else Spans(tracer),
    )
    doors = Doors(desk, patience=_patience(settings), most=settings.max_connections if limited else None)
    own = _own_app(settings, adapters, tokens, doors, watched=watched)
    return Gateway(Front(desk, own=own, chat=adapters.chat), doors)


def default_adapters(settings: GatewaySettings, *, access: AccessLog | None = None) -> Adapters:
    """Return the real ones."""
    timeouts = Timeouts(
        connect=settings.upstream_connect_timeout_s,
        first_byte=settings.upstream_first_byte_timeout_s,
        idle=settings.upstream_idle_timeout_s,
        keep_alive=settings.upstream_keep_alive_s,
    )
    urls = {Target.RETRIEVER: (settings.retriever_url,), Target.CHAT: settings.chat_url}
    breakers = {
        (target, url): Breaker(
            target.value if len(of) == 1 else f"{target.value} {urlsplit(url).netloc}", clock=time.monotonic
        )
        for target, of in urls.items()
        for url in of
    }
    limited = settings.limits == "on"

    def services(most: int) -> dict[Target, Service]:
        return {
            target: one_of(
                [
                    Pool(url, timeouts=timeouts, max_connections=most, breaker=breakers[target, url])
                    for url in of
                ]
            )
            for target, of in urls.items()
        }

    passing = services(settings.upstream_max_connections)
    return Adapters(
        services=passing,
        asking=services(_OWN_CONNECTIONS),
        chat=SocketProxy(
            passing[Target.CHAT],
            places=Places(
                total=settings.max_sockets if limited else None,
                each=settings.max_sockets_per_visitor if limited else None,
            ),
            connect_timeout_s=settings.upstream_connect_timeout_s,
            idle_timeout_s=settings.socket_idle_timeout_s,
        ),
        limiter=_limiter(settings),
        access=access or AccessLog(log_format=settings.log_format, log_level=settings.log_level),
    )


def _limiter(settings: GatewaySettings) -> RateLimiter:
    memory = MemoryLimiter()
    if settings.redis_url is None or settings.limits == "off":
        return memory
    # Imported only where it is used: it takes a tenth of a second.
    from gateway.limits.redis import RedisLimiter

    return RedisLimiter(settings.redis_url.get_secret_value(), memory=memory)


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


def _own_app(
    settings: GatewaySettings, adapters: Adapters, tokens: Tokens, doors: Doors, *, watched: bool
) -> FastAPI:
    internal_token = settings.internal_token.get_secret_value()
    probe = HealthProbe(
        {target.value: service for target, service in adapters.asking.items()},
        timeout_s=settings.health_timeout_s,
        checks={"redis": adapters.limiter.check},
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        time_outs = spawn(doors.watch(), name="gateway time-outs")
        try:
            async with Watch(probe).running() if watched else nullcontext():
                yield
        finally:
            await cancel(time_outs)
            await adapters.limiter.close()
            for service in (*adapters.services.values(), *adapters.asking.values()):
                for pool in service.pools:
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
        files=static.load(settings.web_dir, framed_by=settings.allowed_origins),
        sessions=Sessions(tokens, lifetime_s=settings.session_lifetime_s),
        health=probe,
        catalogue=Catalogue(
            adapters.asking, internal_token=internal_token, timeout_s=settings.health_timeout_s
        ),
        commit=settings.commit,
        scrape=Scrape(
            _metrics(adapters, doors),
            adapters.asking,
            internal_token=internal_token,
            timeout_s=settings.health_timeout_s,
        ),
    )
    return app


def _metrics(adapters: Adapters, doors: Doors) -> Metrics:
    metrics = Metrics("gateway", doors.desk.traffic)
    pools = [pool for service in adapters.services.values() for pool in service.pools]
    by_service = ("upstream",)
    metrics.gauge(
        "breaker_open",
        "Whether a service is not asked.",
        lambda: {(pool.breaker.service,): pool.breaker.open for pool in pools},
        labels=by_service,
    )
    metrics.gauge(
        "upstream_connections_busy",
        "Connections to a service that are in use.",
        lambda: {(pool.breaker.service,): pool.busy for pool in pools},
        labels=by_service,
    )
    metrics.gauge(
        "upstream_connections_idle",
        "Connections to a service that are kept.",
        lambda: {(pool.breaker.service,): pool.idle for pool in pools},
        labels=by_service,
    )
    metrics.gauge("connections_open", "Clients' HTTP connections.", lambda: {(): len(doors.open)})
    metrics.gauge("sockets_open", "WebSockets.", lambda: {(): adapters.chat.open})
    metrics.gauge(
        "redis_lost", "Whether Redis is set and lost.", lambda: adapters.limiter.check().status != "ok"
    )
    metrics.gauge("requests_in_progress", "Requests of services.", lambda: {(): doors.desk.places.taken})
    return metrics
