"""A retriever that answers in timed words: each says when it was written, on the clock all processes share.

Its cost is not counted.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from shared import sse
from shared.contracts.retriever import (
    AnswerRequest,
    ContentDelta,
    Delta,
    MessageEnd,
    MessageStart,
    RunEnd,
    RunEvent,
    RunStart,
)


@dataclass(frozen=True)
class Pace:
    """So many words, one an interval."""

    words: int
    interval_s: float


def application(pace: Pace) -> FastAPI:
    """Return the service."""
    app = FastAPI()

    @app.post("/v1/answer")
    async def answer(_body: AnswerRequest) -> StreamingResponse:
        return StreamingResponse(_told(pace), media_type=sse.MEDIA_TYPE)

    return app


async def _told(pace: Pace) -> AsyncIterator[bytes]:
    yield _event(RunStart(model="bench", index_version="1"))
    yield _event(MessageStart())
    for _ in range(pace.words):
        await asyncio.sleep(pace.interval_s)
        yield _event(ContentDelta(delta=Delta(text=f"@{time.monotonic_ns()} ")))
    yield _event(MessageEnd(finish_reason="complete"))
    yield _event(RunEnd(status="completed"))


def _event(event: RunEvent) -> bytes:
    return sse.encode(event.model_dump(mode="json"), type=event.type)


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--words", type=int, required=True)
    parser.add_argument("--interval-ms", type=float, required=True)
    arguments = parser.parse_args()
    pace = Pace(arguments.words, arguments.interval_ms / 1000)
    uvicorn.run(application(pace), host="127.0.0.1", port=arguments.port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
