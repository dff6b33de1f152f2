"""Sitemaps, feeds and llms.txt as they are found in the world, and as they are not."""

import pytest

from retriever.sources import listings
from retriever.sources.listings import Kind, Listing, ListingError, read_listing
from retriever.web.urls import parse
from tests.support.site import sitemap

BASE = parse("https://x.org/docs/list")
RSS = b"""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><link>https://x.org/</link>
<item><title>A</title><link>https://x.org/a</link><pubDate>Wed, 25 Nov 2026 12:00:00 GMT</pubDate></item>
<item><link>https://x.org/b</link><dc:date>2026-11-25</dc:date></item><item><title>none</title></item>
</channel></rss>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<item><link>https://x.org/a</link></item></rdf:RDF>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://x.org/"/>
<entry><link rel="self" href="https://x.org/a.atom"/><link href="a"/><link href="https://x.org/second"/>
<updated>2026-11-25T12:00:00Z</updated></entry></feed>"""
LLMS = """# Lamps

> How lamps are kept.

- [The wick](/docs/wick.md): trimmed every four hours
- [Oil](https://x.org/docs/oil.md "Oil")
- [Again](<oil.md>)
- [Elsewhere](https://y.org/a(b))
- [Mail](mailto:keeper@x.org)
- ![a picture](/lamp.png)
"""


def listed(kind: Kind, content: bytes) -> Listing:
    return read_listing(kind, content, base=BASE)


def pages(kind: Kind, content: bytes) -> list[tuple[str, str]]:
    return [(str(page.url), page.lastmod) for page in listed(kind, content).pages]


def test_a_sitemap_lists_pages_with_their_dates() -> None:
    """Each once; relative addresses are of the sitemap; what is no address is told."""
    body = sitemap(
        ("https://x.org/a", "2026-11-25"), "https://x.org/b", "https://x.org/a#x", "c", "file:///x", ""
    )
    found = listed("sitemap", body.body)
    assert [(str(p.url), p.lastmod) for p in found.pages] == [
        ("https://x.org/a", "2026-11-25"),
        ("https://x.org/b", ""),
        ("https://x.org/docs/c", ""),
    ]
    assert [address for address, _ in found.dropped] == ["file:///x"]
    assert found.complete


def test_a_sitemap_index_lists_sitemaps() -> None:
    """What it names are lists, not pages."""
    found = listed("sitemap", sitemap("https://x.org/1.xml", "https://x.org/2.xml.gz", "", index=True).body)
    assert [str(url) for url in found.further] == ["https://x.org/1.xml", "https://x.org/2.xml.gz"]
    assert found.pages == []
    assert listed("sitemap", sitemap("javascript:x", index=True).body).further == []


def test_images_of_a_page_are_no_pages() -> None:
    """Extensions of the protocol have locations of their own."""
    body = (
        b'<urlset xmlns:image="urn:i"><url><loc>https://x.org/a</loc>'
        b"<image:image><image:loc>https://x.org/i.png</image:loc></image:image></url></urlset>"
    )
    assert pages("sitemap", body) == [("https://x.org/a", "")]


def test_a_sitemap_may_be_plain_text() -> None:
    """One address a line."""
    assert pages("sitemap", b"\xef\xbb\xbfhttps://x.org/a\r\n\r\nhttps://x.org/b\n") == [
        ("https://x.org/a", ""),
        ("https://x.org/b", ""),
    ]


def test_feeds() -> None:
    """RSS in both its forms, and Atom, with the date of each entry."""
    assert pages("feed", RSS) == [
        ("https://x.org/a", "Wed, 25 Nov 2026 12:00:00 GMT"),
        ("https://x.org/b", "2026-11-25"),
    ]
    assert pages("feed", RDF) == [("https://x.org/a", "")]
    assert pages("feed", ATOM) == [("https://x.org/docs/a", "2026-11-25T12:00:00Z")]


def test_llms_txt_lists_what_it_links_to() -> None:
    """Links of every spelling, each page once; mail is none."""
    found = listed("llms_txt", LLMS.encode())
    assert [str(page.url) for page in found.pages] == [
        "https://x.org/docs/wick.md",
        "https://x.org/docs/oil.md",
        "https://x.org/lamp.png",
    ]
    assert [address for address, _ in found.dropped] == ["mailto:keeper@x.org"]


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("sitemap", RSS, "no sitemap"),
        ("sitemap", b"<html><body>Not found</body></html>", "no sitemap"),
        ("sitemap", b"<!DOCTYPE html><p>", "document type"),
        ("sitemap", b"", "well-formed"),
        ("feed", sitemap("https://x.org/").body, "no RSS or Atom"),
        ("llms_txt", b"<!DOCTYPE html><HTML>", "no llms.txt"),
    ],
)
def test_what_is_not_of_its_kind(kind: Kind, content: bytes, said: str) -> None:
    """A page in the place of a list is no empty list."""
    with pytest.raises(ListingError, match=said):
        listed(kind, content)


def test_a_list_without_end_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the bound is left, and that it was left is known."""
    monkeypatch.setattr(listings, "MAX_ENTRIES", 2)
    found = listed("sitemap", sitemap("https://x.org/a", "https://x.org/b", "https://x.org/c").body)
    assert len(found.pages) == 2
    assert not found.complete


def test_brackets_without_end_are_read_at_once() -> None:
    """No text makes finding links take long."""
    assert pages("llms_txt", b"](" * 200_000 + b"[" * 200_000) == []
    assert pages("llms_txt", (b"](" + b"a" * 1999 + b" " * 299) * 2000) == []


def test_a_list_is_none_of_its_pages() -> None:
    """A link to a heading of its own, or its own address, leads to no page."""
    own = b"- [Top](#top)\n- [This](https://x.org/docs/list)\n- [A](/a)"
    assert [str(page.url) for page in listed("llms_txt", own).pages] == ["https://x.org/a"]
