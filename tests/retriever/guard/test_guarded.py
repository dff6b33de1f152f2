"""A model and an embedder are asked only while their breakers and the budget let them be."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from retriever.guard.breaker import FAILURES, PAUSE_S
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedEmbedder, GuardedModel
from retriever.ports import EMBEDDED_AT_ONCE, DenseVector, Finished, Material, Referred, Space, Written
from shared.errors import QuotaExceededError, UpstreamUnavailableError


class Failing:
    """A model and an embedder that fail while they are told to."""

    name = "m"
    space = Space("s", 1)
    even: float | None = 0.5
    fails = True
    asked = 0

    async def write(
        self, instructions: str, turns: Sequence[tuple[str, str]], material: Sequence[Material]
    ) -> AsyncIterator[Written | Referred | Finished]:
        await self.rank("", [])
        yield Finished(complete=True, input_tokens=2, output_tokens=3)

    async def rank(self, query: str, texts: Sequence[str]) -> list[tuple[int, float]]:
        self.asked += 1
        if self.fails:
            raise UpstreamUnavailableError("HTTP 500")
        return []

    async def rewrite(self, instructions: str, text: str) -> str:
        await self.rank("", [])
        return text

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        await self.rank("", [])
        return [(1.0,) for _ in texts]

    async def query(self, text: str) -> DenseVector:
        await self.rank("", [])
        return (1.0,)

    async def open(self) -> None: ...

    async def close(self) -> None: ...


async def test_a_failing_model_is_left_alone_then_tried(tmp_path: Path) -> None:
    """After failures in a row nothing is asked during the pause; what succeeds then counts as well."""
    model, times = Failing(), [0.0]
    guarded = GuardedModel(model, Budget(tmp_path / "u.json", limit=0), now=lambda: times[0])
    for _ in range(FAILURES + 2):
        with pytest.raises(UpstreamUnavailableError):
            await guarded.rank("q", ["x"])
    assert model.asked == FAILURES
    assert guarded.check().detail == "HTTP 500: no reranking"
    model.fails, times[0] = False, PAUSE_S
    assert await guarded.rank("q", ["x"]) == []
    assert (guarded.check().status, guarded.check().detail) == ("ok", "m")


async def test_kinds_fail_apart(tmp_path: Path) -> None:
    """A model that does not condense may still write."""
    model = Failing()
    guarded = GuardedModel(model, Budget(tmp_path / "u.json", limit=0), now=lambda: 0.0)
    for _ in range(FAILURES):
        with pytest.raises(UpstreamUnavailableError):
            await guarded.rewrite("", "q")
    model.fails = False
    assert [said async for said in guarded.write("", [("user", "q")], [])]
    assert guarded.watch.calls == {("condense", "failed"): 3, ("chat", "answered"): 1}


async def test_a_call_left_in_the_middle_is_no_failure(tmp_path: Path) -> None:
    """Whoever leaves says nothing about the model."""
    model = Failing()
    model.fails = False
    guarded = GuardedModel(model, Budget(tmp_path / "usage.json", limit=0), now=lambda: 0.0)
    said = guarded.write("", [], [])
    await anext(said)
    await said.aclose()  # type: ignore[attr-defined]  # a generator, typed as an iterator
    assert guarded.watch.calls == {("chat", "abandoned"): 1}


async def test_an_embedder_stops_with_documents_first(tmp_path: Path) -> None:
    """Batches that do not fit into what is left are not begun, and the error says why; questions go on."""
    budget, model = Budget(tmp_path / "u.json", limit=10), Failing()
    model.fails = False
    guarded = GuardedEmbedder(model, budget)
    texts = ["text"] * (9 * EMBEDDED_AT_ONCE)
    assert len(await guarded.passages(texts)) == len(texts)
    with pytest.raises(QuotaExceededError, match="used up: documents are not embedded"):
        await guarded.passages([*texts, "one more"])
    for _ in range(9):
        await budget.spend()
    assert guarded.check().detail == "the month's calls are used up: documents are not embedded"
    assert await guarded.query("q") == (1.0,)
    await budget.spend()
    with pytest.raises(QuotaExceededError, match="search by words only"):
        await guarded.query("q")
    assert guarded.watch.calls["embed_query", "skipped"] == 1


async def test_an_embedder_that_fails_on_documents_is_asked_for_questions(tmp_path: Path) -> None:
    """A limit on documents does not cost the questions their meaning."""
    model = Failing()
    guarded = GuardedEmbedder(model, Budget(tmp_path / "u.json", limit=0), now=lambda: 0.0)
    for _ in range(FAILURES):
        with pytest.raises(UpstreamUnavailableError):
            await guarded.passages(["x"])
    model.fails = False
    assert await guarded.query("q") == (1.0,)
    assert guarded.watch.open_breakers == {("embed_query",): False, ("embed_passages",): True}
    assert (guarded.space, guarded.even, guarded.check().status) == (Space("s", 1), 0.5, "degraded")
