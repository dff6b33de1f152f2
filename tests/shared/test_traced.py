"""A service's requests as spans, with a tracer that keeps them; and how spans are switched on."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared import tracing
from shared.http import RequestIdMiddleware
from shared.settings import ServiceSettings
from shared.traced import TraceMiddleware, configure
from shared.tracing import span, traceparent, tracer
from tests.support.spans import Keeping, kept

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"
SETTINGS: dict[str, Any] = {"internal_token": "t" * 16}


def app(seen: list[str]) -> FastAPI:
    """A service that notes the context it works in."""
    made = FastAPI()

    @made.get("/things/{thing}")
    async def thing(thing: str) -> str:
        seen.append(traceparent.get())
        if thing == "bad":
            raise OSError("secret words")
        with span("look", {"carrel.limit": 3}):
            seen.append(traceparent.get())
        return thing

    @made.get("/health")
    async def health() -> str:
        seen.append(traceparent.get())
        return "ok"

    made.add_middleware(TraceMiddleware)
    made.add_middleware(RequestIdMiddleware)
    return made


async def ask(path: str, *, seen: list[str], **headers: str) -> httpx.Response:
    """Ask the service for ``path``."""
    transport = httpx.ASGITransport(app=app(seen))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        return await http.get(path, headers=headers)


async def test_a_context_goes_on_where_no_spans_are_told() -> None:
    """A service hands on what it was given; what is given to nobody in particular ends with the request."""
    seen: list[str] = []
    await ask("/things/a", seen=seen, traceparent=PARENT)
    await ask("/things/a", seen=seen)
    assert seen == [PARENT, PARENT, "", ""]
    assert tracer() is None
    assert traceparent.get() == ""


async def test_a_request_is_a_span_and_so_is_what_is_done_for_it() -> None:
    """The inner span is below the request's, and that below the caller's; each ends once."""
    seen: list[str] = []
    with kept() as spans:
        await ask("/things/a", seen=seen, traceparent=PARENT, **{"x-request-id": "r1"})
    request, look = spans
    assert (request.name, request.kind, request.parent) == ("GET /things/{thing}", "server", PARENT)
    assert request.attributes == {
        "http.request.method": "GET",
        "http.route": "/things/{thing}",
        "http.response.status_code": 200,
        "carrel.request_id": "r1",
    }
    assert (look.name, look.kind, look.parent) == ("look", "internal", request.traceparent)
    assert seen == [request.traceparent, look.traceparent]
    assert [one.ended for one in spans] == [1, 1]
    assert traceparent.get() == ""


async def test_a_failure_is_named_by_its_kind_alone() -> None:
    """Words of an error may be words of a visitor: they are in no span."""
    with kept() as spans:
        assert (await ask("/things/bad", seen=[])).status_code == 500
    assert spans[0].error == "OSError"
    assert "secret" not in repr(spans)


async def test_probes_are_no_spans() -> None:
    """What machines ask each second would bury the rest."""
    with kept() as spans:
        await ask("/health", seen=[], traceparent=PARENT)
    assert spans == []


async def test_a_socket_is_a_span_and_the_lifespan_none() -> None:
    """A WebSocket's span lasts as long as the socket."""
    inner: list[str] = []

    async def served(scope: Any, _receive: Any, _send: Any) -> None:
        inner.append(scope["type"] + traceparent.get())

    traced: Callable[..., Awaitable[None]] = TraceMiddleware(served)
    with kept() as spans:
        await traced({"type": "lifespan"}, None, None)
        await traced({"type": "websocket", "path": "/v1/chat", "headers": []}, None, None)
    assert [one.name for one in spans] == ["WEBSOCKET"]
    assert inner == ["lifespan", f"websocket{spans[0].traceparent}"]


def test_without_a_collector_nothing_is_made() -> None:
    """Unset is off, and OpenTelemetry is not asked for."""

    def make(*_: Any, **__: Any) -> Any:
        raise AssertionError("it is off")

    assert configure("gateway", ServiceSettings(**SETTINGS), make=make) is None
    assert tracer() is None


def test_a_collector_switches_spans_on() -> None:
    """The tracer is told the service and where the collector is."""
    made: list[Any] = []

    def make(service: str, *, endpoint: str) -> Keeping:
        made.append((service, endpoint))
        return Keeping()

    settings = ServiceSettings(**SETTINGS, otel_exporter_otlp_endpoint="http://collector:4318/")
    try:
        assert configure("gateway", settings, make=make) is not None
        assert isinstance(tracer(), Keeping)
    finally:
        tracing.use(None)
    assert made == [("gateway", "http://collector:4318")]


def test_what_is_missing_for_it_stops_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the variable and what to install."""

    def make(*_: Any, **__: Any) -> Any:
        raise ImportError("no opentelemetry")

    settings = ServiceSettings(**SETTINGS, otel_exporter_otlp_endpoint="http://collector:4318")
    with pytest.raises(SystemExit):
        configure("gateway", settings, make=make)
    error = capsys.readouterr().err
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in error
    assert "carrel[traces]" in error
    assert error.count("\n") == 1
