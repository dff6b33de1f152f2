"""Addresses open a page at the very words, and only safe addresses are kept."""

import pytest

from retriever.documents.links import deep_link, is_safe_url, page_addresses, without_fragment


@pytest.mark.parametrize(
    ("anchor", "text", "expected"),
    [
        ("intro", "Some words here.", "https://x.org/p#intro:~:text=Some%20words%20here."),
        ("", "Only words", "https://x.org/p#:~:text=Only%20words"),
        ("only-anchor", "", "https://x.org/p#only-anchor"),
        ("", "", "https://x.org/p"),
        ("ä b", "x", "https://x.org/p#%C3%A4%20b:~:text=x"),
        ("a", "well-known, a & b", "https://x.org/p#a:~:text=well%2Dknown%2C%20a%20%26%20b"),
        ("a", "- item in `code` mark\nnext", "https://x.org/p#a:~:text=item%20in%20code%20mark"),
        ("a", "cell | other", "https://x.org/p#a:~:text=cell"),
        ("a", "one two three four five six seven eight nine", "https://x.org/p#a:~:text=one%20two%20three%20four%20five%20six%20seven%20eight"),
    ],
)  # fmt: skip
def test_deep_links(anchor: str, text: str, expected: str) -> None:
    """The anchor and the first words of the first line, encoded as the text fragment grammar asks."""
    assert deep_link("https://x.org/p", anchor=anchor, text=text) == expected


def test_a_document_without_an_address_has_no_link() -> None:
    """Nothing is made up where there is no address; an address's own fragment holds without an anchor."""
    assert deep_link("", anchor="a", text="b") == ""
    assert deep_link("https://x.org/p#own", anchor="", text="") == "https://x.org/p#own"


@pytest.mark.parametrize("url", ["https://x.org", "http://x.org/a?b=c#d", "/docs/a"])
def test_safe_addresses(url: str) -> None:
    """Web addresses and paths on the reader's own site are links."""
    assert is_safe_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//x.org",
        "/\\x.org",
        "https://x.org\\@y.org",
        "x.org",
        "https://",
        "https://x .org",
        "/" + "a" * 3000,
    ],
)
def test_unsafe_addresses(url: str) -> None:
    """What could run, or is no address, is none."""
    assert not is_safe_url(url)


def test_the_ways_a_page_is_written() -> None:
    """A page is the same with and without its fragment, its query and its last slash."""
    assert without_fragment("https://x.org/a#b") == "https://x.org/a"
    assert set(page_addresses("https://x.org/a/?q=1#b")) >= {
        "https://x.org/a",
        "https://x.org/a/",
        "https://x.org/a/?q=1",
    }


def test_a_page_of_a_pdf_is_opened_by_its_number_alone() -> None:
    """Readers of PDFs know a page, and could take words after it for part of its number."""
    link = deep_link("https://x.org/a.pdf#top", anchor="page=7", text="Some words of it.")
    assert link == "https://x.org/a.pdf#page=7"
