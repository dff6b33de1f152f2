"""Documents become points and come back as they were."""

from dataclasses import replace
from typing import Any

import pytest

from retriever.chunking import chunk
from retriever.documents.records import (
    INDEX_FORMAT,
    SOURCE_PART_CHARS,
    Record,
    chunk_points,
    content_hash,
    format_of,
    headline,
    meta_point,
    of_kind,
    of_revision,
    point_id,
    record_id,
    record_point,
    source_points,
    summary,
    to_chunk,
    to_record,
    to_span,
)
from retriever.parsers.markdown import parse
from retriever.ports import Equals, Space

RECORD = Record(
    document_id="a/b.md",
    title="Title",
    url="https://x.org/b",
    media_type="text/markdown",
    metadata={"lang": "en"},
    content_hash="h",
    characters=10,
    chunk_count=1,
    created=1_000_000,
    updated=2_500_000,
    revision=2_500_000,
    format="f",
    given={"title": "", "url": "", "metadata": {}},
)


def test_a_record_comes_back() -> None:
    """A record read back is the record, whatever else its point carries."""
    point = record_point(RECORD)
    assert point.id == record_id("a/b.md")
    assert to_record({**point.payload, "later": 1}) == RECORD
    assert not point.sparse


def test_ids_differ_by_every_part() -> None:
    """No two kinds, documents, revisions or ordinals share an id, and the same parts give the same id."""
    ids = {
        point_id("chunk", "a", 1, 1),
        point_id("chunk", "a", 1, 2),
        point_id("source", "a", 1, 1),
        point_id("chunk", "a1", 1),
    }
    assert len(ids) == 4
    assert point_id("chunk", "a", 1) == point_id("chunk", "a", 1)


def test_chunks_carry_their_place_their_facets_and_their_vectors() -> None:
    """A chunk's point tells its document, revision and section; what has no term has no vector."""
    document = parse("# Fox\n\nThe fox runs.\n\n## …\n\n!!!\n")
    first, second = chunk_points(RECORD, chunk(document))
    assert first.payload["document_id"] == "a/b.md"
    assert first.payload["revision"] == RECORD.revision
    assert first.payload["facets"] == {"lang": "en"}
    assert set(first.sparse) == {"text", "title"}
    assert set(second.sparse) == {"title"}
    read = to_chunk(first.id, first.payload)
    assert (read.text, read.heading_path, read.anchor, read.ordinal) == ("The fox runs.", ["Fox"], "fox", 0)


def test_the_source_is_kept_in_parts() -> None:
    """A long source is stored in parts that make it whole again."""
    source = "x" * SOURCE_PART_CHARS + "rest"
    points = list(source_points(RECORD, source))
    assert [point.payload["part"] for point in points] == [0, 1]
    assert "".join(str(point.payload["text"]) for point in points) == source


def test_filters_select_one_revision_but_never_the_record() -> None:
    """The filter for a revision names the kinds of its content."""
    where = of_revision("a", 7)
    assert Equals("revision", 7) in where.must
    assert "record" not in repr(where)
    assert of_kind("chunk", Equals("x", 1)).must == (Equals("kind", "chunk"), Equals("x", 1))


SAME: dict[str, Any] = {
    "media_type": "text/plain",
    "charset": "",
    "given": {"title": "", "url": "", "metadata": {"a": 1}},
}


@pytest.mark.parametrize(
    "change",
    [
        {"media_type": "text/html"},
        {"charset": "latin-1"},
        {"given": {"title": "T", "url": "", "metadata": {"a": 1}}},
        {"given": {"title": "", "url": "", "metadata": {"a": True}}},
    ],
)
def test_the_hash_is_over_all_that_was_given(change: dict[str, Any]) -> None:
    """The same again has the same hash; another media type, charset, title or metadata has another."""
    assert content_hash(b"x", **SAME) == content_hash(b"x", **SAME)
    assert content_hash(b"x", **{**SAME, **change}) != content_hash(b"x", **SAME)
    assert content_hash(b"y", **SAME) != content_hash(b"x", **SAME)


def test_what_clients_see_of_a_record() -> None:
    """A summary has aware instants and none of the index's own fields."""
    seen = summary(replace(RECORD, title="Seen")).model_dump(mode="json")
    assert seen["title"] == "Seen"
    assert seen["created_at"] == "1970-01-01T00:00:01.000Z"
    assert seen["updated_at"] == "1970-01-01T00:00:02.500Z"
    assert "revision" not in seen


def test_the_state_of_the_index_is_one_point() -> None:
    """Every change writes the same point, with another number."""
    assert meta_point(1).id == meta_point(2).id
    assert meta_point(1).payload != meta_point(2).payload


def test_a_chunk_comes_back_as_it_was_cut() -> None:
    """Everything but its vectors is in its point, its code and headings too."""
    spans = chunk(parse("# One\n\nText.\n\n```\ncode\n```\n\n## Two\n\nMore."))
    points = chunk_points(RECORD, spans)
    assert [to_span(point.payload) for point in points] == spans
    assert any(span.code for span in spans)


def test_formats_and_headlines() -> None:
    """A document with vectors says of which model; a heading that is the title is told once."""
    assert format_of(None) == INDEX_FORMAT
    assert format_of(Space("m", 3)) == f"{INDEX_FORMAT}+m"
    assert headline("One", ["One", "Two"]) == "One > Two"
