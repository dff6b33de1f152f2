"""Plain text is paragraphs and a first line."""

from retriever.parsers.plain import parse


def test_paragraphs_and_the_title_of_the_first_line() -> None:
    """Empty lines part paragraphs, and the first line is the title."""
    document = parse("My notes\nsecond line\n\n \n  Another paragraph.\r\n")
    assert document.title == "My notes"
    assert document.text == "My notes\nsecond line\n\nAnother paragraph."
    assert len(document.blocks) == 2


def test_a_given_title_wins_and_a_long_line_is_none() -> None:
    """A title from outside is kept; a first line that is a paragraph is no title."""
    assert parse("Line", title="Given").title == "Given"
    assert parse("word " * 60).title == ""
