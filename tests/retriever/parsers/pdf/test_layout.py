"""Lines become paragraphs by where they stand, and headings by the outline alone."""

from retriever.parsers.pdf.layout import Entry, build, opening
from retriever.parsers.pdf.lines import Line
from retriever.parsers.structure import ParsedDocument


def line(text: str, y: float = 0, *, x: float = 72, size: float = 10, code: bool = False) -> Line:
    return Line(text, x, y, y, size, code)


def page(*texts: str, pitch: float = 12) -> list[Line]:
    return [line(text, 700 - place * pitch) for place, text in enumerate(texts)]


def document(pages: list[list[Line]], *entries: Entry) -> ParsedDocument:
    return build(pages, entries).build(title="")


def text(*lines: Line) -> str:
    return document([list(lines)]).text


def test_lines_are_joined_to_paragraphs() -> None:
    """A wider gap, another size, and an indent after a sentence begin a paragraph; nothing else does."""
    found = text(
        line("One line", 700),
        line("and the next.", 688),
        line("Another after a gap.", 660),
        line("Indented one,", 648, x=90),
        line("no indent here", 636, x=110),
        line("Larger", 624, size=14),
        line("small", 612),
    )
    assert found == (
        "One line and the next.\n\nAnother after a gap.\n\nIndented one, no indent here\n\nLarger\n\nsmall"
    )


def test_a_sentence_goes_on_in_the_next_column() -> None:
    """At the top of the next column a sentence goes on, and a new one begins a paragraph."""
    assert text(line("A sentence", 300), line("goes on.", 700)) == "A sentence goes on."
    assert text(line("It ends.", 300), line("Another.", 700)) == "It ends.\n\nAnother."


def test_items_of_lists() -> None:
    """A bullet or a number begins an item; items stand in lines."""
    found = document([page("Take:", "• oil", "and a wick", "2) glass", "b) a match")])
    assert found.text == "Take:\n\n• oil and a wick\n2) glass\nb) a match"
    assert [block.kind for block in found.blocks] == ["prose", "item", "item", "item"]


def test_code_keeps_its_lines_and_indents() -> None:
    """Lines of a fixed width stay lines, moved in by where they begin, an empty one where there is a gap."""
    found = document(
        [
            [
                line("Like this:", 700),
                line("def f():", 688, code=True),
                line("return 1", 676, x=72 + 4 * 6, code=True),
                line("f()", 652, code=True),
                line("And so on.", 640),
            ]
        ]
    )
    assert found.text == "Like this:\n\ndef f():\n    return 1\n\nf()\n\nAnd so on."
    assert [block.kind for block in found.blocks] == ["prose", "code", "prose"]


def test_running_heads_and_page_numbers_are_left_out() -> None:
    """What stands at the edge of many pages, but for its numbers, is not their text."""
    pages = [page("Manual", "1.1", *"abcdefg"[n:], f"Page {n}") for n in range(5)]
    found = document(pages)
    assert "Manual" not in found.text
    assert "Page" not in found.text
    assert found.text.startswith("1.1 a b") is False
    assert found.text.startswith("a b c")
    few = document([page("Manual", "Text.") for _ in range(3)])
    assert few.text.count("Manual") == 3


def test_tables_of_contents_are_left_out() -> None:
    """Lines that lead by dots to a page are no text; a sentence that trails off is."""
    found = text(
        line("1 Lamps . . . . . . . . . . 3", 700),
        line("2 Oil ..........", 688),
        line("Preface ······ xii", 676),
        line("." * 500 + " 7", 664),
        line("And so on... 3 times. . .", 640),
    )
    assert found == "And so on... 3 times. . ."


def test_titles_of_the_outline_stand_where_their_line_is() -> None:
    """A title's own lines become the heading, with its number or over several lines; before it is before."""
    entries = [
        Entry("Lamps", 1, 0),
        Entry("The very long title of a part", 2, 0),
        Entry("Not in the text", 3, 0),
        Entry("", 3, 0),
    ]
    lines = page("Before.", "1 Lamps", "Text.", "1.1 The very long", "title of a part", "More.", pitch=12)
    found = document([lines, page("Next page.")], *entries)
    assert [(s.heading_path, s.anchor, found.text[s.start : s.end]) for s in found.sections] == [
        ((), "page=1", "Before."),
        (("Lamps",), "page=1", "Text."),
        (("Lamps", "The very long title of a part", "Not in the text"), "page=1", "More."),
        (("Lamps", "The very long title of a part", "Not in the text"), "page=2", "Next page."),
    ]


def test_an_outline_on_an_empty_page() -> None:
    """A title on a page without lines is still a heading of what follows."""
    found = document([[], page("Text.")], Entry("Part", 1, 0))
    assert found.sections[0].heading_path == ("Part",)


def test_the_opening_line_is_a_title_when_it_is_large() -> None:
    """The first line names the document where it is set larger than the rest."""
    assert opening([[line("Big", size=20), line("small"), line("small")]]) == "Big"
    assert opening([[], [line("same"), line("same")]]) == ""
