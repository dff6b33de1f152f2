"""A span a request, whichever way it takes; the service is told of it in the place of the client's."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from gateway.access import Entry
from gateway.request import RequestHead
from gateway.spans import Spans
from tests.support.gateway_server import OWNER, Gateway, gateway
from tests.support.gateway_upstream import Upstream, Wire, upstream
from tests.support.spans import Keeping
from tests.support.waiting import eventually

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"
CONTEXT = f"traceparent: {PARENT}\r\ntracestate: vendor=1\r\n"


@pytest.fixture
def tracer() -> Keeping:
    """Keeps the spans."""
    return Keeping()


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    """A service that answers well, but for one path that it breaks off."""

    async def answer(wire: Wire) -> None:
        await wire.read_body()
        if b"/v1/documents/broken" in wire.asked.line:
            wire.writer.transport.abort()
        else:
            await wire.reply()

    async with upstream(answer) as running:
        yield running


@pytest.fixture(params=[False, True], ids=["long way", "short way"])
async def door(service: Upstream, tracer: Keeping, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    """The gateway in front of ``service``."""
    async with gateway(warm=request.param, tracer=tracer, retriever_url=service.url) as running:
        tracer.spans.clear()
        yield running


def head_of(*headers: tuple[bytes, bytes]) -> RequestHead:
    """A request's head."""
    said = [(b"host", b"carrel.test"), *headers]
    return RequestHead("GET", b"/v1/documents", b"", version="1.1", headers=said, max_url_bytes=99)


async def test_a_request_is_one_span(door: Gateway, service: Upstream, tracer: Keeping) -> None:
    """Below its client's, with what the access line says; the service is told of this span instead."""
    answer = await door.ask("GET", "/v1/documents?q=secret", OWNER + CONTEXT + "X-Request-ID: r1\r\n")
    assert answer.status == 200
    await eventually(lambda: bool(tracer.spans and tracer.spans[0].ended))
    (span,) = tracer.spans
    assert (span.name, span.kind, span.parent, span.ended) == ("GET /v1/documents", "server", PARENT, 1)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/documents",
        "http.response.status_code": 200,
        "http.response.body.size": 2,
        "carrel.request_id": "r1",
    }
    assert service.asked[-1].get(b"traceparent") == span.traceparent.encode()
    assert service.asked[-1].get(b"tracestate") == b"vendor=1"


async def test_a_request_that_changes_its_way_stays_one_span(door: Gateway, tracer: Keeping) -> None:
    """What a service breaks off is asked again the long way, in the same span, and that has failed."""
    answer = await door.ask("GET", "/v1/documents/broken", OWNER)
    assert answer.status == 503
    await eventually(lambda: bool(tracer.spans and tracer.spans[0].ended))
    assert [(span.ended, span.error) for span in tracer.spans] == [(1, "503")]


async def test_refusals_and_our_own_answers_are_spans_and_probes_none(door: Gateway, tracer: Keeping) -> None:
    """What no service saw begins a trace of its own, when it really began, whatever a client says."""
    for target, headers in (("/health/live", ""), ("/v1/documents", CONTEXT), ("/version", ""), ("/no", "")):
        await door.ask("GET", target, headers)
    async with door.client() as client:
        await client.send(b"nonsense\r\n\r\n")
        assert (await client.reply()).status == 400
    await eventually(lambda: len(tracer.spans) == 4)
    seen = [(span.name, span.parent, span.attributes["http.response.status_code"]) for span in tracer.spans]
    assert seen == [
        ("GET /v1/documents", "", 401),
        ("GET /version", "", 200),
        ("GET unmatched", "", 404),
        ("other unmatched", "", 400),
    ]
    assert all(span.began_ns and span.ended == 1 for span in tracer.spans)


async def test_a_socket_is_a_span_until_its_end(tracer: Keeping) -> None:
    """The handshake tells the chat service of it; it ends with the socket."""
    told: list[str] = []

    async def echo(socket: ServerConnection) -> None:
        assert socket.request is not None
        told.append(socket.request.headers["traceparent"])
        await socket.send(await socket.recv())
        await socket.wait_closed()

    protocols: Any = ["carrel.v1"]
    async with serve(echo, "127.0.0.1", 0, subprotocols=protocols) as server:
        chat_url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with gateway(chat_url=chat_url, tracer=tracer) as door:
            offered: Any = ["carrel.v1", f"carrel.token.{await door.session()}"]
            tracer.spans.clear()
            url = f"ws://127.0.0.1:{door.port}/v1/chat"
            async with connect(url, subprotocols=offered, proxy=None) as socket:
                await socket.send("hello")
                assert await socket.recv() == "hello"
                (span,) = tracer.spans
                assert span.ended == 0
            await eventually(lambda: span.ended == 1)
            assert told == [span.traceparent]
            assert (span.name, span.attributes["http.response.status_code"]) == ("WEBSOCKET /v1/chat", 101)


@pytest.mark.parametrize("said", [[PARENT, PARENT], ["nonsense"], []])
def test_what_is_no_one_context_is_none(said: list[str], tracer: Keeping) -> None:
    """Two contexts, or none that can be read: the trace begins here, and nothing of them goes on."""
    spans, head = Spans(tracer), head_of(*((b"traceparent", one.encode()) for one in said), (b"a", b"b"))
    span = spans.begin(head)
    assert tracer.spans[0].parent == ""
    assert spans.lines(head, span) == f"a: b\r\ntraceparent: {span.traceparent}\r\n".encode()


def test_a_strange_method_is_no_name(tracer: Keeping) -> None:
    """Names of spans are a closed set: what a client made up is none of them."""
    Spans(tracer).end(Entry("PURGE", "", "/x", 405, 0, 0.5, 0.0, "r", ""), None)
    assert tracer.spans[0].name == "other unmatched"
