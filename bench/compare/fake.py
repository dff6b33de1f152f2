"""``python -m bench.compare.fake --port PORT``: the one model that everybody has.

To Carrel it is Cohere (the tests' fake), to the others OpenAI; to all it says the same words in the same
pieces at the same pace. ``PUT /telling`` sets how many and how fast; ``GET /telling`` says how many answers
were being told at the same time, at most, since then.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from bench.compare.page import word
from shared import sse
from tests.support import cohere_words
from tests.support.fake_cohere import Failure, FakeCohere, app_of

MODEL = "fake"


@dataclass
class Telling:
    """How answers are told: so many words, each so long after the one before."""

    words: int = 20
    pace_s: float = 0.0
    now: int = 0
    most: int = 0

    async def pieces(self) -> AsyncIterator[str]:
        """Yield one answer, word by word."""
        words, pace_s, began = self.words, self.pace_s, time.monotonic()
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for number in range(words):
                if pace_s:
                    await asyncio.sleep(max(0.0, began + number * pace_s - time.monotonic()))
                yield word(number, said_ns=time.monotonic_ns())
        finally:
            self.now -= 1


@dataclass
class TellingCohere(FakeCohere):
    """Cohere, whose answers are told so; the first word of each is cited from the first document."""

    telling: Telling = field(default_factory=Telling)

    async def _stream(self, body: dict[str, Any], failure: Failure) -> AsyncIterator[bytes]:
        self.asked.clear()  # nobody looks at it here, and it would grow
        first = ""
        yield _sse({"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}})
        yield _sse(cohere_words.content("content-start", "text", ""))
        async for piece in self.telling.pieces():
            first = first or piece.strip()
            yield _sse(cohere_words.content("content-delta", "text", piece))
        yield _sse(cohere_words.citation(first, {"id": body["documents"][0]["id"]}, 0))
        yield _sse({"type": "content-end", "index": 0})
        yield _sse(cohere_words.end("COMPLETE"))
        yield b"data: [DONE]\n\n"


@dataclass
class FakeOpenAI:
    """``/v1/chat/completions`` and ``/v1/models``, told the same way."""

    telling: Telling

    async def on_chat(self, request: Request) -> Response:
        """Answer, streamed or whole."""
        if (await request.json()).get("stream"):
            return StreamingResponse(self._stream(), media_type="text/event-stream")
        text = "".join([piece async for piece in self.telling.pieces()])
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return JSONResponse(_chunk("chat.completion", choice))

    async def on_models(self, request: Request) -> Response:
        """The one there is."""
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "bench"}
        return JSONResponse({"object": "list", "data": [model]})

    async def _stream(self) -> AsyncIterator[bytes]:
        yield self._said({"role": "assistant", "content": ""})
        async for piece in self.telling.pieces():
            yield self._said({"content": piece})
        yield self._said({}, "stop")
        yield b"data: [DONE]\n\n"

    def _said(self, delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: %s\n\n" % json.dumps(_chunk("chat.completion.chunk", choice)).encode()


def _chunk(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c", "object": kind, "created": 0, "model": MODEL, "choices": [choice]}


def _sse(event: dict[str, Any]) -> bytes:
    return sse.encode(event, type=event["type"])


def app(telling: Telling) -> Starlette:
    """Return both, and what sets them."""
    openai = FakeOpenAI(telling)

    async def on_telling(request: Request) -> Response:
        if request.method == "PUT":
            asked = await request.json()
            telling.words, telling.pace_s, telling.most = asked["words"], asked["pace_s"], telling.now
        return JSONResponse({"now": telling.now, "most": telling.most})

    return Starlette(
        routes=[
            Route("/telling", on_telling, methods=["GET", "PUT"]),
            Route("/v1/chat/completions", openai.on_chat, methods=["POST"]),
            Route("/v1/models", openai.on_models),
            Mount("/", app_of(TellingCohere(telling=telling))),
        ]
    )


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="One model for everybody.")
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(app(Telling()), port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
