"""Forms of a word have one stem, by the rules of its script."""

import pytest

from retriever.language.stems import stem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("owners", "owner"),
        ("книги", "книга"),
        ("γλωσσεσ", "γλωσσα"),
        ("मकानों", "मकान"),
        ("والكتاب", "كتاب"),
        ("للكتاب", "كتاب"),
        ("שלום", "שלום"),
        ("日本", "日本"),
    ],
)
def test_one_stem(one: str, other: str) -> None:
    """Endings are cut where the script has a stemmer, of Arabic words the article."""
    assert stem(one) == stem(other)


def test_short_words_stay() -> None:
    """Nothing is cut so far that a word is lost."""
    assert stem("الله") == "الله"
    assert stem("s") == "s"
