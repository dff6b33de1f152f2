"""Paid calls are counted durably, and given up in order before the quota is gone."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from retriever.guard.budget import Budget

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


async def test_reranking_ends_first_then_generation(tmp_path: Path) -> None:
    """Of a hundred calls reranking stops at 80 and generation at 97, with some left."""
    budget = Budget(tmp_path / "used.json", limit=100)
    seen = []
    for _ in range(100):
        await budget.spend()
        seen.append((budget.allows_rerank(), budget.allows_generation()))
    assert seen.index((False, True)) == 79
    assert seen.index((False, False)) == 96


async def test_the_count_survives_a_restart_and_ends_with_the_month(tmp_path: Path) -> None:
    """Another process goes on counting; a new month begins at nothing."""
    path = tmp_path / "deep" / "used.json"
    first = Budget(path, limit=10, now=lambda: NOVEMBER)
    await first.spend()
    await first.used(input_tokens=5, output_tokens=7)
    report = Budget(path, limit=10, now=lambda: NOVEMBER).report()
    assert (report.calls, report.left, report.input_tokens, report.output_tokens) == (1, 9, 5, 7)
    later = Budget(path, limit=10, now=lambda: NOVEMBER.replace(month=12)).report()
    assert (later.month, later.calls) == ("2026-12", 0)


def test_no_limit(tmp_path: Path) -> None:
    """A limit of 0 is none, and is reported so; the file is not there before the first call."""
    budget = Budget(tmp_path / "used.json", limit=0)
    report = budget.report()
    assert (report.limit, report.left, report.generation) == (None, None, True)
    assert not list(tmp_path.iterdir())


def test_a_broken_file_is_counted_anew(tmp_path: Path) -> None:
    """A file that cannot be read does not end the service."""
    (tmp_path / "used.json").write_text("{")
    assert Budget(tmp_path / "used.json", limit=5).report().calls == 0


async def test_callers_that_go_away_do_not_disturb_those_that_stay(tmp_path: Path) -> None:
    """A count whose caller was cancelled in the middle of writing is kept, and the next ones are written."""
    path = tmp_path / "used.json"
    budget = Budget(path, limit=0)
    for _ in range(50):
        leaving = asyncio.ensure_future(budget.spend())
        await asyncio.sleep(0)
        leaving.cancel()
        await budget.spend()
    assert budget.report().calls == 100
    assert Budget(path, limit=0).report().calls == 100
