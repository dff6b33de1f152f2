"""A service's requests as spans, and whether there are any at all.

Owns the way in: the context a request came with, and a span around its answer where spans are told.
"""

from collections.abc import Callable, MutableMapping
from typing import Any

from shared.http import ASGIApp, Receive, Scope, Send
from shared.logging import request_id
from shared.settings import ServiceSettings, refuse
from shared.tracing import Tracer, around, sane_traceparent, traceparent, tracer, use

_UNTOLD = ("/health", "/metrics")
"""Asked every second by machines: their spans would bury the others."""


def configure(
    service: str, settings: ServiceSettings, *, make: Callable[..., Tracer] | None = None
) -> Tracer | None:
    """Switch spans on where the settings name a collector; ends the process when what it takes is missing."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return None
    try:
        to = (make or _otlp)(service, endpoint=endpoint)
    except ImportError:
        refuse("OTEL_EXPORTER_OTLP_ENDPOINT: takes what pip install 'carrel[traces]' installs")
    use(to)
    return to


def _otlp(service: str, *, endpoint: str) -> Tracer:
    from shared.telemetry import OtlpTracer

    return OtlpTracer(service, endpoint=endpoint)


class TraceMiddleware:
    """Takes the context a request came with, and puts a span around its answer where spans are told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        token = traceparent.set(sane_traceparent(given))
        try:
            if (to := tracer()) is None or scope["path"].startswith(_UNTOLD):
                await self._app(scope, receive, send)
            else:
                await self._told(to, scope, receive, send)
        finally:
            traceparent.reset(token)

    async def _told(self, to: Tracer, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method", "WEBSOCKET")
        attributes = {"http.request.method": method, "carrel.request_id": request_id.get()}
        with around(to, method, attributes, "server") as one:

            async def noted(message: MutableMapping[str, Any]) -> None:
                if message["type"].endswith("response.start"):
                    one.note({"http.response.status_code": message["status"]})
                await send(message)

            await self._app(scope, receive, noted)
            if route := getattr(scope.get("route"), "path_format", ""):
                one.note({"http.route": route}, name=f"{method} {route}")
