"""Styles say what a paragraph is, by themselves or by the style they are based on."""

import pytest

from retriever.parsers.word.styles import MAX_STEPS, Lists, Style, Styles, is_on, number


def styles(**known: Style) -> Styles:
    return Styles(known=known)


def test_styles_are_read() -> None:
    """Every property that matters is taken from its element, for the style it stands in."""
    found = Styles()
    for name, value in (
        ("style", {"styleId": "A"}),
        ("name", {"val": "My Heading"}),
        ("basedOn", {"val": "B"}),
        ("outlineLvl", {"val": "2"}),
        ("numId", {"val": "7"}),
        ("ilvl", {"val": "1"}),
        ("vanish", {}),
        ("style", {"styleId": "C"}),
        ("other", {"val": "x"}),
    ):
        found.start(name, value)
        found.text("no text")
        found.end(name)
    assert found.known["A"] == Style("my heading", "B", 2, "7", 1, hidden=True)
    assert found.known["C"] == Style()


def test_levels_of_headings() -> None:
    """An outline level counts before the name; a style inherits; body text is no heading."""
    found = styles(
        h=Style("heading 3"),
        t=Style("title"),
        own=Style("mine", base="h"),
        body=Style("mine", base="h", outline=9),
        set=Style("heading 1", outline=1),
        plain=Style("normal"),
    )
    levels = [found.level(name) for name in ("h", "t", "own", "body", "set", "plain", "missing")]
    assert levels == [3, 1, 3, None, 2, None, None]


def test_what_else_a_style_says() -> None:
    """Code, contents, hidden text and lists are known by the style or by one below it."""
    found = styles(
        code=Style("source code"),
        mine=Style("mine", base="code"),
        toc=Style("toc 2"),
        gone=Style(hidden=True),
        item=Style("list bullet", list_id="3", list_level=1),
        more=Style("list more", base="item"),
    )
    assert (found.is_code("mine"), found.is_code("toc")) == (True, False)
    assert (found.is_contents("toc"), found.is_contents("code")) == (True, False)
    assert (found.is_hidden("gone"), found.is_hidden("code")) == (True, False)
    assert (found.list_of("more"), found.list_of("code")) == (("3", 1), ("", 0))


def test_styles_in_a_ring_end() -> None:
    """Styles based on one another do not go round for ever."""
    found = styles(a=Style("x", base="b"), b=Style("y", base="a"))
    assert found.level("a") is None
    assert MAX_STEPS > 9


def lists() -> Lists:
    found = Lists()
    for name, value in (
        ("abstractNum", {"abstractNumId": "0"}),
        ("lvl", {"ilvl": "0"}),
        ("numFmt", {"val": "decimal"}),
        ("lvl", {"ilvl": "1"}),
        ("numFmt", {"val": "bullet"}),
        ("numFmt", {"val": "decimal"}),
        ("lvl", {"ilvl": "2"}),
        ("numFmt", {"val": "lowerLetter"}),
        ("num", {"numId": "5"}),
        ("abstractNumId", {"val": "0"}),
        ("other", {}),
    ):
        found.start(name, value)
        found.text("no text")
        found.end(name)
    return found


def test_items_are_counted() -> None:
    """Numbers go on within a level and begin anew below another item; bullets have none."""
    found = lists()
    marks = [found.marker("5", level) for level in (0, 2, 2, 1, 0, 2)]
    assert marks == ["1. ", "1. ", "2. ", "- ", "2. ", "1. "]
    assert found.marker("unknown", 0) == "- "


@pytest.mark.parametrize(
    ("given", "expected"), [("7", 7), ("", 0), ("-1", 0), ("9999", 0), ("x", 0), ("²", 0)]
)
def test_numbers_are_small(given: str, expected: int) -> None:
    """What is no small number counts as 0."""
    assert number(given) == expected


@pytest.mark.parametrize(("given", "expected"), [("", True), ("1", True), ("0", False), ("false", False)])
def test_switches(given: str, expected: bool) -> None:
    """A property without a value is on."""
    assert is_on(given) is expected
