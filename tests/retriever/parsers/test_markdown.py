"""Markdown becomes text that a person reads, with its headings and anchors."""

from retriever.parsers.markdown import MAX_BRACKETS, parse


def text(markdown: str) -> str:
    return parse(markdown).text


def test_inline_marks_are_rendered_away() -> None:
    """Emphasis and links leave their text, code its backticks, comments and tags nothing."""
    given = (
        "_Ownership_ is a **set** of [rules][r]<!-- ignore --> in\n`my_fn` and ``a`b``, ~~old~~ <b>bold</b>"
        " ![picture](p.png) &amp; more\\*.[^1]\n\n[r]: https://x.org\n"
    )
    assert text(given) == "Ownership is a set of rules in `my_fn` and a`b, old bold & more*."


def test_line_breaks() -> None:
    """A soft break is a space, a hard one and a br tag are line ends."""
    assert text("a\nb  \nc<br/>d") == "a b\nc\nd"


def test_headings_anchors_and_paths() -> None:
    """ATX and setext headings nest by level; a custom id is the anchor; equal names are numbered."""
    document = parse("Top\n===\n\nx\n\n## The `a` way\n\ny\n\n## The a way\n\nz\n\n### Own {#my-id}\n\nw\n")
    assert [(s.heading_path, s.anchor) for s in document.sections] == [
        (("Top",), "top"),
        (("Top", "The a way"), "the-a-way"),
        (("Top", "The a way"), "the-a-way-1"),
        (("Top", "The a way", "Own"), "my-id"),
    ]


def test_lists_keep_their_marks_and_depth() -> None:
    """Items stand in lines with a dash or their number, nested ones indented, further paragraphs in line."""
    given = "- one\n  - two\n- three\n\n  more\n\n3. c\n4. d\n"
    assert text(given) == "- one\n  - two\n- three\nmore\n3. c\n4. d"


def test_code_is_marked_as_code() -> None:
    """Fenced and indented code are blocks of their own kind, kept as written."""
    document = parse("Look:\n\n```rust\nfn main() {}\n\n// end\n```\n\n    indented\n")
    kinds = [(block.kind, document.text[block.start : block.end]) for block in document.blocks]
    assert kinds == [("prose", "Look:"), ("code", "fn main() {}\n\n// end"), ("code", "indented")]


def test_tables_are_rows() -> None:
    """Each row of a table is one line of its cells."""
    assert text("| a | b |\n|---|---|\n| `x` | y<br>z |\n") == "a | b\n`x` | y z"


def test_quotations_end_their_headings() -> None:
    """A heading inside a quotation holds until the quotation ends."""
    document = parse("# A\n\n> ## B\n>\n> in\n\nout\n")
    assert [s.heading_path for s in document.sections] == [("A", "B"), ("A",)]


def test_marks_of_mdbook_are_removed() -> None:
    """Includes and listings are no text, also when a caption holds a type; what they enclose is."""
    listing = '<Listing number="1" caption="Saving a `Handle<T>`">'
    include = "```rust\n{{#rustdoc_include ../a.rs:here}}\n```"
    script = "<script>\nalert(1)\n</script>"
    given = f"{listing}\n\n{include}\n\nKept {{{{#include x}}}} text.\n\n</Listing>\n\n{script}"
    given += "\n\n<div>inner text</div>\n"
    assert text(given) == "Kept text.\n\ninner text"


def test_title_url_and_metadata_of_the_front_matter() -> None:
    """The given title wins over the front matter's, that over the first h1, that over other headings."""
    document = parse("---\ntitle: Front\nurl: https://x.org\nlang: en\n---\n# H\n\ntext")
    assert (document.title, document.url, document.metadata) == ("Front", "https://x.org", {"lang": "en"})
    assert parse("---\ntitle: Front\n---\n# H", title="Given").title == "Given"
    assert parse("## Two\n\n# One\n").title == "One"
    assert parse("## Two\n").title == "Two"
    assert parse("---\nurl: 3\n---\nx").url == ""


def test_a_monstrous_block_stays_as_written() -> None:
    """A block of more brackets than a person writes is kept as it is instead of parsed for minutes."""
    given = "[" * (MAX_BRACKETS + 1)
    assert text(given) == given
    assert len(text("> " * 5000 + "deep")) < 20_000
