"""A deployment as the verification meets it over HTTP: programmed, and faulty where a test says so."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from cli.verify.documents import QUESTION
from shared.sse import encode

KEY = "the-owners-own-key-of-the-tests"
TOKEN = "a-visitors-token"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OK = {"status": "ok", "detail": ""}
HEALTH: dict[str, Any] = {
    "status": "ok",
    "version": "0.1.0",
    "uptime_s": 3.0,
    "services": {
        "gateway": {"status": "ok", "latency_ms": 0.0, "checks": {"redis": OK}},
        "retriever": {
            "status": "ok",
            "latency_ms": 1.0,
            "checks": {"qdrant": OK, "embedding": OK, "cohere": {"status": "ok", "detail": "not configured"}},
        },
        "chat_ws": {"status": "ok", "latency_ms": 1.0, "checks": {"postgres": OK}},
    },
}
RUN: list[dict[str, Any]] = [
    {"type": "message-ack", "run_id": "r1"},
    {"type": "run-start", "run_id": "r1", "sequence_number": 1},
    {"type": "message-start", "run_id": "r1", "sequence_number": 2},
    {"type": "content-delta", "delta": {"text": "Ninety-one minutes."}, "run_id": "r1", "sequence_number": 3},
    {"type": "message-end", "finish_reason": "complete", "run_id": "r1", "sequence_number": 4},
    {"type": "run-end", "status": "completed", "degraded": [], "run_id": "r1", "sequence_number": 5},
]
POLICY = "default-src 'none'; frame-ancestors 'self' https://huggingface.co https://*.hf.space"


class Deployment:
    """Answers every request well, but those whose ``"METHOD /path"`` is in ``answers``."""

    def __init__(self, answers: Mapping[str, httpx.Response] | None = None, *, origin: str = "") -> None:
        self.answers, self.origin = dict(answers or {}), origin
        self.documents: dict[str, bytes] = {}
        self.requests: list[httpx.Request] = []
        self._left = 300

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if (programmed := self.answers.get(f"{request.method} {path}")) is not None:
            return programmed
        if path.startswith("/v1/documents/"):
            return self._document(request, path.removeprefix("/v1/documents/"))
        if request.method == "OPTIONS":
            return self._preflight(request)
        return self._others(request, path)

    def _others(self, request: httpx.Request, path: str) -> httpx.Response:
        match path:
            case "/":
                headers = {"content-type": "text/html", "content-security-policy": POLICY}
                return httpx.Response(200, text="<html></html>", headers=headers)
            case "/version":
                return httpx.Response(200, json={"version": "0.1.0", "commit": COMMIT, "protocol": 1})
            case "/v1/sessions":
                self._left -= 1
                limit = {"ratelimit-policy": '"s";q=300;w=60', "ratelimit": f'"s";r={self._left};t=1'}
                return httpx.Response(200, json={"token": TOKEN}, headers=limit)
            case "/v1/search":
                found = [{"document_id": document} for document in self.documents]
                assert json.loads(request.content)["query"] == QUESTION
                return httpx.Response(200, json={"passages": found})
            case "/v1/messages":
                body = b"".join(encode(frame, type=frame["type"]) for frame in RUN)
                return httpx.Response(200, content=body, headers={"content-type": "text/event-stream"})
            case "/openapi.json":
                paths: dict[str, Any] = {"/v1/sessions": {}, "/v1/search": {}, "/v1/conversations": {}}
                return httpx.Response(200, json={"openapi": "3.1.0", "paths": paths})
            case _:
                return httpx.Response(200, json=HEALTH)

    def _document(self, request: httpx.Request, name: str) -> httpx.Response:
        if request.headers.get("x-api-key") != KEY:
            return httpx.Response(401, json={"code": "unauthorized"})
        if request.method == "PUT":
            self.documents[name] = request.content
            return httpx.Response(201)
        if name not in self.documents:
            return httpx.Response(404, json={"code": "not_found"})
        if request.method == "DELETE":
            del self.documents[name]
            return httpx.Response(204)
        return httpx.Response(200, json={"id": name})

    def _preflight(self, request: httpx.Request) -> httpx.Response:
        if request.headers["origin"] != self.origin:
            return httpx.Response(403, json={"code": "forbidden"})
        allowed = {
            "access-control-allow-origin": self.origin,
            "access-control-allow-headers": "authorization",
        }
        return httpx.Response(204, headers=allowed)
