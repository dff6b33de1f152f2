"""What a service tells Prometheus of itself: ``GET /metrics``, and the middleware that counts requests.

Nothing is global: each application has a :class:`Metrics` of its own. What a service knows already is not
counted a second time, it is read when somebody asks.
"""

import asyncio
import platform
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from shared import __version__
from shared.auth import Principal, Role
from shared.counting import Durations, Requests
from shared.errors import ForbiddenError
from shared.http import ASGIApp, Receive, Scope, Send, principal

Read = Callable[[], float | Mapping[Any, float] | None]
"""Gives the value now, or values by tuples of the labels' values; None leaves the family out."""


UNMATCHED = "unmatched"
"""The route of a request that no route took."""
CLIENT_LEFT = 499
"""The status noted for a request whose client left before its answer; never sent."""


class _Reading(Collector):
    """One family, read when it is asked for."""

    def __init__(
        self,
        make: type[CounterMetricFamily | GaugeMetricFamily],
        name: str,
        documentation: str,
        read: Read,
        *,
        labels: tuple[str, ...],
    ) -> None:
        self._make, self._name, self._documentation = make, name, documentation
        self._read, self._labels = read, labels

    def describe(self) -> Iterable[Metric]:
        """Name the family, so that the registry refuses a second one of that name."""
        return (self._family(),)

    def collect(self) -> Iterable[Metric]:
        found = self._read()
        if found is None:
            return ()
        family = self._family()
        for labels, value in (found if isinstance(found, Mapping) else {(): found}).items():
            family.add_metric(labels, value)
        return (family,)

    def _family(self) -> CounterMetricFamily | GaugeMetricFamily:
        return self._make(self._name, self._documentation, labels=self._labels)


class _Histogram(Collector):
    def __init__(self, name: str, documentation: str, durations: Durations) -> None:
        self._name, self._documentation, self._durations = name, documentation, durations

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=())
        self._durations.add_to(family)
        return (family,)


class Metrics:
    """All that ``service`` tells, its process included; names get the service's prefix."""

    def __init__(self, service: str, *collectors: Collector) -> None:
        self.refreshing: list[Callable[[], Awaitable[None]]] = []
        """Awaited before anything is read: for what is not known without asking somebody."""
        self._service = service
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        about = {(__version__, platform.python_version()): 1.0}
        build = _Reading(
            GaugeMetricFamily,
            "carrel_build_info",
            "What is running.",
            lambda: about,
            labels=("version", "python"),
        )
        for collector in (build, *collectors):
            self._registry.register(collector)

    def gauge(self, name: str, documentation: str, read: Read, *, labels: tuple[str, ...] = ()) -> None:
        """Tell a value that goes up and down."""
        full = self._full(name)
        self._registry.register(_Reading(GaugeMetricFamily, full, documentation, read, labels=labels))

    def counter(self, name: str, documentation: str, read: Read, *, labels: tuple[str, ...] = ()) -> None:
        """Tell a value that only grows; ``_total`` is added to its name."""
        full = self._full(name)
        self._registry.register(_Reading(CounterMetricFamily, full, documentation, read, labels=labels))

    def histogram(self, name: str, documentation: str, durations: Durations) -> None:
        """Tell how long something took."""
        self._registry.register(_Histogram(self._full(name), documentation, durations))

    async def families(self) -> list[Metric]:
        """Return everything as it is now."""
        await asyncio.gather(*(refresh() for refresh in self.refreshing))
        return list(self._registry.collect())

    def _full(self, name: str) -> str:
        return f"carrel_{self._service}_{name}"


class _Collected(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def expose(families: Iterable[Metric], *, accept: str) -> Response:
    """Return ``families`` as OpenMetrics where ``accept`` names it, else as Prometheus text 0.0.4."""
    collected = _Collected(families)
    if "application/openmetrics-text" in accept:
        body: bytes = openmetrics.generate_latest(collected)  # type: ignore[no-untyped-call]  # it is not typed
        kind = openmetrics.CONTENT_TYPE_LATEST
    else:
        body, kind = generate_latest(collected), CONTENT_TYPE_PLAIN_0_0_4
    return Response(body, headers={"content-type": kind, "cache-control": "no-store"})


def reader(found: Annotated[Principal, Depends(principal)]) -> Principal:
    """Let in the owner and the services. A FastAPI dependency."""
    if found.role not in (Role.OWNER, Role.SERVICE):
        raise ForbiddenError("Only the owner may read the metrics: it takes the admin key")
    return found


router = APIRouter(dependencies=[Depends(reader)])
"""``GET /metrics`` of an application whose ``state.metrics`` is a :class:`Metrics`."""


@router.get("/metrics", include_in_schema=False)
async def read_metrics(request: Request) -> Response:
    metrics: Any = request.app.state.metrics
    return expose(await metrics.families(), accept=request.headers.get("accept", ""))


class CountingMiddleware:
    """Counts each request when it is over, a stream at its end; WebSockets are not its affair."""

    def __init__(self, app: ASGIApp, *, requests: Requests) -> None:
        self._app, self._requests = app, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, sent = 0, 0

        async def counted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        began = time.perf_counter()
        self._requests.in_progress += 1
        try:
            await self._app(scope, receive, counted)
        except Exception:
            status = status or 500
            raise
        finally:
            self._requests.in_progress -= 1
            took = time.perf_counter() - began
            self._requests.add(_template(scope), scope["method"], status or CLIENT_LEFT, took, sent)


def _template(scope: Scope) -> str:
    """Return the template of the route that took the request, as the framework has noted it."""
    found: str = getattr(scope.get("route"), "path_format", UNMATCHED)
    return found
