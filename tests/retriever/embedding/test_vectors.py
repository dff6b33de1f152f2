"""Vectors are made by whoever knows the space of the index; without, words remain."""

import pytest

from retriever.documents.records import INDEX_FORMAT, format_of
from retriever.embedding.vectors import Asked, Vectors
from retriever.ports import Space
from shared.errors import UpstreamUnavailableError
from tests.support.embedders import WordEmbedder
from tests.support.retriever_memory import failing
from tests.support.retriever_room import LAMPS, Room

LOST = UpstreamUnavailableError("the model is away")


async def test_the_embedder_of_the_living_space_is_asked() -> None:
    """Of two embedders, the one whose space the index has; another space has nobody."""
    one, two = WordEmbedder("one"), WordEmbedder("two")
    space: Space | None = two.space
    vectors = Vectors([one, two], living=lambda: space)
    assert (await vectors.query("lens")).vector == await two.query("lens")
    assert vectors.format == f"{INDEX_FORMAT}+two"
    space = Space("two", 3)
    assert await vectors.query("lens") == Asked(lacking=True)
    assert vectors.format == INDEX_FORMAT
    space = None
    assert await vectors.query("lens") == Asked()


async def test_documents_get_vectors_of_their_headings_and_text() -> None:
    """Each chunk has the vector of what it says; the record says that it has them."""
    embedder = WordEmbedder()
    room = Room(embedder=embedder)
    await room.put("lamps.md", LAMPS)
    (chunk,) = [point for point in room.store.points.values() if point.payload["kind"] == "chunk"]
    assert chunk.dense == (await embedder.passages([f"Lamps\n{chunk.payload['text']}"]))[0]
    (record,) = room.of_kind("record")
    assert record["format"] == format_of(embedder.space)


async def test_a_document_is_kept_when_its_vectors_cannot_be_made(caplog: pytest.LogCaptureFixture) -> None:
    """It is found by its words, owes its vectors, and gets them by the next refresh or put."""
    for again in ("refresh", "put"):
        embedder = WordEmbedder(before=failing(LOST, "passages"))
        room = Room(embedder=embedder)
        await room.put("lamps.md", LAMPS)
        assert room.vectors.owed.is_set()
        assert room.of_kind("record")[0]["format"] == INDEX_FORMAT
        assert "lamps.md" in caplog.text
        with pytest.raises(UpstreamUnavailableError):
            await room.ingest.refresh()
        embedder.before = lambda _: None
        if again == "refresh":
            assert await room.ingest.refresh() == 1
            assert await room.ingest.refresh() == 0
        else:
            assert (await room.put("lamps.md", LAMPS)).kind == "replaced"
        assert room.of_kind("record")[0]["format"] == format_of(embedder.space)
        assert len(room.of_kind("chunk")) == 1


async def test_a_question_without_its_vector_says_so() -> None:
    """Where the embedder fails, the search is by words and lacks something."""
    embedder = WordEmbedder(before=failing(LOST, "query"))
    vectors = Vectors([embedder], living=lambda: embedder.space)
    assert await vectors.query("lens") == Asked(lacking=True)
