"""A stand-in for the server, as the commands meet it: programmed answers, remembered requests."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from shared.clients.gateway import GatewayClient
from shared.errors import CarrelError, problem
from shared.sse import encode

Handler = Callable[[httpx.Request], httpx.Response]

SOURCE = {
    "document_id": "ch04.md",
    "passage_id": "p1",
    "title": "What Is Ownership?",
    "url": "https://book.test/ch04.html#rules",
    "quote": "Ownership is a set of rules.",
    "heading_path": ["What Is Ownership?", "Rules"],
}
RUN: list[dict[str, Any]] = [
    {"type": "run-start", "model": "extractive", "index_version": "7"},
    {"type": "search-queries", "queries": ["What is ownership?"]},
    {"type": "search-results", "passages": []},
    {"type": "message-start"},
    {"type": "content-delta", "delta": {"text": "Ownership is "}},
    {"type": "content-delta", "delta": {"text": "a set of rules."}},
    {
        "type": "citation-start",
        "citation": {"start": 0, "end": 28, "text": "Ownership is a set of rules.", "sources": [SOURCE]},
    },
    {"type": "content-delta", "delta": {"text": " It is checked."}},
    {"type": "message-end", "finish_reason": "complete"},
    {"type": "run-end", "status": "completed"},
]
HEALTH: dict[str, Any] = {
    "status": "ok",
    "version": "0.1.0",
    "uptime_s": 3725.2,
    "services": {
        "gateway": {"status": "ok", "latency_ms": 0.0},
        "chat_ws": {
            "status": "ok",
            "latency_ms": 2.345,
            "checks": {"postgres": {"status": "ok", "detail": "[bold]18.1"}},
        },
    },
}


def refused(error: CarrelError) -> httpx.Response:
    """The problem document of ``error``."""
    return httpx.Response(error.status, json=problem(error, request_id="r1"))


def stream(events: list[dict[str, Any]]) -> httpx.Response:
    """``events`` as server-sent events."""
    body = b"".join(encode(event, type=event["type"]) for event in events)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)


def fake_client(handler: Handler) -> GatewayClient:
    """A client whose requests go to ``handler`` and that never waits."""
    http = httpx.Client(base_url="http://carrel.test", transport=httpx.MockTransport(handler))
    return GatewayClient(http, admin_key="k" * 32, patience_s=0, pause=lambda _: False)


class Carrel:
    """Keeps the documents that are put; answers health and every question well unless told otherwise."""

    def __init__(self, **answers: httpx.Response) -> None:
        self.documents: dict[str, bytes] = {}
        self.requests: list[httpx.Request] = []
        self.answers: Mapping[str, httpx.Response] = answers
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            return self._answer(request, request.url.path)

    def _answer(self, request: httpx.Request, path: str) -> httpx.Response:
        name = path.removeprefix("/v1").strip("/").partition("/")[0]
        if name in self.answers:
            return self.answers[name]
        if name == "documents":
            return self._put(path.removeprefix("/v1/documents/"), request.content)
        if name == "answer":
            return stream(RUN)
        return httpx.Response(200, json=HEALTH)

    def _put(self, document_id: str, content: bytes) -> httpx.Response:
        before = self.documents.get(document_id)
        self.documents[document_id] = content
        return httpx.Response(201 if before is None else 204 if before == content else 200)


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """Serve ``handler`` on a free port of this machine; give the address."""

    class Adapter(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = dict(self.headers.items())
            answer = handler(
                httpx.Request(self.command, f"http://x{self.path}", headers=headers, content=body)
            )
            self.send_response(answer.status_code)
            told = {"content-type": "text/plain", **answer.headers}
            for name in told.keys() - {"content-length", "transfer-encoding"}:
                self.send_header(name, told[name])
            if answer.status_code != 204:
                self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = _any

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Adapter)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def health(status: str) -> httpx.Response:
    """The answer of ``GET /health`` when the whole is ``status``."""
    code = 503 if status == "down" else 200
    return httpx.Response(code, content=json.dumps(HEALTH | {"status": status}).encode())
