"""The figures of answers are those of their definitions."""

from collections import Counter
from typing import Any

import pytest

from bench.grading import HALVES, Graded, contained, flaws, half, refused, tokens, told, words


def test_a_query_belongs_to_one_half_always() -> None:
    """The halves are about as large, and a query's does not change."""
    counts = Counter(half(f"query {number}") for number in range(400))
    assert set(counts) == set(HALVES)
    assert min(counts.values()) > 150
    assert half("q1") == half("q1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The “Old” man’s A-Z.", ["old", "mans", "az"]),
        ("ＡＢＣ an\nx", ["abc", "x"]),
        ("136 次擒杀。", ["136", "次", "擒", "杀"]),
        ("कहाँ है?", ["कहाँ", "है"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    """No case, no punctuation, no articles; characters where a script has no spaces."""
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        (["Paris"], "It is in Paris.", True),
        (["Rome", "the Paris"], "it is in paris", True),
        (["Par"], "It is in Paris.", False),
        (["四次"], "他有四次机会", True),
        (["the"], "the", False),
        ([], "Paris", False),
    ],
)
def test_an_answer_contains_gold_as_whole_words(gold: list[str], answer: str, expected: bool) -> None:
    """One gold answer is enough, a part of a word is none, and one without words is in nothing."""
    assert contained(gold, answer) is expected
    assert words("Two words") == 2


def whole(**changes: Any) -> dict[str, Any]:
    source = {"passage_id": "p", "quote": "One. "}
    citation = {"start": 0, "end": 4, "text": "One.", "sources": [source]}
    answer = {
        "answer": "One.",
        "finish_reason": "complete",
        "citations": [citation],
        "passages": [{"id": "p", "text": "Zero. One. Two."}],
    }
    return answer | changes


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (whole(), []),
        (whole(answer="- One.\n\n"), ["an offset", "words that nobody is cited for"]),
        (whole(answer="One. Two."), ["words that nobody is cited for"]),
        (whole(passages=[]), ["not verbatim"]),
        (whole(citations=whole()["citations"] * 4), ["too many sentences"]),
        (
            whole(citations=[]),
            ["a refusal that cites, or an answer that does not"] * 1 + ["words that nobody is cited for"],
        ),
        (whole(finish_reason="refused"), ["a refusal that cites, or an answer that does not"]),
        (whole(finish_reason="refused", citations=[]), []),
    ],
)
def test_flaws_are_found(answer: dict[str, Any], expected: list[str]) -> None:
    """What is cited is an exact slice, stands in its passage, and all that is said is cited."""
    assert list(flaws(answer)) == expected


def test_what_is_told() -> None:
    """Refused answers are wrong and have no length; what nobody knows is not counted as right or wrong."""
    graded = [
        Graded(refused=False, right=True, sentences=3, words=30, elapsed_ms=1.0),
        Graded(refused=True, right=False, sentences=0, words=9, elapsed_ms=2.0),
        Graded(refused=False, right=None, sentences=1, words=10, flaws=("an offset",), elapsed_ms=3.0),
    ]
    figures = told(graded)
    assert (figures["right"], figures["refused"]) == ("0.500", "0.333")
    assert (figures["sentences"], figures["words"], figures["flaws"]) == ("2.00", "20", "1")
    assert refused(graded) == "0.333 of 3"
    assert told([])["right"] == "-"
