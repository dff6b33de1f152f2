"""What is known of a language is whole."""

from retriever.language.asking import HOW, NUMBER, WHEN, WHERE, WHO, WHY, Language


def test_a_language_without_more_asks_and_refers_by_nothing() -> None:
    """Left out patterns match nothing, not everything."""
    language = Language("the", {}, "No.")
    assert (language.idle, language.refers, language.spaced) == ("(?!)", "(?!)", True)


def test_the_kinds_are_apart() -> None:
    """Six kinds are told by question words."""
    assert len({HOW, NUMBER, WHEN, WHERE, WHO, WHY}) == 6
