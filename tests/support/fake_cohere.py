"""Cohere as its SDK sees it, over real HTTP, every failure to be switched on.

Each event that it sends is first read by the SDK's own type, so that the fake cannot drift from it.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from cohere.v2.types import v2chat_stream_response as stream_types
from cohere.v2.types.v2rerank_response import V2RerankResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.server import serving

KEY = "a-key-of-the-tests"
Failure = Literal[
    "",
    "unauthorized",
    "limited",
    "broken",
    "slow",
    "cut-early",
    "cut",
    "error-inside",
    "error-late",
    "not-json",
    "second-start",
    "unknown-event",
]
_TYPES: dict[str, Any] = {
    cls.model_fields["type"].default: cls
    for cls in vars(stream_types).values()
    if "type" in getattr(cls, "model_fields", {})
}


@dataclass
class FakeCohere:
    """What it does, and what it was asked."""

    chat: Failure = ""
    rerank: Failure = ""
    failures: int = 1_000_000
    """How many requests fail before all is well."""
    mode: Literal["ACCURATE", "FAST"] = "ACCURATE"
    thinking: bool = False
    shift: int = 0
    """How far citations are off."""
    cites: bool = True
    going: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, an answer stands still after its first words."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.going.set()

    def paths(self) -> list[str]:
        """The paths asked for, in their order."""
        return [path for path, _ in self.asked]

    async def on_rerank(self, request: Request) -> Response:
        """Rank by words shared."""
        body, failure = await self._read(request, self.rerank)
        if refused := await _refused(failure):
            return refused
        words = set(body["query"].lower().split())
        scores = [len(words & set(text.lower().split())) / len(words) for text in body["documents"]]
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        answer = {"id": "r", "results": [{"index": at, "relevance_score": scores[at]} for at in order]}
        V2RerankResponse.model_validate(answer)
        return JSONResponse(answer)

    async def on_chat(self, request: Request) -> Response:
        """Say the first sentence of the first document, and cite it."""
        body, failure = await self._read(request, self.chat)
        if refused := await _refused(failure):
            return refused
        return StreamingResponse(self._stream(body, failure), media_type="text/event-stream")

    async def _read(self, request: Request, failure: Failure) -> tuple[dict[str, Any], Failure]:
        body = await request.json()
        self.asked.append((request.url.path, body))
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return body, "unauthorized"
        self.failures -= bool(failure)
        return body, failure if self.failures >= 0 else ""

    async def _stream(self, body: dict[str, Any], failure: Failure) -> AsyncIterator[bytes]:
        for at, event in enumerate(self._events(body, failure)):
            if event["type"] == "broken-line":
                yield b'event: content-delta\ndata: {"type": "content-delta", "visitor\n\n'
                continue
            if event["type"] in _TYPES:
                _TYPES[event["type"]].model_validate(event)
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            if at == 2:
                await self.going.wait()
            if (failure == "cut-early" and at == 0) or (failure == "cut" and at == 3):
                await asyncio.sleep(0.02)
                raise ConnectionResetError
        yield b"data: [DONE]\n\n"

    def _events(self, body: dict[str, Any], failure: Failure) -> Iterator[dict[str, Any]]:
        document = body["documents"][0]
        text = re.split(r"(?<=\.)\s", document["data"]["text"])[0]
        yield {"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}}
        if failure == "unknown-event":
            yield {"type": "new-thing", "payload": text}
        if failure == "error-inside":
            yield _end("ERROR")
            return
        if self.thinking:
            yield _content("content-start", "thinking", "Let me think.")
            yield _content("content-delta", "thinking", "Hmm.")
        yield _content("content-start", "text", "")
        cut = text.find(" ") + 1
        yield _content("content-delta", "text", text[:cut])
        if failure == "second-start":
            yield {"type": "broken-line"}
        yield _content("content-delta", "text", text[cut:])
        more = [_content("content-delta", "text", " \U0001f600 That is all.")]
        cited = [_citation(text, document["id"], self.shift)] if self.cites else []
        yield from cited + more if self.mode == "FAST" else more + cited
        yield {"type": "content-end", "index": 0}
        yield _end("ERROR" if failure == "error-late" else "COMPLETE")


def _content(type: str, kind: str, text: str) -> dict[str, Any]:
    inner = {kind: text} | ({"type": kind} if type == "content-start" else {})
    return {"type": type, "index": 0, "delta": {"message": {"content": inner}}}


def _citation(text: str, id: str, shift: int) -> dict[str, Any]:
    source = {"type": "document", "id": id, "document": {"id": id}}
    cited = {"start": shift, "end": shift + len(text), "text": text, "sources": [source]}
    return {"type": "citation-start", "index": 0, "delta": {"message": {"citations": cited}}}


def _end(reason: str) -> dict[str, Any]:
    usage = {"billed_units": {"input_tokens": 11, "output_tokens": 7}}
    return {"type": "message-end", "id": "m", "delta": {"finish_reason": reason, "usage": usage}}


async def _refused(failure: Failure) -> Response | None:
    said = {"id": "x", "message": "the-payload-of-an-error"}
    match failure:
        case "unauthorized":
            return JSONResponse(said, 401)
        case "limited":
            return JSONResponse(said, 429, {"retry-after": "60"})
        case "broken":
            return JSONResponse(said, 500)
        case "not-json":
            return Response("<html>the-payload-of-an-error</html>")
        case "slow":
            await asyncio.sleep(1)
            return JSONResponse(said, 503)
        case _:
            return None


@asynccontextmanager
async def cohere() -> AsyncIterator[FakeCohere]:
    """Serve a fake on a port of its own."""
    fake = FakeCohere()
    routes = [
        Route("/v2/chat", fake.on_chat, methods=["POST"]),
        Route("/v2/rerank", fake.on_rerank, methods=["POST"]),
    ]
    async with serving(Starlette(routes=routes)) as port:
        fake.url = f"http://127.0.0.1:{port}"
        yield fake
