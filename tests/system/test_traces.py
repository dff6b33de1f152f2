"""One question through the whole of Carrel: its trace over three services and Cohere, its lines by one id."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import book
from tests.support.chat_client import ask, opened, session
from tests.support.fake_cohere import KEY, FakeCohere, cohere
from tests.support.otlp import Collector, Told, collector
from tests.support.system import Carrel, eventually

pytestmark = pytest.mark.system
QUESTION = "What is a Fresnel lens?"
SERVICES = {"gateway", "chat_ws", "retriever"}


@pytest.fixture
def there() -> Iterator[Collector]:
    """A collector of spans."""
    with collector() as running:
        yield running


@pytest.fixture
def carrel(tmp_path: Path, there: Collector) -> Iterator[Carrel]:
    """A Carrel that tells its spans, not started yet."""
    own = Carrel(
        tmp_path,
        LOG_FORMAT="json",
        OTEL_EXPORTER_OTLP_ENDPOINT=there.url,
        OTEL_BSP_SCHEDULE_DELAY="1000",
        COHERE_API_KEY=KEY,
    )
    try:
        yield own
    finally:
        own.close()


def lines(carrel: Carrel) -> list[dict[str, Any]]:
    """What the services have logged."""
    found = (line for line in carrel.log.read_text().splitlines() if line.startswith("{"))
    return [json.loads(line) for line in found]


async def started(carrel: Carrel, fake: FakeCohere) -> None:
    """Start it with the small book in it, and Cohere where ``fake`` is."""
    carrel.env["COHERE_BASE_URL"] = fake.url
    await asyncio.to_thread(carrel.start)
    folder = book.write(carrel.folder / "book")
    await asyncio.to_thread(carrel.carrel, "ingest", folder)


async def asked(carrel: Carrel, **headers: str) -> str:
    """Ask over HTTP, and return what the answer says its request's id is."""
    token = await session(carrel.address)
    given = {"authorization": f"Bearer {token}", "accept": "application/json"} | headers
    body = {"type": "message-create", "client_message_id": str(uuid4()), "content": QUESTION}
    async with httpx.AsyncClient(base_url=carrel.address, timeout=30, trust_env=False) as http:
        answer = await http.post("/v1/messages", json=body, headers=given)
    assert answer.status_code == 200, answer.text
    rid: str = answer.headers["x-request-id"]
    return rid


async def test_a_question_is_one_trace_and_its_id_finds_every_line(carrel: Carrel, there: Collector) -> None:
    """Each part's span hangs below the part's that asked it; no word of the question or an answer is told."""
    trace_id, root = uuid4().hex, uuid4().hex[:16]
    async with cohere() as fake:
        await started(carrel, fake)
        fake.contexts.clear()
        rid = await asked(carrel, traceparent=f"00-{trace_id}-{root}-01", **{"x-request-id": "the-question"})
        assert rid == "the-question"
        eventually(lambda: {span.service for span in there.of(trace_id)} == SERVICES, within=20, what="spans")
        over_socket = await session(carrel.address)
        async with opened(carrel.address, over_socket) as socket:
            assert (await ask(socket, "How often is the wick trimmed?"))[-1]["type"] == "run-end"

    told = there.of(trace_id)
    _hang_together(told, root)
    named = {span.span_id: span.name for span in told}
    assert [named[context.split("-")[2]] for context in fake.contexts if trace_id in context] == [
        "embed",
        "rerank",
        "generate",
    ]
    assert b"Fresnel" not in b"".join(there.raw)

    eventually(lambda: _ends(carrel) == {"retriever": 2, "chat_ws": 2}, within=10, what="the answers' lines")
    assert {line["service"] for line in lines(carrel) if line.get("request_id") == rid} == SERVICES
    # Whatever was said of a question stands under its id: nothing of it under another one or none.
    of_questions = [line for line in lines(carrel) if line["message"] in ("a run ended", "an answer ended")]
    assert len({line["request_id"] for line in of_questions}) == 2
    run_id = next(line["run_id"] for line in of_questions if line.get("run_id") and line["request_id"] == rid)
    assert {line["request_id"] for line in lines(carrel) if run_id in json.dumps(line)} == {rid}
    # The socket's own line comes at its end, under the id that its questions have.
    socket_id = ({line["request_id"] for line in of_questions} - {rid}).pop()
    assert {line["service"] for line in lines(carrel) if line.get("request_id") == socket_id} == SERVICES
    assert "Fresnel" not in json.dumps(lines(carrel))

    # What was not told yet is told at the stop, by each.
    trace_id = uuid4().hex
    await asked(carrel, traceparent=f"00-{trace_id}-{root}-01")
    assert await asyncio.to_thread(carrel.stop) == 0
    assert {span.service for span in there.of(trace_id)} == SERVICES


def _ends(carrel: Carrel) -> dict[str, int]:
    found = [
        line["service"] for line in lines(carrel) if line["message"] in ("a run ended", "an answer ended")
    ]
    return {service: found.count(service) for service in set(found)}


def _hang_together(told: list[Told], root: str) -> None:
    by_id = {span.span_id: span for span in told}
    roots = [span for span in told if span.parent_id not in by_id]
    assert [(span.service, span.name, span.parent_id) for span in roots] == [
        ("gateway", "POST /v1/messages", root)
    ]
    chains = {(span.service, span.name): by_id.get(span.parent_id) for span in told}
    above = {name: (parent.service, parent.name) for name, parent in chains.items() if parent}
    assert above["chat_ws", "POST /v1/messages"] == ("gateway", "POST /v1/messages")
    assert above["chat_ws", "run"] == ("chat_ws", "POST /v1/messages")
    assert above["retriever", "POST /v1/answer"] == ("chat_ws", "run")
    assert above["retriever", "search"] == ("retriever", "POST /v1/answer")
    assert above["retriever", "embed"] == ("retriever", "search")
    assert above["retriever", "rerank"] == ("retriever", "POST /v1/answer")
    assert above["retriever", "generate"] == ("retriever", "POST /v1/answer")
    assert above["chat_ws", "database"][0] == "chat_ws"
    assert not [span for span in told if span.failed]
