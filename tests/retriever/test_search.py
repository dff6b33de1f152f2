"""A search returns the passages of standing documents, with links to their words."""

from typing import Any

from retriever.ports import Hit
from shared.contracts.retriever import Filters, SearchAnswer, SearchRequest
from tests.support.embedders import WordEmbedder
from tests.support.retriever_memory import MemoryStore
from tests.support.retriever_room import LAMPS, OWNERSHIP, Room


async def searched(room: Room, query: str, **fields: Any) -> SearchAnswer:
    return await room.search.search(SearchRequest(query=query, **fields))


async def test_the_passage_that_holds_the_words_comes_first() -> None:
    """Passages are ranked, carry their place, and link to their own words."""
    room = Room()
    await room.put("own.md", OWNERSHIP, url="https://x.org/own")
    await room.put("lamps.md", LAMPS)
    answer = await searched(room, "assigning a String moves it")
    best = answer.passages[0]
    assert best.heading_path == ["What Is Ownership?", "Moves"]
    assert best.url == "https://x.org/own#moves:~:text=let%20s2%20%3D%20s1%3B"
    assert {passage.document_id for passage in answer.passages} == {"own.md"}
    assert [passage.score for passage in answer.passages] == sorted(
        (passage.score for passage in answer.passages), reverse=True
    )
    assert set(answer.timing_ms) == {"embed", "search", "total"}


async def test_filters_narrow_the_search() -> None:
    """All filters must hold, on metadata and on the document's own fields."""
    room = Room()
    await room.put("a.md", LAMPS, metadata={"lang": "en", "n": 1, "draft": False}, url="https://x.org/a")
    await room.put(
        "b.md",
        "# Lenses\n\nThe keeper cleans the lens with soft cloth.",
        metadata={"lang": "de", "n": 2, "tags": ["x"]},
    )
    cases: list[tuple[Filters, set[str]]] = [
        ({"lang": "en"}, {"a.md"}),
        ({"lang": ["en", "de"]}, {"a.md", "b.md"}),
        ({"draft": False}, {"a.md"}),
        ({"tags": "x", "n": 2}, {"b.md"}),
        ({"document_id": "b.md"}, {"b.md"}),
        ({"url": "https://x.org/a"}, {"a.md"}),
        ({"lang": "en", "n": 2}, set()),
    ]
    for filters, expected in cases:
        answer = await searched(room, "lens", filters=filters)
        assert {passage.document_id for passage in answer.passages} == expected


async def test_a_query_of_stop_words_or_of_unknown_words_finds_nothing() -> None:
    """No terms, or none that stand anywhere, is no passage and no error."""
    room = Room()
    await room.put("a.md", LAMPS)
    assert (await searched(room, "is it the")).passages == []
    assert (await searched(room, "zebra")).passages == []


async def test_the_limit_holds() -> None:
    """Never more passages than were asked for."""
    room = Room()
    for number in range(6):
        await room.put(f"{number}.md", f"# T{number}\n\nlamp light {number} {'abcdef'[number] * 5}")
    assert len((await searched(room, "lamp light", limit=3)).passages) == 3


async def test_the_rarity_of_terms_is_measured() -> None:
    """A rare term is rarer than a common one, and one that stands nowhere is left out."""
    room = Room()
    await room.put("a.md", LAMPS)
    await room.put("b.md", "The lens of the tower.")
    rarity = await room.search.rarity(["len", "wick", "zebra"])
    assert 0 < rarity["len"] < rarity["wick"]
    assert "zebra" not in rarity
    assert await room.search.rarity([]) == {}


async def test_a_score_is_explained_on_request() -> None:
    """What the text, the headings and the meaning are worth, each where it found the passage."""
    room = Room(embedder=WordEmbedder(alike={"lantern": "lamp"}))
    await room.put("lamps.md", LAMPS)
    await room.put("own.md", OWNERSHIP)
    assert (await searched(room, "lamps")).passages[0].score_parts is None
    by_document = {p.document_id: p for p in (await searched(room, "lantern", explain=True)).passages}
    parts = by_document["lamps.md"].score_parts
    assert parts is not None
    assert (parts.text, parts.title) == (None, None)
    assert parts.dense is not None
    assert parts.dense > 0
    (named, *_) = (await searched(room, "lamps", explain=True)).passages
    assert named.score_parts is not None
    assert named.score_parts.title is not None


async def test_what_means_the_same_is_found_without_a_word_of_it() -> None:
    """Where vectors are compared, another word for it is enough; without them it finds nothing."""
    alike = {"lantern": "lamp"}
    for embedder, expected in ((WordEmbedder(alike=alike), "lamps.md"), (None, "")):
        room = Room(embedder=embedder)
        await room.put("own.md", OWNERSHIP)
        await room.put("lamps.md", LAMPS)
        found = (await searched(room, "lantern")).passages
        assert (found[0].document_id if found else "") == expected


class Overtaken(MemoryStore):
    """A store whose first search sees a document just before it is replaced."""

    searches = 0

    async def search(self, *args: Any, **kwargs: Any) -> list[list[Hit]]:
        lists = await super().search(*args, **kwargs)
        self.searches += 1
        if self.searches == 1:
            old = {"revision": 1}
            return [[Hit(hit.id, hit.score, {**hit.payload, **old}) for hit in hits] for hits in lists]
        return lists


async def test_a_document_replaced_meanwhile_is_looked_for_again() -> None:
    """Where the record is newer than what the search saw, the search is made once more."""
    store = Overtaken()
    room = Room(store=store)
    await room.put("a.md", LAMPS)
    assert len((await searched(room, "lens")).passages) == 1
    assert store.searches == 2
