"""The engine in process: one owner, one thread, flushed in time. What it stores is the contract suite's."""

import asyncio
import json
from pathlib import Path

import pytest

from retriever.embedded import store as embedded
from retriever.embedded.store import EmbeddedStore
from retriever.ports import Equals, Point, Schema, Where
from retriever.sparse import SparseVector
from shared.errors import UpstreamUnavailableError

pytestmark = pytest.mark.integration

SCHEMA = Schema(sparse=("text",), keywords=("kind",))
ID = "5f0f7a5e-0d4c-4d0c-9f51-3d6d0a3c9b11"
POINT = Point(ID, {"kind": "x"}, {"text": SparseVector((1,), (1.0,))})


async def test_a_second_owner_gets_one_clear_error(tmp_path: Path) -> None:
    """Only one process can open the folder; the other is told so and can open it later."""
    first, second = EmbeddedStore(tmp_path / "q"), EmbeddedStore(tmp_path / "q")
    await first.ensure(SCHEMA)
    with pytest.raises(UpstreamUnavailableError, match="in use by another process"):
        await second.ensure(SCHEMA)
    await first.close()
    await second.ensure(SCHEMA)
    await second.close()


async def test_before_and_after_it_is_open_it_says_so(tmp_path: Path) -> None:
    """A store that is not open refuses instead of crashing the engine."""
    store = EmbeddedStore(tmp_path / "q")
    with pytest.raises(UpstreamUnavailableError, match="not open"):
        await store.ping()
    with pytest.raises(UpstreamUnavailableError, match="not open"):
        await store.count(Where())
    await store.close()


async def test_a_damaged_index_is_an_error_not_a_crash(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Files that the engine cannot read are told as a failure; the log says why, the client does not."""
    store = EmbeddedStore(tmp_path / "q")
    await store.ensure(SCHEMA)
    await store.close()
    (tmp_path / "q" / "edge_config.json").write_text("{")
    damaged = EmbeddedStore(tmp_path / "q")
    with pytest.raises(UpstreamUnavailableError, match="the log says why") as caught:
        await damaged.ensure(SCHEMA)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.__cause__ is not None
    await damaged.close()


async def test_a_call_that_fails_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What the engine refuses is told as a failure; the log says why."""
    store = EmbeddedStore(tmp_path / "q")
    await store.ensure(SCHEMA)
    with pytest.raises(UpstreamUnavailableError, match="the log says why"):
        await store.retrieve(["not a uuid"])
    assert "embedded engine failed" in caplog.text
    await store.close()


async def test_a_half_made_index_is_made_again(tmp_path: Path) -> None:
    """A folder left behind by a kill while the index was made is replaced."""
    (tmp_path / "q.new" / "segments").mkdir(parents=True)
    store = EmbeddedStore(tmp_path / "q")
    await store.ensure(SCHEMA)
    assert not (tmp_path / "q.new").exists()
    assert json.loads((tmp_path / "q" / "edge_config.json").read_text())
    await store.close()


async def test_the_log_is_flushed_after_many_updates_and_when_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's log does not grow without bound: it is flushed by count and by time."""
    monkeypatch.setattr(embedded, "FLUSH_AFTER_UPDATES", 2)
    monkeypatch.setattr(embedded, "FLUSH_AFTER_IDLE_S", 0.01)
    store = EmbeddedStore(tmp_path / "q")
    await store.ensure(SCHEMA)
    await store.upsert([POINT, POINT])
    assert store._unflushed == 0
    await store.upsert([POINT])
    assert store._unflushed == 1
    async with asyncio.timeout(5):
        while store._unflushed:  # noqa: ASYNC110 - the flush has no event of its own
            await asyncio.sleep(0.005)
    await store.close()


async def test_calls_do_not_hold_the_event_loop(tmp_path: Path) -> None:
    """Many callers at once are served in turn by the engine's thread."""
    store = EmbeddedStore(tmp_path / "q")
    await store.ensure(SCHEMA)
    await store.upsert([POINT])
    counts = await asyncio.gather(*(store.count(Where((Equals("kind", "x"),))) for _ in range(50)))
    assert set(counts) == {1}
    await store.close()
