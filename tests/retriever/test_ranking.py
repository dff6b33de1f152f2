"""Hits become passages: fused, current, joined, and each text only once."""

from dataclasses import replace

import pytest

from retriever.documents.records import Record
from retriever.ports import Hit
from retriever.ranking import MAX_JOINED_CHARS, TITLE_WEIGHT, Ranked, current, fuse, passages, source
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


def ranked(*hits: Hit) -> list[Ranked]:
    return fuse(hits, [])


def record(**changes: object) -> Record:
    return replace(RECORD, document_id="d", revision=5, **changes)  # type: ignore[arg-type]


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
    assert [passage.id for passage in ranked(third, second, first)] == ["z", "y", "x"]


def test_only_the_standing_revision_is_kept() -> None:
    """Chunks of a removed document or of a revision not yet written are dropped; titles are the record's."""
    hits = ranked(hit("a", 3), hit("b", 2, revision=6), hit("c", 1, document_id="gone"))
    kept, moved = current(hits, {"d": record(title="T", url="https://x.org")})
    assert [(passage.id, passage.title, passage.url) for passage in kept] == [("a", "T", "https://x.org")]
    assert not moved


def test_an_older_revision_tells_that_the_document_was_replaced() -> None:
    """Hits older than the record mean that the search may have missed what is new."""
    assert current(ranked(hit("a", 1, revision=4)), {"d": record()}) == ([], True)


def test_neighbours_are_joined_exactly() -> None:
    """Chunks that follow each other are one slice of the document, overlapping or not, code offsets moved."""
    code = DOCUMENT.index("let")
    last = hit("c", 1, ordinal=2, start=30, end=len(DOCUMENT), code=[[code - 30, len(DOCUMENT) - 30]])
    first, middle = hit("a", 2, ordinal=0, start=0, end=20), hit("b", 3, ordinal=1, start=22, end=47)
    (joined,) = passages(ranked(middle, first, last), limit=5)
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
    assert len(passages(ranked(hit("a", 3), *others[:3]), limit=9)) == 4
    assert len(passages(ranked(hit("a", 3), others[3]), limit=9)) == 2


def test_the_same_text_is_told_once() -> None:
    """Of two passages that say the same, the better one is kept; text without words equals its like."""
    twice = ranked(
        hit("a", 3),
        hit("b", 2, document_id="copy"),
        hit("c", 1, text="!", section=9),
        hit("d", 1, text="?", section=8),
    )
    assert [passage.id for passage in passages(twice, limit=9)] == ["a", "c", "d"]


def test_the_limit_counts_passages_but_lets_neighbours_join() -> None:
    """No more than the limit is returned, and a later neighbour of a kept one still joins it."""
    hits = ranked(
        hit("a", 3),
        hit("x", 2, document_id="e", text="other words"),
        hit("b", 1, ordinal=1, start=22, end=47),
    )
    (only,) = passages(hits, limit=1)
    assert only.text == DOCUMENT[:47]


def test_a_source_opens_at_its_quote() -> None:
    """A citation's source names the passage, and its address leads to the very words."""
    [passage] = ranked(hit("a", 1.0))
    found = source(replace(passage, title="T", url="https://docs.test/a"), quote="First sentence here.")
    assert (found.document_id, found.passage_id, found.title) == ("d", "a", "T")
    assert found.url == "https://docs.test/a#h:~:text=First%20sentence%20here."
    assert (found.quote, found.heading_path) == ("First sentence here.", ["H"])
