"""Letters that people write in several ways have one spelling."""

import pytest

from retriever.language.letters import fold, seen


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Fox", "fox"),
        ("CAFÉ", "cafe"),
        ("cafe\u0301", "cafe"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("İIıi", "iiii"),
        ("ΛΌΓΟΣ", "λογοσ"),
        ("Ёлка", "елка"),
        ("мой", "мой"),
        ("أحمـد", "احمد"),
        ("عَرَبِيَّة", "عربيه"),
        ("کی", "كي"),
        ("हिन्दी", "हिंदी"),
        ("पाँच", "पांच"),
        ("क़लम", "कलम"),
        ("שָׁלוֹם", "שלום"),
        ("٤٢ ४२ ๔๒", "42 42 42"),
    ],
)
def test_fold(word: str, expected: str) -> None:
    """Case, accents, vowel signs and forms of a letter make no difference."""
    assert fold(word) == expected


def test_what_is_not_seen_is_left_out() -> None:
    """Soft hyphens and marks of direction part no word; wide letters are plain ones."""
    assert seen("ＡB\u00adC\u200b\u202a") == "ABC"
    assert seen("plain") == "plain"
