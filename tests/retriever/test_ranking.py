"""Hits become passages: fused, current, joined, and each text only once."""

from dataclasses import replace
from typing import Any

import pytest

from retriever.documents.records import Record
from retriever.ports import Hit
from retriever.ranking import (
    DENSE_WEIGHT,
    MAX_JOINED_CHARS,
    TITLE_WEIGHT,
    Parts,
    Ranked,
    distinct,
    fuse,
    grouped,
    read,
    source,
)
from tests.retriever.documents.test_records import RECORD

DOCUMENT = "First sentence here.\n\nSecond paragraph follows.\n\nlet x = 1;"


def hit(id: str, score: float, *, ordinal: int = 0, start: int = 0, end: int = 20, **other: object) -> Hit:
    payload = {
        "document_id": "d",
        "revision": 5,
        "ordinal": ordinal,
        "section": 0,
        "heading_path": ["H"],
        "anchor": "h",
        "start": start,
        "end": end,
        "text": DOCUMENT[start:end],
        "code": [],
    }
    return Hit(id, score, payload | other)


def whole(*hits: Hit, **records: Record) -> list[Ranked]:
    """The hits as passages of standing documents, neighbours joined."""
    names = {str(hit.payload["document_id"]) for hit in hits}
    standing = {name: record() for name in names} | records
    return read(grouped(fuse(hits, [])), {hit.id: hit.payload for hit in hits}, standing)[0]


def record(**changes: Any) -> Record:
    return replace(RECORD, document_id="d", revision=5, **changes)


def test_scores_of_both_signals_are_added() -> None:
    """A hit's score is its text's plus a part of its headings'; equal ones stand in a fixed order."""
    found = fuse([hit("a", 2.0), hit("b", 1.0)], [hit("b", 5.0), hit("c", 1.0), hit("d", 1.0)])
    assert [(passage.id, passage.score) for passage in found] == [
        ("b", pytest.approx(1.0 + TITLE_WEIGHT * 5.0)),
        ("a", 2.0),
        ("c", TITLE_WEIGHT),
        ("d", TITLE_WEIGHT),
    ]


def test_of_equals_the_same_one_is_first() -> None:
    """Whatever ids a further taking in gave them: by document, then by place."""
    first, second = hit("z", 1.0, document_id="a", ordinal=9), hit("y", 1.0, document_id="b", ordinal=2)
    third = hit("x", 1.0, document_id="b", ordinal=10)
    assert [passage.id for passage in fuse([third, second, first], [])] == ["z", "y", "x"]


def test_only_the_standing_revision_is_kept() -> None:
    """Chunks of a removed document or of a revision not yet written are dropped; titles are the record's."""
    hits = [hit("a", 3), hit("b", 2, revision=6), hit("c", 1, document_id="gone")]
    payloads = {hit.id: hit.payload for hit in hits}
    standing = {"d": record(title="T", url="https://x.org")}
    kept, moved = read(grouped(fuse(hits, [])), payloads, standing)
    assert [(passage.id, passage.title, passage.url) for passage in kept] == [("a", "T", "https://x.org")]
    assert not moved


def test_an_older_revision_tells_that_the_document_was_replaced() -> None:
    """Hits older than the record mean that the search may have missed what is new."""
    old = hit("a", 1, revision=4)
    assert read(grouped(fuse([old], [])), {"a": old.payload}, {"d": record()}) == ([], True)


def test_a_chunk_that_is_gone_is_not_told() -> None:
    """What was removed between the search and the reading has no words."""
    assert read(grouped(fuse([hit("a", 1)], [])), {}, {"d": record()}) == ([], False)


def test_neighbours_are_joined_exactly() -> None:
    """Chunks that follow each other are one slice of the document, overlapping or not, code offsets moved."""
    code = DOCUMENT.index("let")
    last = hit("c", 1, ordinal=2, start=30, end=len(DOCUMENT), code=[[code - 30, len(DOCUMENT) - 30]])
    first, middle = hit("a", 2, ordinal=0, start=0, end=20), hit("b", 3, ordinal=1, start=22, end=47)
    (joined,) = whole(middle, first, last)
    assert joined.text == DOCUMENT
    assert (joined.start, joined.end, joined.ordinals) == (0, len(DOCUMENT), (0, 2))
    assert joined.code == ((code, len(DOCUMENT)),)
    assert (joined.id, joined.score) == ("b", 3)


def test_what_is_no_neighbour_is_not_joined() -> None:
    """Another section, another document, a chunk further on, or too much text stays apart."""
    others = [
        hit("b", 2, ordinal=1, start=22, end=47, section=1),
        hit("c", 1, ordinal=5, start=49, end=59),
        hit("d", 1, ordinal=1, start=22, end=47, document_id="e", text="something else entirely different"),
        hit("e", 1, ordinal=1, start=22, end=MAX_JOINED_CHARS + 1, text="long text of other words here"),
    ]
    assert len(whole(hit("a", 3), *others[:3])) == 4
    assert len(whole(hit("a", 3), others[3])) == 2


def test_the_same_text_is_told_once() -> None:
    """Of two passages that say the same, the better one is kept; text without words equals its like."""
    twice = whole(
        hit("a", 3),
        hit("b", 2, document_id="copy"),
        hit("c", 1, text="!", section=9),
        hit("d", 1, text="?", section=8),
    )
    assert [passage.id for passage in distinct(twice, limit=9)] == ["a", "c", "d"]


def test_a_script_without_spaces_is_compared_by_its_characters() -> None:
    """A copy with another last sign is the same text; another sentence is not."""
    text = "灯塔的灯每四个小时要修剪一次灯芯并且要用软布擦拭镜片这样光才能照得很远很远"
    twice = whole(
        hit("a", 3, text=text),
        hit("b", 2, document_id="copy", text=f"{text}。"),
        hit("c", 1, document_id="other", text=text[::-1]),
    )
    assert [passage.id for passage in distinct(twice, limit=9)] == ["a", "c"]


def test_the_limit_counts_passages() -> None:
    """No more than the limit is returned, the best first; a later neighbour joined before."""
    hits = [
        hit("a", 3),
        hit("x", 2, document_id="e", text="other words"),
        hit("b", 1, ordinal=1, start=22, end=47),
    ]
    (only,) = distinct(whole(*hits), limit=1)
    assert only.text == DOCUMENT[:47]


def test_a_source_opens_at_its_quote() -> None:
    """A citation's source names the passage, and its address leads to the very words."""
    [passage] = whole(hit("a", 1.0))
    found = source(replace(passage, title="T", url="https://docs.test/a"), quote="First sentence here.")
    assert (found.document_id, found.passage_id, found.title) == ("d", "a", "T")
    assert found.url == "https://docs.test/a#h:~:text=First%20sentence%20here."
    assert (found.quote, found.heading_path) == ("First sentence here.", ["H"])


def test_words_and_vectors_are_mixed_on_one_scale() -> None:
    """What both find well comes first; what only one of them finds is found too, and says by which."""
    text = [hit("both", 12.0), hit("words", 11.0), hit("weak", 3.0)]
    dense = [hit("both", 0.8), hit("near", 0.7), hit("far", 0.2)]
    mixed = fuse(text, [], dense)
    assert mixed[0].id == "both"
    assert {r.id for r in mixed} == {"both", "words", "weak", "near", "far"}
    by_id = {r.id: r for r in mixed}
    assert by_id["both"].parts == Parts(text=12.0, dense=0.8)
    assert by_id["words"].parts == Parts(text=11.0)
    assert by_id["near"].parts == Parts(dense=0.7)
    assert by_id["both"].score == pytest.approx(1.0 + DENSE_WEIGHT * 0.8)
    assert by_id["words"].score == pytest.approx(11 / 12 + DENSE_WEIGHT * 0.2)


def test_vectors_alone_rank_too() -> None:
    """A question without a word of the documents is answered by what is near."""
    assert [r.id for r in fuse([], [], [hit("a", 0.5), hit("b", 0.4)])] == ["a", "b"]
    assert [r.id for r in fuse([], [], [hit("a", 0.5)])] == ["a"]
