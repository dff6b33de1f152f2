"""A model is asked only while its breaker and its budget let it be."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from retriever.guard.breaker import FAILURES, PAUSE_S
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedModel
from retriever.ports import Finished, Material, Referred, Written
from shared.errors import UpstreamUnavailableError


class Failing:
    """A model that fails while it is told to."""

    name = "m"
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
    assert guarded.check().status == "ok"


async def test_tokens_are_counted(tmp_path: Path) -> None:
    """What a finished answer cost is in the report."""
    model = Failing()
    model.fails = False
    guarded = GuardedModel(model, Budget(tmp_path / "u.json", limit=0))
    assert [said async for said in guarded.write("", [("user", "q")], [])]
    assert guarded.budget.report().output_tokens == 3


async def test_calls_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    """Asked and answered, asked in vain, left by the caller in the middle, and not asked at all."""
    model = Failing()
    guarded = GuardedModel(model, Budget(tmp_path / "usage.json", limit=0), now=lambda: 0.0)
    for _ in range(FAILURES + 1):
        with pytest.raises(UpstreamUnavailableError):
            await guarded.rank("", [])
    model.fails = False
    said = guarded.write("", [], [])
    await anext(said)
    await said.aclose()  # type: ignore[attr-defined]  # a generator, typed as an iterator
    assert guarded.calls == {("rerank", "failed"): 3, ("rerank", "skipped"): 1, ("chat", "abandoned"): 1}
    assert guarded.open_breakers == {("chat",): False, ("rerank",): True}
