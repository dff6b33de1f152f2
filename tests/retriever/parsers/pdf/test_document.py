"""A PDF is read page by page or refused with the reason."""

import pytest

from retriever.parsers.pdf.document import MAX_OUTLINE, MAX_PAGES, parse
from shared.errors import InvalidRequestError, TooLargeError
from tests.support.nasty import encrypted_pdf, many_pages, pdf

SOUND = pdf([["A lamp burns oil."], ["Its lens is glass."]], title="The (Lamp) Manual")


def test_pages_are_anchors() -> None:
    """Every page is a section of its own that opens at its page."""
    document = parse(SOUND)
    found = [(s.anchor, document.text[s.start : s.end]) for s in document.sections]
    assert found == [("page=1", "A lamp burns oil."), ("page=2", "Its lens is glass.")]


def test_titles() -> None:
    """The given title wins over the file's, that over a large first line, that over the outline's."""
    assert parse(SOUND, title="Given").title == "Given"
    assert parse(SOUND).title == "The (Lamp) Manual"
    large = [(20.0, "Lamps"), None, "Text of the page.", "More text of it."]
    assert parse(pdf([large], outline=[("Part", 0)])).title == "Lamps"
    assert parse(pdf([["Text of the page."]], outline=[("Part", 0)])).title == "Part"
    assert parse(pdf([["Text of the page."]])).title == ""


def test_the_outline_gives_the_headings() -> None:
    """Titles of the outline are headings on their page; entries that lead nowhere are none."""
    pages = [["Lighting it", "Take a match."], ["Trim the wick."]]
    document = parse(pdf(pages, outline=[("Lighting it", 0), ("Gone", -1), ("Trimming", 1)]))
    assert [(s.heading_path, s.anchor) for s in document.sections] == [
        (("Lighting it",), "page=1"),
        (("Trimming",), "page=2"),
    ]
    assert document.text == "Lighting it\n\nTake a match.\n\nTrimming\n\nTrim the wick."


def test_an_outline_without_end_is_cut() -> None:
    """More titles than any book has are not read."""
    document = parse(pdf([["Text."]], outline=[(f"Title {n}", 0) for n in range(MAX_OUTLINE + 1)]))
    assert f"Title {MAX_OUTLINE - 1}" in document.text
    assert f"Title {MAX_OUTLINE}" not in document.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no PDF, or broken"),
        (b"%PDF-1.7", "no PDF, or broken"),
        (b"<html></html>", "no PDF, or broken"),
        (SOUND[:200], "no PDF, or broken"),
        (encrypted_pdf(), "encrypted with a password"),
        (pdf([[], []]), "needs OCR first"),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, said: str) -> None:
    """Broken, encrypted and scanned files are each refused with what would help."""
    with pytest.raises(InvalidRequestError, match=said):
        parse(content)


def test_too_many_pages_are_refused() -> None:
    """A small file of a hundred thousand pages is refused before one of them is read."""
    with pytest.raises(TooLargeError, match=f"100000 pages; at most {MAX_PAGES}"):
        parse(many_pages(100_000))


def test_a_broken_page_does_not_take_the_others_with_it() -> None:
    """A page that cannot be loaded is passed over."""
    broken = SOUND.replace(b"<< /Type /Page /Parent 6 0 R", b"<< /Type /Pagx /Pbrent 6 0 Q", 1)
    assert "lens" in parse(broken).text
