"""What is asked is cut into words as what is stored is."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ws.words import SEPARATORS, UNSPACED, cut, lexeme, terms, tsquery

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ()),
        (" \t\n", ()),
        ("?! ... — «»", ()),
        ("wick", ("wick",)),
        ("Trim  the wick!", ("Trim", "the", "wick")),
        ("wick_length", ("wick length",)),
        ("shared/auth.py:12", ("shared auth py 12",)),
        ("https://keepers.example/a?b=c#d", ("https keepers example a b c d",)),
        ("it's", ("it s",)),
        ("a & b | !c:* <-> (d)", ("a", "b", "c", "d")),
        ("Füße ФУТ", ("Füße", "ФУТ")),
        ("ＡＢ ﬁ", ("AB", "fi")),
        ("灯台の光", ("灯 台 の 光",)),
        ("คำ x", ("ค ำ".replace("ำ", "\u0e4d า"), "x")),
        ("lamp。灯", ("lamp 灯",)),
        ("😀", ("😀",)),
    ],
)
def test_what_is_looked_for(asked: str, found: tuple[str, ...]) -> None:
    """Spaces part what is looked for; punctuation parts the words of one of it, which stay together."""
    assert terms(asked) == found


def test_a_query_finds_all_as_beginnings() -> None:
    """Each is a quoted operand that finds the beginnings of words; nothing asked is nothing."""
    assert tsquery(terms("wick_length lam")) == "'wick length':* & 'lam':*"
    assert tsquery(()) == ""


@given(TEXT)
def test_no_query_breaks_out_of_its_quotes(asked: str) -> None:
    """Whatever is asked is words between quotes: no operator, quote or backslash is left in one."""
    for term in terms(asked):
        assert term
        assert not set(term) & set("'\\&|!():*<>")
        assert len(max(term.split(" "), key=len)) <= 200


@given(TEXT)
def test_what_is_asked_has_the_words_of_what_is_stored(text: str) -> None:
    """A whole text is looked for by its very words in their order; cut once more they stay the same."""
    words = cut(text)
    assert " ".join(terms(text)) == " ".join(words)
    assert cut(" ".join(words)) == words


def test_a_lexeme_is_quoted() -> None:
    """Quotes and backslashes are doubled, as PostgreSQL reads them."""
    assert lexeme(r"@o'n\e") == r"'@o''n\\e'"


def test_the_database_cuts_the_same() -> None:
    """The migration that made ``carrel_words`` names the very characters."""
    sql = (files("chat_ws.database") / "sql/migrations/0003_pre_search.sql").read_text("utf-8")
    assert f"'[{SEPARATORS}]+'" in sql
    assert f"'([{UNSPACED}])'" in sql
