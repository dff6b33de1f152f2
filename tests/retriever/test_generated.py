"""Answers a model writes, through the whole service and the real SDK: with every failure an answer comes."""

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.auth import Role
from shared.contracts.retriever import GroundedAnswer
from shared.sse import Decoder
from tests.support.fake_cohere import KEY, Failure, FakeCohere, cohere
from tests.support.retriever_app import built, client, signed
from tests.support.retriever_room import LAMPS, OWNERSHIP

MARKDOWN = {"content-type": "text/markdown"}
QUESTION = {"messages": [{"role": "user", "content": "What is a Fresnel lens?"}]}


@pytest.fixture
async def fake() -> AsyncIterator[FakeCohere]:
    async with cohere() as found:
        yield found


@pytest.fixture
async def http(fake: FakeCohere, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = built(cohere_api_key=KEY, cohere_base_url=fake.url, data_dir=tmp_path, cohere_monthly_calls=100)
    app.state.cohere._first_word_s = app.state.cohere._rerank_s = 0.5
    async with client(app) as opened:
        for id, text in (("own.md", OWNERSHIP), ("lamps.md", LAMPS)):
            url = {"url": f"https://x.org/{id}"}
            await opened.put(f"/v1/documents/{id}", content=text.encode(), headers=MARKDOWN, params=url)
        yield opened


async def ask(http: httpx.AsyncClient, **more: Any) -> GroundedAnswer:
    response = await http.post("/v1/answer", json=QUESTION | more)
    assert response.status_code == 200, response.text
    return GroundedAnswer.model_validate(response.json())


@pytest.mark.parametrize("shift", [0, 1, 500])
async def test_citations_are_exact(http: httpx.AsyncClient, fake: FakeCohere, shift: int) -> None:
    """Whatever offsets the model gives, the citation is a slice of the answer, its quote of a passage."""
    fake.shift = shift
    answer = await ask(http)
    (citation,) = answer.citations
    assert answer.answer[citation.start : citation.end] == citation.text
    texts = {passage.id: passage.text for passage in answer.passages}
    assert citation.sources[0].quote in texts[citation.sources[0].passage_id]
    assert (answer.model, answer.finish_reason, answer.degraded) == ("command-a-03-2025", "complete", [])
    assert answer.usage.output_tokens == 7


async def test_what_cites_nothing_is_a_refusal(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """Words that stand on no document are not called an answer."""
    fake.cites = False
    assert (await ask(http)).finish_reason == "refused"


async def test_the_same_question_costs_nothing_until_a_document_changes(
    http: httpx.AsyncClient, fake: FakeCohere
) -> None:
    """The second time no call is made; a new document is a new index and a new answer."""
    first = await ask(http)
    asked = len(fake.asked)
    second = await ask(http, messages=[{"role": "user", "content": "  what is a FRESNEL lens? "}])
    assert (second.cached, second.answer, second.usage.output_tokens) == (True, first.answer, 0)
    assert len(fake.asked) == asked
    await http.put("/v1/documents/new.md", content=b"A new lens.", headers=MARKDOWN)
    assert not (await ask(http)).cached


async def test_the_selection_stands_beside_the_question(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """What the visitor selected is the visitor's: in the message, not among the documents."""
    await ask(http, context={"selected_text": "rings of glass"})
    body = fake.asked[-1][1]
    assert "rings of glass" in body["messages"][-1]["content"]
    assert "rings of glass" not in body["messages"][0]["content"]


@pytest.mark.parametrize(
    "failure",
    [
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
    ],
)
async def test_whatever_fails_the_answer_comes(
    http: httpx.AsyncClient, fake: FakeCohere, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    """The documents' own sentences answer, ``degraded`` says so, and no key or payload is logged."""
    fake.chat = failure
    with caplog.at_level(logging.INFO):
        answer = await ask(http)
    assert answer.degraded == ["generation"]
    assert answer.model == "extractive"
    assert answer.answer.startswith("A Fresnel lens is a lens")
    assert answer.citations
    assert not [secret for secret in (KEY, "payload-of-an-error", "rings of glass") if secret in caplog.text]


@pytest.mark.parametrize("failure", ["unauthorized", "limited", "broken", "slow", "not-json"])
async def test_without_reranking_the_model_still_answers(
    http: httpx.AsyncClient, fake: FakeCohere, failure: Failure
) -> None:
    """The order of the search serves, and the answer says what it lacked."""
    fake.rerank = failure
    answer = await ask(http)
    assert (answer.degraded, answer.model) == (["rerank"], "command-a-03-2025")


async def test_a_stream_cut_in_the_middle_ends_and_says_so(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """What was sent cannot be taken back: the run fails, to be tried again."""
    fake.chat = "cut"
    body = (await http.post("/v1/answer", json=QUESTION | {"stream": True})).content
    decoder = Decoder()
    events = list(decoder.feed(body))
    assert events[-1].type == "run-end"
    assert '"status":"failed"' in events[-1].data
    assert '"retryable":true' in events[-1].data


async def test_a_limited_cohere_is_left_alone_and_health_says_so(
    http: httpx.AsyncClient, fake: FakeCohere
) -> None:
    """After 429 nothing is asked until the time it named; health knows without asking."""
    fake.chat = "limited"
    await ask(http)
    await ask(http, messages=[{"role": "user", "content": "What is ownership?"}])
    assert fake.paths().count("/v2/chat") == 1
    check = (await http.get("/health")).json()["checks"]["cohere"]
    assert (check["status"], check["detail"]) == ("degraded", "Cohere answers HTTP 429: extractive answers")


async def test_the_budget_ends_reranking_then_generation(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """At 80 of 100 calls only the writing goes on, at 97 nothing; usage tells it to the owner alone."""
    questions = iter(range(1000))
    seen: list[tuple[str, ...]] = []
    while "budget" not in (seen[-1] if seen else ()):
        text = f"What is a Fresnel lens? {next(questions)}"
        seen.append(tuple((await ask(http, messages=[{"role": "user", "content": text}])).degraded))
    assert list(dict.fromkeys(seen)) == [(), ("rerank",), ("rerank", "generation", "budget")]
    assert len(fake.asked) == 97
    usage = (await http.get("/v1/usage")).json()
    assert (usage["calls"], usage["left"], usage["generation"]) == (97, 3, False)
    assert (await http.get("/v1/usage", headers=signed(Role.VISITOR))).status_code == 403
    assert "used up" in (await http.get("/health")).json()["checks"]["cohere"]["detail"]


async def test_the_wait_for_a_whole_answer(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a Cohere that needs no time, on one event loop with it: printed, bounded against disasters."""
    waits: list[float] = []
    for at in range(20):
        question = {
            "messages": [{"role": "user", "content": f"What is a Fresnel lens? {at}"}],
            "stream": True,
        }
        began = time.perf_counter()
        async with http.stream("POST", "/v1/answer", json=question) as response:
            async for _ in response.aiter_bytes():
                waits.append((time.perf_counter() - began) * 1000)
                break
    waits.sort()
    with capsys.disabled():
        print(f"\nwhole answer, two calls over HTTP included: p50 {waits[10]:.1f} ms, p95 {waits[18]:.1f} ms")  # noqa: T201 - a figure to be read
    assert waits[18] < 1000
