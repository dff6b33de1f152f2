"""Patterns choose pages, in a time that does not explode."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.sources.patterns import matches, problem, wanted

URL = "https://x.org/guide/lamps/wick.html"
PATH = "/guide/lamps/wick.html"


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("/guide/*", "/guide/a", True),
        ("/guide/*", "/guide/", True),
        ("/guide/*", "/guide/a/b", False),
        ("/guide/**", "/guide/a/b", True),
        ("/**/wick.*", PATH, True),
        ("/**/wick.*", "/wick.html", False),
        ("/**", "/", True),
        ("/a", "/a", True),
        ("/a", "/ab", False),
        ("/a.c", "/abc", False),
        ("/a?b", "/a?b", True),
        ("/***x", "/a/bx", True),
        ("/*", "/*", True),
        ("/(a|b)+", "/a", False),
    ],
)
def test_stars(pattern: str, text: str, does: bool) -> None:
    """One star stays within a segment, two do not, everything else is itself."""
    assert matches(pattern, text) is does


def test_include_then_exclude() -> None:
    """Without include all are wanted; exclude wins; a whole address may be said."""
    assert wanted(URL, PATH, include=[], exclude=[])
    assert wanted(URL, PATH, include=["/other/**", "/guide/**"], exclude=[])
    assert wanted(URL, PATH, include=["https://x.org/guide/**"], exclude=[])
    assert not wanted(URL, PATH, include=["https://y.org/**"], exclude=[])
    assert not wanted(URL, PATH, include=["/other/**"], exclude=[])
    assert not wanted(URL, PATH, include=["/guide/**"], exclude=["/**/*.html"])


def test_what_is_no_pattern() -> None:
    """A pattern says whether it is of the path or of the whole."""
    assert not problem("/guide/**")
    assert not problem("https://x.org/**")
    for pattern in ("guide/**", "**", "", "/a\nb", "/" + "a" * 500):
        assert problem(pattern)


def test_many_stars_end() -> None:
    """What makes a regular expression hang is answered at once."""
    assert not matches("/" + "**a" * 80 + "b", "/" + "a" * 2000)


@given(st.text("ab/*", max_size=12), st.text("ab/", max_size=12))
def test_it_is_what_a_regular_expression_says(pattern: str, text: str) -> None:
    """The same answer as the plain translation gives."""
    parts = re.findall(r"\*\*|\*|[^*]", pattern)
    expression = "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
    assert matches(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)
