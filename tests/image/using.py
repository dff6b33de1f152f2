"""A container is waited for and used: a document, a question, an answer with its citation."""

import time

import httpx

from shared.clients.gateway import GatewayClient
from shared.contracts.retriever import CitationStart, ContentDelta, RunEnd
from shared.errors import CarrelError
from tests.image.engine import Container, ImageError

READY_WITHIN_S = 120.0
DOCUMENT = b"""# The reading room

## Hours

The reading room of the library opens at nine in the morning and closes at six in the evening.

## Rules

A carrel is a small desk in a library, kept for one reader.
"""
QUESTION = "When does the reading room open?"
EXPECTED = "opens at nine in the morning"


def wait_ready(
    container: Container, http: httpx.Client, client: GatewayClient, began: float
) -> tuple[float, float]:
    """Wait until the container is ready; return the seconds to its page and to its readiness."""
    page_s = 0.0
    while time.monotonic() < began + READY_WITHIN_S:
        try:
            if not page_s and http.get("/").status_code == 200:
                page_s = time.monotonic() - began
            if client.ready():
                return page_s, time.monotonic() - began
        except (CarrelError, httpx.TransportError):
            pass
        if (code := container.exit_code()) is not None:
            raise ImageError(f"it ended with exit code {code} before it was ready")
        time.sleep(0.1)
    raise ImageError(f"it is not ready after {READY_WITHIN_S:.0f} s: {http.get('/health').text}")


def use(client: GatewayClient) -> str:
    """Ingest the document, ask the question, return the answer."""
    if (outcome := client.put_document("room.md", DOCUMENT, media_type="text/markdown")) != "created":
        raise ImageError(f"the document was {outcome}")
    events = list(client.answer(QUESTION))
    answer = "".join(event.delta.text for event in events if isinstance(event, ContentDelta))
    cited = any(isinstance(event, CitationStart) for event in events)
    end = events[-1]
    if EXPECTED not in answer or not cited or not isinstance(end, RunEnd) or end.status != "completed":
        raise ImageError(f"the answer is {answer!r}, cited: {cited}, {end}")
    return answer
