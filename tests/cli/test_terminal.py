import io

import pytest

from cli.terminal import complain, line, never_fail_to_encode, safe


def test_nothing_steers_the_terminal() -> None:
    """Escape sequences and direction overrides lose what makes them work; text and its lines stay."""
    assert safe("a\x1b[31mb\x07\x9b2J\r\n\tc\u202ed é 中") == "a[31mb2J\n\tcd é 中"


def test_a_line_is_one_line() -> None:
    """Whatever breaks lines becomes a space."""
    assert line("a\nb\r\n c\u2028d\x1b") == "a b c d"


def test_complaints_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A complaint is one line of standard error and nothing on standard output."""
    complain("no\nway")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "carrel: no way\n")


def test_an_encoding_never_fails() -> None:
    """A character that the terminal cannot show becomes a question mark."""
    raw = io.BytesIO()
    narrow = io.TextIOWrapper(raw, encoding="ascii")
    never_fail_to_encode(narrow, io.StringIO())
    narrow.write("a › b")
    narrow.flush()
    assert raw.getvalue() == b"a ? b"
