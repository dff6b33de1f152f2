"""What a reader cannot see is taken out."""

import pytest

from retriever.parsers.visible import visible


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("plain text", "plain text"),
        ("a\u200bb\ufeffc\u2060d", "abcd"),
        ("pay \u202eeve\u202c now", "pay eve now"),
        ("soft\u00adhyphen", "softhyphen"),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("a\u200db", "ab"),
        ("\u200dstart and end\u200d", "start and end"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("न\u200d\u200d\u200dम", "न\u200dम"),
    ],
)
def test_hidden_characters_are_removed(given: str, seen: str) -> None:
    """Hidden characters go, what spells a word stays, and every line end is one."""
    assert visible(given) == seen


def test_it_changes_nothing_the_second_time() -> None:
    """Taking out twice is taking out once."""
    text = visible("a\u200b\u200db\r\n👩\u200d💻")
    assert visible(text) == text
