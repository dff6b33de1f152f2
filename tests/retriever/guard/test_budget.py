"""Paid calls are counted durably, and given up in order before the quota is gone."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retriever.guard.budget import PARTS, Budget
from tests.support.waiting import eventually

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


async def test_what_matters_least_ends_first(tmp_path: Path) -> None:
    """Of a hundred calls reranking and condensing stop at 80, documents at 90, writing at 97."""
    budget = Budget(tmp_path / "used.json", limit=100)
    ended: dict[str, int] = {}
    for made in range(1, 101):
        await budget.spend()
        for kind in PARTS:
            if not budget.allows(kind):
                ended.setdefault(kind, made)
    assert ended == {"rerank": 80, "condense": 80, "embed_passages": 90, "chat": 97, "embed_query": 100}


async def test_a_month_of_tokens_ends_in_the_same_order(tmp_path: Path) -> None:
    """Tokens of every kind count together; search units and calls do not."""
    budget = Budget(tmp_path / "used.json", limit=0, token_limit=100)
    await budget.used(input_tokens=30, output_tokens=30, embedding_tokens=25, search_units=50)
    report = budget.report()
    assert (report.rerank, report.condensing, report.document_embedding) == (False, False, True)
    assert (report.embedding_tokens, report.search_units, report.token_limit) == (25, 50, 100)
    await budget.used(embedding_tokens=12)
    assert (budget.report().generation, budget.report().query_embedding) == (False, True)


async def test_many_calls_at_once_must_fit(tmp_path: Path) -> None:
    """What takes more calls than its part has left is not begun."""
    budget = Budget(tmp_path / "used.json", limit=100)
    assert budget.allows("embed_passages", calls=90)
    assert not budget.allows("embed_passages", calls=91)


async def test_the_count_survives_a_restart_and_ends_with_the_month(tmp_path: Path) -> None:
    """Another process goes on counting; a new month begins at nothing."""
    path = tmp_path / "deep" / "used.json"
    first = Budget(path, limit=10, now=lambda: NOVEMBER)
    await first.spend()
    await first.used(input_tokens=5, output_tokens=7)
    await first.settle()
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
    """A count whose caller was cancelled meanwhile is kept, and the next ones are written."""
    path = tmp_path / "used.json"
    budget = Budget(path, limit=0)
    for _ in range(50):
        leaving = asyncio.ensure_future(budget.spend())
        await asyncio.sleep(0)
        leaving.cancel()
        await budget.spend()
    await budget.settle()
    assert budget.report().calls == 100
    assert Budget(path, limit=0).report().calls == 100


async def test_calls_that_follow_each_other_share_a_write(tmp_path: Path) -> None:
    """Nobody waits for the disk; what was counted is on it soon, without being asked for."""
    path = tmp_path / "used.json"
    budget = Budget(path, limit=0, gather_s=0.01)
    await budget.spend()
    await budget.spend()
    assert not path.exists()
    await eventually(path.exists)
    assert Budget(path, limit=0).report().calls == 2


async def test_a_full_disk_ends_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be written is counted in memory, and the log says so without a path."""
    (tmp_path / "file").write_text("")
    budget = Budget(tmp_path / "file" / "used.json", limit=5)
    await budget.spend()
    await budget.settle()
    assert budget.report().calls == 1
    assert "used.json cannot be written" in caplog.text
    assert str(tmp_path) not in caplog.text


async def test_a_file_of_an_older_version_is_read(tmp_path: Path) -> None:
    """What was not counted then is nothing."""
    (tmp_path / "used.json").write_text(
        '{"month": "2026-11", "calls": 7, "input_tokens": 1, "output_tokens": 2}'
    )
    report = Budget(tmp_path / "used.json", limit=0, now=lambda: NOVEMBER).report()
    assert (report.calls, report.embedding_tokens) == (7, 0)
