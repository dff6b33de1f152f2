"""Documents are listed, read and found again by what a person types."""

import pytest

from shared.errors import InvalidRequestError, NotFoundError
from tests.support.retriever_room import LAMPS, OWNERSHIP, Room


async def test_a_document_is_read_with_its_chunks_in_order() -> None:
    """Reading gives the record and every chunk of the standing revision, in reading order."""
    room = Room()
    await room.put("own.md", OWNERSHIP)
    document = await room.catalogue.read("own.md")
    assert document.title == "What Is Ownership?"
    assert [chunk.ordinal for chunk in document.chunks] == list(range(document.chunk_count))
    assert document.chunks[1].heading_path == ["What Is Ownership?", "Ownership Rules"]


async def test_what_is_not_there_is_not_found() -> None:
    """Reading an unknown document is an error, asking for its record is not."""
    room = Room()
    assert await room.catalogue.get("none") is None
    with pytest.raises(NotFoundError):
        await room.catalogue.read("none")


async def test_the_source_is_read_back() -> None:
    """The document as it was given is kept, to be parsed again."""
    room = Room()
    await room.put("own.md", OWNERSHIP)
    record = await room.catalogue.get("own.md")
    assert record is not None
    assert await room.catalogue.source(record) == OWNERSHIP


async def test_lists_are_paged_newest_first() -> None:
    """Pages follow each other without a gap or a double, and the last has no cursor."""
    room = Room()
    for number in range(5):
        await room.put(f"{number}.md", f"Text {number}.")
    seen, cursor = [], None
    for size in (2, 2, 1):
        page = await room.catalogue.page(limit=2, cursor=cursor, q="")
        assert len(page.items) == size
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
    assert seen == ["4.md", "3.md", "2.md", "1.md", "0.md"]
    assert cursor is None


async def test_lists_are_searched_by_id_title_and_address() -> None:
    """A part of the id, title or url finds a document, whatever its case; paging goes on among the found."""
    room = Room()
    await room.put("a/own.md", OWNERSHIP)
    await room.put("b/lamps.md", LAMPS, url="https://x.org/LIGHT")
    await room.put("b/more.md", "# Other lamps\n\nText.")
    for q, ids in (
        ("OWN", ["a/own.md"]),
        ("light", ["b/lamps.md"]),
        ("other l", ["b/more.md"]),
        ("none", []),
    ):
        assert [item.id for item in (await room.catalogue.page(limit=9, cursor=None, q=q)).items] == ids
    first = await room.catalogue.page(limit=1, cursor=None, q="b/")
    second = await room.catalogue.page(limit=1, cursor=first.next_cursor, q="b/")
    assert [first.items[0].id, second.items[0].id] == ["b/more.md", "b/lamps.md"]
    assert second.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "9" * 17, "٣"])
async def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    """A cursor that no list gave is named as the fault."""
    with pytest.raises(InvalidRequestError, match="cursor"):
        await Room().catalogue.page(limit=1, cursor=cursor, q="")
