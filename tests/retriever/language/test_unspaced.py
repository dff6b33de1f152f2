"""Scripts without spaces are found by pairs of syllables."""

import pytest

from retriever.language.unspaced import UNSPACED, pairs


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("日", ["日"]),
        ("日本語", ["日本", "本語"]),
        ("サーバー", ["サー", "ーバ", "バー"]),
        ("เกมใหม่", ["เกม", "มให", "ใหม่"]),
        ("ខ្មែរ", ["ខ្មែរ"]),
    ],
)
def test_pairs(run: str, expected: list[str]) -> None:
    """A syllable holds the vowels and tones around its consonant, and the consonants below it."""
    assert list(pairs(run)) == expected


def test_scripts_part_runs() -> None:
    """A run is of one kind of script; other letters are none."""
    assert UNSPACED.findall("abc日本ไทย") == ["日本", "ไทย"]
