"""Answers a model writes, through the whole service and the real SDK: with every failure an answer comes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.auth import Role
from shared.contracts.retriever import GroundedAnswer
from tests.support.cohere_room import impatient
from tests.support.fake_cohere import KEY, FakeCohere, cohere
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
    app = built(
        make_model=impatient,
        cohere_api_key=KEY,
        cohere_base_url=fake.url,
        data_dir=tmp_path,
        cohere_monthly_calls=100,
    )
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


async def test_who_wants_another_answer_gets_one(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """`fresh` passes over what is kept, and what it gives is kept in its place."""
    await ask(http)
    fake.written = "A Fresnel lens is made of rings."
    fake.phrases = [fake.written]
    assert (await ask(http)).answer != fake.written
    other = await ask(http, fresh=True)
    assert (other.answer, other.cached) == (fake.written, False)
    assert (await ask(http)).answer == fake.written


async def test_the_selection_stands_beside_the_question(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """What the visitor selected is the visitor's: in the message, not among the documents."""
    await ask(http, context={"selected_text": "rings of glass"})
    body = fake.asked[-1][1]
    assert "rings of glass" in body["messages"][-1]["content"]
    assert "rings of glass" not in body["messages"][0]["content"]


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


async def test_a_search_is_reranked_where_it_is_wanted(http: httpx.AsyncClient, fake: FakeCohere) -> None:
    """The model's score is the score, and is told; where it is not asked or fails, the order stands."""
    query = {"query": "What is a Fresnel lens?", "limit": 1, "explain": True}
    answer = (await http.post("/v1/search", json=query)).json()
    (best,) = answer["passages"]
    assert (best["document_id"], best["score"]) == ("lamps.md", pytest.approx(best["score_parts"]["rerank"]))
    assert (answer["degraded"], "rerank" in answer["timing_ms"]) == ([], True)
    asked = len(fake.asked)
    answer = (await http.post("/v1/search", json=query | {"rerank": False})).json()
    assert answer["passages"][0]["score_parts"]["rerank"] is None
    assert (len(fake.asked), "rerank" in answer["timing_ms"]) == (asked, False)
    fake.rerank = "broken"
    answer = (await http.post("/v1/search", json=query)).json()
    assert (answer["degraded"], len(answer["passages"])) == (["rerank"], 1)
