"""Words of languages that inflect have beginnings in common."""

import pytest

from retriever.language.inflection import FUNCTION_WORDS, beginning, is_english
from retriever.language.tokens import STOP_WORDS


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("einstellungen", "einst*"),
        ("книга", "книга*"),
        ("हिंदीभाषा", "हिंदी*"),
        ("haus", ""),
        ("utf8text", ""),
        ("日本語日本", ""),
        ("3.11.4", ""),
        ("", ""),
    ],
)
def test_beginning(term: str, expected: str) -> None:
    """A word of five letters or more has one; numbers and pairs of syllables have none."""
    assert beginning(term) == expected


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("This is how the owner of a value is told, and it ends with that.", True),
        ("So ist es, wenn der Besitzer eines Wertes genannt wird und dann endet.", False),
        ("fn main() { let x = 5; }", False),
        ("", False),
    ],
)
def test_is_english(text: str, english: bool) -> None:
    """English prose is known by its little words."""
    assert is_english(text) is english


def test_the_function_words_are_not_english() -> None:
    """An English question is not taken for another language by its own little words."""
    assert FUNCTION_WORDS.isdisjoint(STOP_WORDS)
    assert {"und", "les", "nasil"} <= FUNCTION_WORDS
