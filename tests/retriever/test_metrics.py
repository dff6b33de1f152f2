"""What the retriever tells Prometheus, through its own route."""

import asyncio
from pathlib import Path

import httpx

from retriever.embedding.cohere import make_embedder
from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.index.identity import wanted
from retriever.metrics import Holdings
from retriever.metrics import told as told_by
from retriever.opening import OpeningStore
from retriever.ports import Where
from shared.auth import Role
from shared.counting import Requests
from shared.errors import UpstreamUnavailableError
from tests.support.cohere_room import connected
from tests.support.fake_cohere import KEY, cohere
from tests.support.prometheus import Samples, read
from tests.support.retriever_app import built, client, signed
from tests.support.retriever_memory import MemoryStore, failing, making
from tests.support.retriever_room import LAMPS

MARKDOWN = {"content-type": "text/markdown"}
QUESTION = {"messages": [{"role": "user", "content": "What is a Fresnel lens?"}]}


async def told(http: httpx.AsyncClient) -> Samples:
    """All that is told now."""
    answer = await http.get("/metrics", headers=signed(Role.SERVICE))
    assert answer.status_code == 200, answer.text
    return {
        (name.removeprefix("carrel_retriever_"), *labels): value
        for (name, *labels), value in read(answer.text).items()
    }


async def test_it_tells_what_it_holds_and_did() -> None:
    """Documents, chunks, requests by template, answers by their end, searches in time."""
    async with client(built()) as http:
        await http.put("/v1/documents/a/lamps.md", content=LAMPS.encode(), headers=MARKDOWN)
        await http.post("/v1/search", json={"query": "lens"})
        await http.post("/v1/answer", json=QUESTION)
        await http.post("/v1/answer", json=QUESTION | {"stream": True})
        await http.post("/v1/answer", json={"messages": [{"role": "assistant", "content": "x"}]})
        found = await told(http)
    assert (found["index_up",], found["documents",]) == (1, 1)
    assert found["chunks",] > 0
    assert found["requests_total", "PUT", "/v1/documents/{id}", "201"] == 1
    assert found["requests_total", "POST", "/v1/answer", "200"] == 2
    assert found["request_duration_seconds_count", "/v1/answer"] == 3
    assert found["requests_in_progress",] == 1
    assert found["answers_total", "complete"] == 2
    assert found["search_duration_seconds_count",] == 3
    assert not [key for key in found if key[0].startswith(("cohere", "budget"))]


async def test_it_tells_what_cohere_was_asked(tmp_path: Path) -> None:
    """Calls by kind and outcome, the breakers, the month's budget, and what answers lacked."""
    async with cohere() as fake:
        app = built(
            cohere_api_key=KEY,
            cohere_base_url=fake.url,
            data_dir=tmp_path,
            cohere_monthly_calls=100,
            cohere_monthly_tokens=1000,
        )
        async with client(app) as http:
            await http.put("/v1/documents/lamps.md", content=LAMPS.encode(), headers=MARKDOWN)
            await http.post("/v1/answer", json=QUESTION)
            await http.post("/v1/answer", json=QUESTION)
            well = await told(http)
            fake.chat = "limited"
            for _ in range(2):
                await http.post("/v1/answer", json={"messages": [{"role": "user", "content": "lens?"}]})
            ill = await told(http)
    assert [well["cohere_calls_total", kind, "answered"] for kind in ("chat", "rerank")] == [1, 1]
    assert (well["cohere_breaker_open", "chat"], well["answers_cached_total",]) == (0, 1)
    assert (well["budget_used_calls",], well["budget_left_calls",]) == (2, 98)
    assert well["budget_tokens", "output"] == 7
    assert well["budget_left_tokens",] == 1000 - 7 - 11
    assert [ill["cohere_calls_total", "chat", how] for how in ("failed", "skipped")] == [1, 1]
    assert ill["cohere_breaker_open", "chat"] == 1
    assert ill["answers_degraded_total", "generation"] == 2


async def test_it_tells_what_was_taken_in() -> None:
    """Documents by outcome, jobs by status, what parses, what is rebuilt: all there from the beginning on."""
    async with client(built(fetch_allow_loopback=True)) as http:
        path = "/v1/documents/lamps.md"
        for content in (LAMPS, LAMPS, LAMPS + "More.\n", ""):
            await http.put(path, content=content.encode(), headers=MARKDOWN)
        await http.delete(path)
        source = {"kind": "sitemap", "url": "http://127.0.0.1:1024/sitemap.xml"}
        assert (await http.put("/v1/data-sources/site", json=source)).status_code == 201
        job = (await http.post("/v1/data-sources/site/sync")).json()["id"]
        await http.get(f"/v1/ingestion-jobs/{job}/events")  # comes when it has ended
        found = await told(http)
    assert {key[1]: value for key, value in found.items() if key[0] == "ingested_total"} == {
        "created": 1,
        "unchanged": 1,
        "replaced": 1,
        "refused": 1,
        "removed": 1,
    }
    assert {key[1] for key in found if key[0] == "ingestion_jobs"} == {"queued", "running"}
    assert sum(value for key, value in found.items() if key[0] == "ingestion_jobs_ended_total") == 1
    assert (found["parsing_asked",], found["rebuild_running",]) == (0, 0)
    assert found["rebuild_documents", "total"] == 0


async def test_an_embedder_is_told_beside_the_model(tmp_path: Path) -> None:
    """Its calls and breakers are Cohere's, too."""
    async with cohere() as fake:
        app = built(cohere_api_key=KEY, cohere_base_url=fake.url, data_dir=tmp_path)
        budget, opened = app.state.budget, connected(fake.url)
        embedder = GuardedEmbedder(make_embedder(app.state.settings, opened), budget)
        model = GuardedModel(app.state.cohere, budget)
        metrics = told_by(
            Requests("retriever"),
            store=app.state.store,
            search=app.state.search,
            answers=app.state.answers,
            budget=budget,
            model=model,
            embedder=embedder,
        )
        await embedder.query("a lens")
        samples = [sample for family in await metrics.families() for sample in family.samples]
        await embedder.close()
    calls = {
        tuple(sample.labels.values()): sample.value for sample in samples if "cohere_calls" in sample.name
    }
    assert calls == {("embed_query", "answered"): 1}
    kinds = {sample.labels["kind"] for sample in samples if "breaker_open" in sample.name}
    assert kinds == {"chat", "rerank", "condense", "embed_query", "embed_passages"}


async def test_an_index_that_does_not_answer_leaves_its_size_out() -> None:
    """What is not known is not told; the rest is."""
    store = MemoryStore()
    async with client(built(store)) as http:
        store.before = failing(UpstreamUnavailableError("gone"), "count")
        found = await told(http)
    assert ("documents",) not in found
    assert ("index_up",) in found


async def test_an_index_that_is_slow_does_not_hold_up_the_rest() -> None:
    """Counting has a deadline of its own."""

    class Slow(OpeningStore):
        async def count(self, where: Where) -> int:
            return await asyncio.Event().wait() or 0

    holdings = Holdings(Slow(making(MemoryStore()), target=wanted(None)), count_s=0.001)
    async with asyncio.timeout(5):
        await holdings.refresh()
    assert {holdings.documents, holdings.chunks} == {None}
