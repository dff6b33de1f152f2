"""Blocks and headings become one text with exact offsets."""

from retriever.parsers.structure import Builder, Section


def test_blocks_are_slices_of_the_text() -> None:
    """Every block is found at its offsets, items and rows stand tight, others are parted by an empty line."""
    builder = Builder()
    builder.block("One.")
    builder.block("- a", "item")
    builder.block("  - b", "item")
    builder.block("x = 1\n", "code")
    document = builder.build(title="T")
    assert document.text == "One.\n\n- a\n  - b\n\nx = 1"
    assert [document.text[b.start : b.end] for b in document.blocks] == ["One.", "- a", "  - b", "x = 1"]
    assert document.sections == (Section((), "", 0, len(document.text)),)


def test_sections_follow_the_headings() -> None:
    """A section holds what stands under its heading, without the line itself, with the path above it."""
    builder = Builder()
    builder.block("Before.")
    for level, name in ((2, "A"), (3, "B"), (2, "C")):
        builder.heading(name, level=level, anchor=name.lower())
        builder.block(f"In {name}.")
    builder.heading("Empty", level=2, anchor="empty")
    document = builder.build(title="T")
    found = [(s.heading_path, s.anchor, document.text[s.start : s.end]) for s in document.sections]
    assert found == [
        ((), "", "Before."),
        (("A",), "a", "In A."),
        (("A", "B"), "b", "In B."),
        (("C",), "c", "In C."),
    ]
    assert builder.first_heading == "A"
    assert builder.first_h1 == ""


def test_a_place_begins_a_section_under_the_same_headings() -> None:
    """A new page is a section of its own; the headings above it still hold."""
    builder = Builder()
    builder.place("page=1")
    builder.heading("A", level=1, anchor="page=1")
    builder.block("One.")
    builder.place("page=2")
    builder.block("Two.")
    sections = builder.build(title="").sections
    assert [(s.heading_path, s.anchor) for s in sections] == [(("A",), "page=1"), (("A",), "page=2")]


def test_a_container_ends_its_headings() -> None:
    """What follows a quotation with a heading of its own belongs to the heading before the quotation."""
    builder = Builder()
    builder.heading("Outer", level=1, anchor="o")
    builder.enter()
    builder.heading("Inner", level=2, anchor="i")
    builder.block("In.")
    builder.leave()
    builder.block("Out.")
    builder.enter()
    builder.leave()
    document = builder.build(title="T")
    assert [s.heading_path for s in document.sections] == [("Outer", "Inner"), ("Outer",)]
    assert builder.first_h1 == "Outer"


def test_what_is_invisible_is_left_out() -> None:
    """A heading or block without visible text does not exist; hidden characters do not count in offsets."""
    builder = Builder()
    builder.heading("\u200b ", level=1, anchor="x")
    builder.block(" \u200b ")
    builder.block("a\u200bb")
    document = builder.build(title="", url="u", metadata={"k": 1})
    assert (document.text, document.url, document.metadata) == ("ab", "u", {"k": 1})


def test_headings_alone_are_one_section() -> None:
    """A document of nothing but headings can still be found by them; one of nothing is empty."""
    builder = Builder()
    builder.heading("Only", level=1, anchor="only")
    document = builder.build(title="Only")
    assert [document.text[s.start : s.end] for s in document.sections] == ["Only"]
    assert Builder().build(title="").sections == ()
