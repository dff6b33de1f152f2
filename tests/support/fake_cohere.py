"""Cohere as its SDK sees it, over real HTTP, every failure to be switched on.

Each event and answer that it sends is first read by the SDK's own type, and a request that has a field which
the SDK's method does not take is refused, so that the fake cannot drift from the SDK. To try Carrel with it:

    python -m tests.support.fake_cohere --port 8900 [--latency-ms 300] [--fail chat=limited]
    COHERE_BASE_URL=http://127.0.0.1:8900 COHERE_API_KEY=a-key-of-the-tests carrel up
"""

import argparse
import asyncio
import inspect
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import uvicorn
from cohere.types import GetModelResponse
from cohere.types.embed_by_type_response import EmbedByTypeResponse
from cohere.v2.client import AsyncV2Client
from cohere.v2.types import v2chat_stream_response as stream_types
from cohere.v2.types.v2chat_response import V2ChatResponse
from cohere.v2.types.v2rerank_response import V2RerankResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support import cohere_words as words
from tests.support.server import serving

KEY = "a-key-of-the-tests"
MAX_EMBEDDED = 96
PAYLOAD = "the-payload-of-an-error"
Failure = Literal[
    "",
    "unauthorized",
    "limited",
    "broken",
    "unavailable",
    "slow",
    "slow-bytes",
    "hang-up",
    "cut-early",
    "cut",
    "error-inside",
    "error-late",
    "not-json",
    "second-start",
    "unknown-event",
    "nonsense",
]
Kind = Literal["chat", "condense", "rerank", "embed"]
_TYPES: dict[str, Any] = {
    cls.model_fields["type"].default: cls
    for cls in vars(stream_types).values()
    if "type" in getattr(cls, "model_fields", {})
}


@dataclass
class FakeCohere:
    """What it does, and what it was asked. ``condense`` is a chat that is not streamed."""

    chat: Failure = ""
    condense: Failure = ""
    rerank: Failure = ""
    embed: Failure = ""
    failures: int = 1_000_000
    """How many requests fail before all is well."""
    retry_after: str = "60"
    slow_s: float = 1.0
    """How long a slow one is silent, or between two of its bytes."""
    latency_s: float = 0.0
    mode: Literal["ACCURATE", "FAST"] = "ACCURATE"
    thinking: bool = False
    cited: tuple[str, ...] = ()
    """The documents it says it has it from; else the one it has it from."""
    models: frozenset[str] = frozenset({"command-a-03-2025", "embed-v4.0", "rerank-v5.0-fast"})
    """What it knows by name."""
    deprecated: frozenset[str] = frozenset()
    shift: int = 0
    """How far citations are off."""
    cites: bool = True
    going: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, an answer stands still after its first words."""
    holds_after: int = 2
    """So many events come before it stands still."""
    pace_s: float = 0.0
    """Between two events of an answer."""
    written: str = ""
    """The answer, whatever was asked; else the first document's first sentence."""
    phrases: Sequence[str] = ()
    """What of ``written`` is cited, from the document that has it, else the first."""
    rewritten: str = ""
    """What a conversation is condensed to; else something sensible."""
    vectors: Any = None
    """What is embedded, whatever was asked; else something sensible."""
    done: bool = True
    """Whether a stream says so at its end."""
    stays_open: bool = False
    """Whether a stream goes on in silence after its end."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    clients: list[Any] = field(default_factory=list)
    """From where: the same twice is the same connection."""
    contexts: list[str] = field(default_factory=list)
    """The trace context that each request came with, or nothing."""
    url: str = ""

    def __post_init__(self) -> None:
        self.going.set()

    def paths(self) -> list[str]:
        """The paths asked for, in their order."""
        return [path for path, _ in self.asked]

    async def on_embed(self, request: Request) -> Response:
        """Embed by words: texts that share some are near each other."""
        body, failure = await self._read(request, "embed")
        if refused := await self._refused(body, failure, AsyncV2Client.embed):
            return refused
        if len(body["texts"]) > MAX_EMBEDDED:
            return _problem(400, "invalid request: total number of texts must be at most 96")
        size = body.get("output_dimension", 1024)
        rows = self.vectors or [words.int8_vector(text, size) for text in body["texts"]]
        billed = {"input_tokens": sum(len(text) // 4 + 1 for text in body["texts"])}
        answer = {"id": "e", "embeddings": {"int8": rows}, "texts": body["texts"]}
        answer["meta"] = {"billed_units": billed}
        if self.vectors is None:
            EmbedByTypeResponse.model_validate(answer)
        return self._sent(answer, failure)

    async def on_rerank(self, request: Request) -> Response:
        """Rank by words shared."""
        body, failure = await self._read(request, "rerank")
        if refused := await self._refused(body, failure, AsyncV2Client.rerank):
            return refused
        scores = [words.shared_words(body["query"], text) for text in body["documents"]]
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        results = [{"index": at, "relevance_score": scores[at]} for at in order]
        answer = {"id": "r", "results": results, "meta": {"billed_units": {"search_units": 1}}}
        V2RerankResponse.model_validate(answer)
        return self._sent(answer, failure)

    async def on_chat(self, request: Request) -> Response:
        """Say the first sentence of the first document, and cite it; or condense a conversation."""
        streams = bool((await request.json()).get("stream"))
        body, failure = await self._read(request, "chat" if streams else "condense")
        if refused := await self._refused(body, failure, AsyncV2Client.chat_stream, "stream"):
            return refused
        for at, document in enumerate(body.get("documents", ())):
            document.setdefault("id", f"doc:{at}")
        if streams:
            return StreamingResponse(self._stream(body, failure), media_type="text/event-stream")
        text = self.rewritten or words.condensed(body["messages"][-1]["content"])
        blocks = [{"type": "thinking", "thinking": "Hmm."}] * self.thinking + [{"type": "text", "text": text}]
        ended = words.end("ERROR" if failure == "error-inside" else "COMPLETE")["delta"]
        answer = {"id": "c", "message": {"role": "assistant", "content": blocks}, **ended}
        V2ChatResponse.model_validate(answer)
        return self._sent(answer, failure)

    async def on_model(self, request: Request) -> Response:
        """Tell of a model that is known, to who has the key."""
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _problem(401)
        name = request.path_params["name"]
        if name not in self.models:
            return _problem(404, f"model '{name}' not found")
        purpose = next((p for p in ("embed", "rerank") if p in name), "chat")
        answer = {"name": name, "is_deprecated": name in self.deprecated, "endpoints": [purpose]}
        GetModelResponse.model_validate(answer)
        return JSONResponse(answer)

    async def _read(self, request: Request, kind: Kind) -> tuple[dict[str, Any], Failure]:
        body = await request.json()
        self.asked.append((request.url.path, body))
        self.clients.append(request.client)
        self.contexts.append(request.headers.get("traceparent", ""))
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return body, "unauthorized"
        failure: Failure = getattr(self, kind)
        self.failures -= bool(failure)
        return body, failure if self.failures >= 0 else ""

    async def _refused(
        self, body: dict[str, Any], failure: Failure, method: Any, *more: str
    ) -> Response | None:
        await asyncio.sleep(self.latency_s)
        if unknown := set(body) - set(inspect.signature(method).parameters) - set(more):
            return _problem(422, f"unknown fields: {', '.join(sorted(unknown))}")
        match failure:
            case "unauthorized":
                return _problem(401)
            case "limited":
                return _problem(429, **{"retry-after": self.retry_after} if self.retry_after else {})
            case "broken":
                return _problem(500)
            case "unavailable":
                return _problem(503)
            case "not-json":
                return Response(f"<html>{PAYLOAD}</html>")
            case "nonsense":
                return JSONResponse({"id": [PAYLOAD], "results": 7, "message": None, "embeddings": PAYLOAD})
            case "hang-up":
                return StreamingResponse(_cut(b""), headers={"content-length": "1000"})
            case "slow":
                await asyncio.sleep(self.slow_s)
                return _problem(503)
            case _:
                pass
        return None

    def _sent(self, answer: dict[str, Any], failure: Failure) -> Response:
        data = json.dumps(answer).encode()
        length = {"content-length": str(len(data)), "content-type": "application/json"}
        match failure:
            case "slow-bytes":
                return StreamingResponse(self._trickle(data), headers=length)
            case "cut" | "cut-early":
                return StreamingResponse(_cut(data[: len(data) // 2]), headers=length)
            case _:
                pass
        return Response(data, headers=length)

    async def _trickle(self, data: bytes) -> AsyncIterator[bytes]:
        for at in range(len(data)):
            yield data[at : at + 1]
            await asyncio.sleep(self.slow_s / 10)

    async def _stream(self, body: dict[str, Any], failure: Failure) -> AsyncIterator[bytes]:
        for at, event in enumerate(self._events(body, failure)):
            if event["type"] == "broken-line":
                yield b'event: content-delta\ndata: {"type": "content-delta", "visitor\n\n'
                continue
            if event["type"] in _TYPES:
                _TYPES[event["type"]].model_validate(event)
            data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            if failure == "slow-bytes":
                async for byte in self._trickle(data):
                    yield byte
                continue
            yield data
            await asyncio.sleep(self.pace_s)
            if at == self.holds_after:
                await self.going.wait()
            if (failure == "cut-early" and at == 0) or (failure == "cut" and at == 3):
                await asyncio.sleep(0.02)
                raise ConnectionResetError
        if self.stays_open:
            await asyncio.Event().wait()
        if self.done:
            yield b"data: [DONE]\n\n"

    def _events(self, body: dict[str, Any], failure: Failure) -> Iterator[dict[str, Any]]:
        document = body["documents"][0]
        text = self.written or words.first_sentence(document["data"]["text"])
        yield {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}}
        if failure == "unknown-event":
            yield {"type": "new-thing", "payload": text}
        if failure == "error-inside":
            yield words.end("ERROR")
            return
        if self.thinking:
            yield words.content("content-start", "thinking", "Let me think.")
            yield words.content("content-delta", "thinking", "Hmm.")
        yield words.content("content-start", "text", "")
        first, *others = words.deltas(text)
        yield first
        if failure == "second-start":
            yield {"type": "broken-line"}
        yield from others
        more = [] if self.written else [*words.deltas(" \U0001f600 That is all.")]
        phrases = (self.phrases if self.written else (text,)) if self.cites else ()
        cited = [
            words.citation(phrase, {"id": id}, text.index(phrase) + self.shift, at)
            for at, phrase in enumerate(phrases)
            for id in self.cited or (document["id"],)
        ]
        yield from cited + more if self.mode == "FAST" else more + cited
        yield {"type": "content-end", "index": 0}
        yield words.end("ERROR" if failure == "error-late" else "COMPLETE")


def _source(phrase: str, body: dict[str, Any]) -> dict[str, Any]:
    documents: list[dict[str, Any]] = body["documents"]
    return next((one for one in documents if phrase in one["data"]["text"]), documents[0])


def _problem(status: int, message: str = PAYLOAD, **headers: str) -> Response:
    return JSONResponse({"id": "x", "message": message}, status, headers)


async def _cut(data: bytes) -> AsyncIterator[bytes]:
    yield data
    await asyncio.sleep(0.02)
    raise ConnectionResetError


class Clocked:
    """An ASGI application that counts the seconds from each request to its answer's first byte."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.spent_s = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, told = time.perf_counter(), False

        async def tell(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.body" and not told:
                told = True
                self.spent_s += time.perf_counter() - began
            await send(message)

        await self._app(scope, receive, tell)


def app_of(fake: FakeCohere) -> Starlette:
    """Return the application that ``fake`` answers with; ``GET /spent`` tells the seconds it took so far."""
    routes = {"/v2/chat": fake.on_chat, "/v2/rerank": fake.on_rerank, "/v2/embed": fake.on_embed}
    inner = Clocked(Starlette(routes=[Route(path, on, methods=["POST"]) for path, on in routes.items()]))

    async def spent(_: Request) -> Response:
        return JSONResponse(inner.spent_s)

    models = Route("/v1/models/{name}", fake.on_model)
    return Starlette(routes=[Route("/spent", spent), models, Mount("/", inner)])


@asynccontextmanager
async def cohere() -> AsyncIterator[FakeCohere]:
    """Serve a fake on a port of its own."""
    fake = FakeCohere()
    async with serving(app_of(fake)) as port:
        fake.url = f"http://127.0.0.1:{port}"
        yield fake


def main() -> None:
    """Serve a fake until it is stopped."""
    parser = argparse.ArgumentParser(description="A Cohere that needs neither network nor account.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument(
        "--fail",
        action="append",
        default=[],
        metavar="KIND=FAILURE",
        help=f"KIND: {', '.join(get_args(Kind))}; FAILURE: {', '.join(get_args(Failure)[1:])}",
    )
    options = parser.parse_args()
    fake = FakeCohere(latency_s=options.latency_ms / 1000)
    for kind, _, failure in (said.partition("=") for said in options.fail):
        if kind not in get_args(Kind) or failure not in get_args(Failure):
            parser.error(f"--fail {kind}={failure}: see --help")
        setattr(fake, kind, failure)
    uvicorn.run(app_of(fake), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
