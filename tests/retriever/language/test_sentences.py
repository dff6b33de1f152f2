"""Sentences are found where a reader sees them end."""

import pytest

from retriever.language.sentences import sentence_spans, sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("See e.g. Listing 3 and Fig. 4. Then go.", ["See e.g. Listing 3 and Fig. 4.", "Then go."]),
        ("It works etc. The end.", ["It works etc.", "The end."]),
        ("J. R. Smith and George W. Bush came.", ["J. R. Smith and George W. Bush came."]),
        ("X reduces to Y. There it ends.", ["X reduces to Y.", "There it ends."]),
        ("Call `a.b. C` now. Done.", ["Call `a.b. C` now.", "Done."]),
        ("Use v1.2 or std.io. `x` is next.", ["Use v1.2 or std.io.", "`x` is next."]),
        ("He said “Go.” (It is so.) and... no more.", ["He said “Go.”", "(It is so.) and... no more."]),
        ("a line\nanother line", ["a line", "another line"]),
        ("今日は。明日は！", ["今日は。", "明日は！"]),
        ("  \n ", []),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    """Not after an abbreviation or initial, in code, nor before a small letter; always at a line end."""
    assert split(text) == expected


def test_sentences_of_a_chunk() -> None:
    """Code is no sentence, paragraphs are numbered, items stand without their mark, offsets are exact."""
    text = "Lead in:\n\n- First item. Second.\n2. third\n\nlet x = 1. Y\n\nAfter. It."
    start = text.index("let")
    found = sentences(text, code=((start, start + len("let x = 1. Y")),))
    assert [(s.text, s.item) for s in found] == [
        ("Lead in:", False),
        ("First item.", True),
        ("Second.", True),
        ("third", True),
        ("After.", False),
        ("It.", False),
    ]
    assert all(text[s.start : s.end] == s.text for s in found)
    assert len({s.paragraph for s in found}) == 3


def test_code_alone_has_no_sentences() -> None:
    """A chunk of nothing but code says nothing."""
    assert sentences("fn main() {}", code=((0, 12),)) == ()
