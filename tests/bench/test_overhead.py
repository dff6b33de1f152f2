"""The figures of what the retriever adds: which answers count, and which questions are asked."""

import pytest

from bench.overhead import BOUND_MS, Asked, figures, questions, table


def asked(first_ms: float, *, good: bool = True) -> Asked:
    return Asked(first_ms=first_ms + 5, own_ms=first_ms, whole_ms=2 * first_ms, cpu_ms=1.0, good=good)


def test_only_good_answers_count() -> None:
    """One that was not written by the model is told, and changes no figure."""
    found = figures([*(asked(float(at)) for at in range(1, 101)), asked(9999.0, good=False)])
    assert (found["answers"], found["failed"]) == (100, 1)
    assert (found["own_ms p50"], found["own_ms p95"], found["whole_ms p95"]) == (51.0, 96.0, 192.0)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([asked(BOUND_MS)], "ms: kept"),
        ([asked(BOUND_MS + 1)], "not kept"),
        ([asked(1, good=False)], "not kept"),
    ],
)
def test_the_verdict(answers: list[Asked], verdict: str) -> None:
    """The bound is kept up to itself, and not by no answers."""
    assert verdict in table(figures(answers))


def test_each_question_is_asked_once() -> None:
    """They are about the headings, without their marks, and follow no order of the document."""
    texts = ["# One\n\ntext\n\n## `Two` words\n", "# One\n\n### Three\n\nnot # a heading\n"]
    found = questions(texts, count=15)
    assert len(set(found)) == 15
    assert "What is Two words?" in found
    assert {word for question in found for word in ("One", "Three", "Two words") if word in question} == {
        "One",
        "Three",
        "Two words",
    }
    assert found[:2] != ["What is One?", "What is Two words?"]
    with pytest.raises(ValueError, match="not enough"):
        questions(texts, count=16)
