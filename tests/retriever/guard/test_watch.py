"""What is paid is asked only while that is sensible, and counted by what became of it."""

from pathlib import Path

import pytest

from retriever.guard.breaker import FAILURES, PAUSE_S
from retriever.guard.budget import Budget, Kind
from retriever.guard.watch import Watch
from shared.contracts.wire import Check
from shared.errors import QuotaExceededError, RateLimitedError, UpstreamUnavailableError


def watch(path: Path, *, limit: int = 0) -> tuple[Watch, Budget]:
    budget = Budget(path / "u.json", limit=limit)
    return Watch(budget, {"chat": "no words", "rerank": "no order"}, now=lambda: 0.0), budget


async def test_outcomes_are_counted(tmp_path: Path) -> None:
    """Answered, failed, and not asked at all once the breaker is open; the other kind is as it was."""
    watched, _ = watch(tmp_path)
    with watched.over("chat"):
        pass
    for _ in range(FAILURES):
        with pytest.raises(UpstreamUnavailableError), watched.over("chat"):
            raise UpstreamUnavailableError("HTTP 500")
    with (
        pytest.raises(UpstreamUnavailableError, match="Left alone for a while: HTTP 500"),
        watched.over("chat"),
    ):
        pytest.fail("it was asked")
    with pytest.raises(KeyError), watched.over("rerank"):
        raise KeyError
    assert watched.calls == {
        ("chat", "answered"): 1,
        ("chat", "failed"): FAILURES,
        ("chat", "skipped"): 1,
        ("rerank", "abandoned"): 1,
    }
    assert watched.open_breakers == {("chat",): True, ("rerank",): False}
    assert watched.check("well").detail == "HTTP 500: no words"


async def test_who_asks_for_a_pause_gets_it_at_once(tmp_path: Path) -> None:
    """One answer that names a time opens the breaker."""
    watched, _ = watch(tmp_path)
    with pytest.raises(RateLimitedError), watched.over("chat"):
        raise RateLimitedError(retry_after_ms=1000)
    assert watched.open_breakers["chat",]


async def test_what_is_seldom_wanted_is_not_ill_for_ever(tmp_path: Path) -> None:
    """Questions are condensed now and then; after the pause answers speak for it, rankings do not."""
    now = [0.0]
    budget = Budget(tmp_path / "u.json", limit=0)
    kinds: dict[Kind, str] = {"chat": "no words", "rerank": "no order", "condense": "as they are"}
    watched = Watch(budget, kinds, now=lambda: now[0])
    for _ in range(FAILURES):
        with pytest.raises(UpstreamUnavailableError), watched.over("condense"):
            raise UpstreamUnavailableError("HTTP 500")
    now[0] = PAUSE_S + 1
    with watched.over("rerank"):
        pass
    assert watched.check("well").detail == "HTTP 500: as they are"
    with watched.over("chat"):
        pass
    assert watched.check("well") == Check(status="ok", detail="well")
    assert watched.open_breakers == {("chat",): False, ("rerank",): False, ("condense",): False}


async def test_the_budget_comes_first(tmp_path: Path) -> None:
    """Past a kind's part of the month nothing is asked, and health says what is done without."""
    watched, budget = watch(tmp_path, limit=10)
    assert watched.check("well").status == "ok"
    for _ in range(8):
        await budget.spend()
    with pytest.raises(QuotaExceededError, match="used up: no order"), watched.over("rerank"):
        pytest.fail("it was asked")
    assert (watched.allows("rerank"), watched.allows("chat")) == (False, True)
    assert watched.check("well").detail == "the month's calls are used up: no order"
    await budget.settle()
