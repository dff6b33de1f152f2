"""Documents are put whole or not at all, and a reader never sees half of one."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from retriever.documents.preparation import Submission
from retriever.documents.records import record_point
from retriever.ingest import SHARED_GRACE_US, Ingest
from retriever.ports import Point, Stored, Where
from shared.contracts.retriever import SearchRequest
from shared.errors import InvalidRequestError, NotFoundError, UpstreamUnavailableError
from tests.support.retriever_memory import MemoryStore, failing
from tests.support.retriever_room import LAMPS, OWNERSHIP, InProcess, Room

LOST = UpstreamUnavailableError("lost")


async def found(room: Room, query: str) -> list[str]:
    answer = await room.search.search(SearchRequest(query=query))
    return [passage.text for passage in answer.passages]


async def test_put_creates_replaces_and_leaves_unchanged() -> None:
    """The first put creates, the same again does nothing, another content replaces and keeps the creation."""
    room = Room()
    first = await room.put("a.md", OWNERSHIP)
    writes = room.store.calls.count("upsert")
    again = await room.put("a.md", OWNERSHIP)
    assert (first.kind, again.kind) == ("created", "unchanged")
    assert again.document == first.document
    assert room.store.calls.count("upsert") == writes
    other = await room.put("a.md", LAMPS)
    assert other.kind == "replaced"
    assert other.document.created_at == first.document.created_at < other.document.updated_at
    assert await found(room, "ownership") == []
    assert len(await found(room, "lens")) == 1
    assert {chunk["revision"] for chunk in room.of_kind("chunk")} == {room.of_kind("record")[0]["revision"]}


async def test_what_is_said_about_a_document_is_kept() -> None:
    """Title, url and metadata given win over the document's own; its own fill what is not given."""
    room = Room()
    text = "---\ntitle: Own\nurl: https://own.org\nlang: en\nteam: [a]\n---\nText."
    own = await room.put("own.md", text)
    given = await room.put("given.md", text, title="Given", url="https://given.org", metadata={"lang": "de"})
    assert (own.document.title, own.document.url) == ("Own", "https://own.org")
    assert own.document.metadata == {"lang": "en", "team": ["a"]}
    assert (given.document.title, given.document.url) == ("Given", "https://given.org")
    assert given.document.metadata == {"lang": "de", "team": ["a"]}
    assert (await room.put("own.md", text, metadata={"x": 1})).kind == "replaced"


async def test_an_unsafe_address_in_a_document_is_dropped() -> None:
    """A document cannot make its own link run something."""
    outcome = await Room().put("x.md", "---\nurl: javascript:alert(1)\n---\nText.")
    assert outcome.document.url == ""


async def test_a_bad_document_changes_nothing() -> None:
    """A document that cannot be read leaves the one that is there as it is."""
    room = Room()
    await room.put("a.md", LAMPS)
    points = dict(room.store.points)
    with pytest.raises(InvalidRequestError):
        await room.put("a.md", "<!-- nothing -->")
    assert room.store.points == points


async def test_delete_removes_everything() -> None:
    """After a delete nothing of the document is left, and a second delete does not find it."""
    room = Room()
    await room.put("a.md", OWNERSHIP)
    await room.ingest.delete("a.md")
    assert [kind for kind in ("record", "chunk", "source") if room.of_kind(kind)] == []
    with pytest.raises(NotFoundError):
        await room.ingest.delete("a.md")


async def test_every_change_changes_the_index_version() -> None:
    """A put and a delete give the index another version, an unchanged put does not."""
    room = Room()
    versions = []
    for act in (
        lambda: room.put("a", LAMPS),
        lambda: room.put("a", OWNERSHIP),
        lambda: room.ingest.delete("a"),
    ):
        await act()
        versions.append((await room.search.search(SearchRequest(query="x"))).index_version)
    await room.put("b", LAMPS)
    versions.append((await room.search.search(SearchRequest(query="x"))).index_version)
    await room.put("b", LAMPS)
    assert len(set(versions)) == 4
    assert (await room.search.search(SearchRequest(query="x"))).index_version == versions[-1]


async def test_a_failed_put_is_never_seen_and_cleaned_up() -> None:
    """When the chunks cannot be written, the old document stands and the new leaves nothing."""
    room = Room()
    await room.put("a.md", LAMPS)
    room.store.before = failing(LOST, "upsert")
    with pytest.raises(UpstreamUnavailableError):
        await room.put("a.md", OWNERSHIP)
    room.store.before = lambda _: None
    assert len(await found(room, "lens")) == 1
    assert await found(room, "ownership") == []
    assert len({chunk["revision"] for chunk in room.of_kind("chunk")}) == 1


async def test_a_record_that_may_be_written_is_not_cleaned_up_after() -> None:
    """When the record's write fails its outcome is unknown: its chunks stay, unseen, for the next start."""
    room = Room()
    await room.put("a.md", LAMPS)
    room.store.before = failing(LOST, "upsert", after=1)
    with pytest.raises(UpstreamUnavailableError):
        await room.put("a.md", OWNERSHIP)
    room.store.before = lambda _: None
    assert await found(room, "ownership") == []
    assert len({chunk["revision"] for chunk in room.of_kind("chunk")}) == 2


async def test_leftovers_do_not_fail_a_put_and_are_swept_at_the_next_start() -> None:
    """A put is done when its record is written; old chunks that stay are removed by the next sweep."""
    room = Room()
    await room.put("a.md", OWNERSHIP)
    await room.put("gone.md", "# Gone\n\nGone text.")
    room.store.before = failing(LOST, "delete")
    assert (await room.put("a.md", LAMPS)).kind == "replaced"
    room.store.before = failing(LOST, "delete", after=1)
    await room.ingest.delete("gone.md")
    room.store.before = lambda _: None
    assert await found(room, "ownership rules gone") == []
    later = Room(store=room.store, now_us=iter(range(9_000_000, 9_999_999)).__next__)
    assert await later.ingest.sweep() == 2
    assert {chunk["document_id"] for chunk in later.of_kind("chunk")} == {"a.md"}
    assert len(await found(later, "lens")) == 1
    assert await later.ingest.sweep() == 0


async def test_on_a_shared_engine_young_leftovers_stay() -> None:
    """Another process may be in the middle of a write there, so only old leftovers are removed."""
    store = MemoryStore()
    store.exclusive = False
    first = Room(store=store)
    store.before = failing(LOST, "upsert", after=1)
    with pytest.raises(UpstreamUnavailableError):
        await first.put("a.md", LAMPS)
    store.before = lambda _: None
    soon = 1_000_000 + SHARED_GRACE_US // 2
    late = 1_000_000 + 2 * SHARED_GRACE_US
    assert await Room(store=store, now_us=lambda: soon).ingest.sweep() == 0
    assert await Room(store=store, now_us=lambda: late).ingest.sweep() == 1


async def test_puts_of_one_document_wait_for_each_other() -> None:
    """Of concurrent puts of one id exactly one revision is left, whole; those of others go on."""
    room = Room()
    texts = [f"# Version {number}\n\nNumber {number} of the text." for number in range(8)]
    outcomes = await asyncio.gather(*(room.put("a.md", text) for text in texts), room.put("b.md", LAMPS))
    assert sorted(outcome.kind for outcome in outcomes) == ["created"] * 2 + ["replaced"] * 7
    records = {record["document_id"]: record for record in room.of_kind("record")}
    chunks = [chunk for chunk in room.of_kind("chunk") if chunk["document_id"] == "a.md"]
    assert {chunk["revision"] for chunk in chunks} == {records["a.md"]["revision"]}


class Unhurried(MemoryStore):
    """Lets others go on before each call."""

    async def upsert(self, points: Sequence[Point]) -> None:
        await asyncio.sleep(0)
        await super().upsert(points)

    async def delete(self, where: Where) -> None:
        await asyncio.sleep(0)
        await super().delete(where)

    async def retrieve(self, ids: Sequence[str], *, keys: Sequence[str] | None = None) -> list[Stored]:
        await asyncio.sleep(0)
        return await super().retrieve(ids, keys=keys)


async def test_searches_see_the_old_or_the_new_never_both_or_none() -> None:
    """While a document is replaced over and over, every search finds exactly one version of it."""
    room = Room(store=Unhurried())
    await room.put("a.md", "# Fog\n\nfog horn version 0")
    done = asyncio.Event()

    async def replace_often() -> None:
        for number in range(1, 13):
            await room.put("a.md", f"# Fog\n\nfog horn version {number}")
        done.set()

    writing = asyncio.gather(replace_often())
    seen: set[str] = set()
    while not done.is_set():
        texts = await found(room, "fog horn")
        assert len(texts) == 1
        seen.add(texts[0])
        await asyncio.sleep(0.001)  # the parser's thread needs the interpreter as well
    await writing
    assert len(seen) > 2


async def test_documents_of_another_format_are_made_anew() -> None:
    """After an upgrade that cuts differently, documents are indexed again from their sources."""
    room = Room()
    await room.put("old.md", OWNERSHIP, title="Kept", metadata={"lang": "en"})
    await room.put("new.md", LAMPS)
    record = await room.catalogue.get("old.md")
    assert record is not None
    await room.store.upsert([record_point(replace(record, format="0", title="Stale"))])
    assert await room.ingest.refresh() == 1
    renewed = await room.catalogue.get("old.md")
    assert renewed is not None
    assert (renewed.title, renewed.metadata, renewed.created) == ("Kept", {"lang": "en"}, record.created)
    assert renewed.revision > record.revision
    assert await room.ingest.refresh() == 0
    assert len(await found(room, "ownership owner")) > 0


async def test_a_document_that_cannot_be_made_anew_stays() -> None:
    """A document whose source is refused by a newer version is kept as it is, and said in the log."""
    room = Room()
    await room.put("old.md", LAMPS)
    record = await room.catalogue.get("old.md")
    assert record is not None
    await room.store.upsert([record_point(replace(record, format="0"))])
    for point in list(room.store.points.values()):
        if point.payload["kind"] == "source":
            room.store.points[point.id] = replace(point, payload={**point.payload, "text": " "})
    assert await room.ingest.refresh() == 0
    assert len(await found(room, "lens")) == 1


async def test_the_clock_may_stand_or_go_back() -> None:
    """A revision is larger than the one before even if the clock is not."""
    room = Room(now_us=lambda: 5)
    await room.put("a.md", LAMPS)
    first = await room.catalogue.get("a.md")
    behind = Ingest(room.store, room.catalogue, InProcess(), now_us=lambda: 1)
    await behind.put("a.md", Submission(OWNERSHIP.encode(), "text/markdown"))
    second = await room.catalogue.get("a.md")
    assert first is not None
    assert second is not None
    assert second.revision > first.revision
