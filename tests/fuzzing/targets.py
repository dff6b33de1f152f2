"""What strangers' bytes go through, as functions that end well or refuse; and what each is fed at first.

A target raises only when something is wrong: a refusal of ours is an end like any other.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from retriever.chunking import MAX_CHARS, chunk
from retriever.language.sentences import sentences
from retriever.language.tokens import term_set
from retriever.parsers.front_matter import split
from retriever.parsers.packing import pack, unpack
from retriever.parsers.registry import MAX_TITLE_CHARS, PARSERS, parse, read
from retriever.parsers.structure import ParsedDocument
from retriever.parsers.visible import visible
from retriever.sources.archive.members import ArchiveError, Meter
from retriever.sources.archive.survey import contents, survey
from retriever.sources.listings import MAX_ENTRIES, Kind, ListingError, read_listing
from retriever.web import urls
from retriever.web.inflating import BrokenError, TooMuchError, unpacked
from retriever.web.robots import LONGEST_DELAY_S, Robots
from shared.errors import CarrelError, InvalidRequestError, TooLargeError
from shared.sse import Decoder
from tests.support import nasty

BASE = urls.parse("https://docs.example.org/guide/")
UNPACKED = 1 << 20


@dataclass(frozen=True)
class Target:
    """One way in."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    """What means something there."""


def document(content: bytes, *, media_type: str) -> None:
    """A document of a media type, from its bytes to its chunks and their words."""
    try:
        source = read(content, media_type=media_type, charset="")
        found = parse(source, media_type=media_type, document_id="folder/name.x")
    except (InvalidRequestError, TooLargeError):
        return
    check(found)


def check(found: ParsedDocument) -> None:
    """Assert what holds of every parsed document."""
    text = found.text
    assert text == visible(text)
    assert 0 < len(found.title) <= MAX_TITLE_CHARS
    assert found.title == visible(found.title)
    end = 0
    for section in found.sections:
        assert end <= section.start < section.end <= len(text)
        end = section.end
    end = 0
    for block in found.blocks:
        assert end <= block.start < block.end <= len(text)
        assert text[block.start : block.end].strip()
        assert sum(s.start <= block.start and block.end <= s.end for s in found.sections) == 1
        end = block.end
    assert unpack(pack(found)) == found
    for span in chunk(found):
        assert span.text == text[span.start : span.end]
        assert 0 < len(span.text) <= MAX_CHARS + 1
        for sentence in sentences(span.text, code=span.code):
            assert sentence.text.strip()
        assert all(term and not term.isspace() for term in term_set(span.text))


def archive(content: bytes) -> None:
    """An archive of a repository: looked through, then read again."""
    file = io.BytesIO(content)

    def meter() -> Meter:
        return Meter(packed=len(content), most=16 * UNPACKED, check=lambda: None)

    try:
        found = survey(file, meter(), file_bytes=UNPACKED)
        names = [entry.name for entry in found.entries if not entry.problem]
        for _, data in contents(file, meter(), names):
            assert len(data) <= UNPACKED
    except ArchiveError:
        return


def listing(content: bytes, *, kind: Kind) -> None:
    """A list of pages."""
    try:
        found = read_listing(kind, content, base=BASE)
    except ListingError:
        return
    assert len(found.pages) <= MAX_ENTRIES
    for url in (*(page.url for page in found.pages), *found.further):
        assert urls.parse(str(url)) == url


def robots(content: bytes) -> None:
    """A host's robots.txt."""
    rules = Robots(content)
    rules.allows("https://docs.example.org/guide/a?b=c")
    assert 0 <= rules.delay_s <= LONGEST_DELAY_S


def compressed(content: bytes) -> None:
    """A body that says it is compressed."""
    try:
        assert len(unpacked(content, limit=UNPACKED)) <= UNPACKED
    except (BrokenError, TooMuchError):
        return


def address(content: bytes) -> None:
    """An address of a page, alone and beside another: what is read is read the same again."""
    text = content.decode("utf-8", "replace")
    for reading in (urls.parse, partial(urls.join, BASE), partial(urls.follow, BASE)):
        try:
            url = reading(text)
        except urls.UrlError:
            continue
        assert urls.parse(str(url)) == url
        assert url.scheme in ("http", "https")
        assert "@" not in url.origin


def front_matter(content: bytes) -> None:
    """What stands in front of a page."""
    text = content.decode("utf-8", "replace")
    _, rest = split(text)
    assert rest in text


def events(content: bytes) -> None:
    """Server-sent events, in two pieces cut anywhere as in one."""
    whole = Decoder()
    try:
        told = list(whole.feed(content))
    except (CarrelError, ValueError):
        return
    cut = len(content) // 3
    pieces = Decoder()
    assert [*pieces.feed(content[:cut]), *pieces.feed(content[cut:])] == told


def packed(content: bytes) -> None:
    """What a process that parses answers, which is not trusted."""
    try:
        found = unpack(content)
    except ValueError:
        return
    for span in chunk(found):
        assert span.text


_WORDS: Mapping[str, str] = {
    ("text/markdown"): (
        "# |> |``` |* |[a](b)|![a](b)|<div>|</div>|<!--|-->|\t|$$|---\n||a|b|\n|1. |\\|"
        "&amp;|~~~|[^1]:|\n\n|:::"
    ),
    ("text/mdx"): (
        "import x from 'y'\n|export |{|}|<A b={c}>|</A>|<>|</>|`|{/*|*/}|# |\n\n|const a = |'|\"|${"
    ),
    ("text/html"): (
        "<p>|</p>|<h1>|<pre>|<code>|<table><tr><td>|<template>|<svg>|<math>|<script>|"
        "</script>|<style>|hidden|<!--|-->|<![CDATA[|]]>|<textarea>|<title>|"
        "<meta charset=|&#x202e;|&#0;|<a name=|id=|<li>|<br>|<details>|<select>"
    ),
    "text/plain": "\n\n|\t|\r\n|\u2028|-|*|1.|    ",
    ("text/x-rst"): (
        ".. note::\n\n   |.. code::|.. raw:: html|.. include:: /etc/passwd|"
        ".. csv-table::|=====\n|-----\n|:a:`b`|``|:: |\n\n|.. _a:|`a`_|* |#. |:field: |"
        ".. |a| replace:: b|+---+|   |.. image:: x|.. default-role:: math|.. role:: a"
    ),
    ("application/pdf"): (
        " 0 obj\n|endobj\n|<< |>> |stream\n|endstream\n|/Type /Page|/Kids [|/Length |"
        "/Contents |/Count -1|/Filter /FlateDecode|BT |ET |Tj|(|)|\\|/Root |/Prev |"
        "xref\n|trailer|startxref\n|%%EOF|999999999|-1|1 0 R"
    ),
    nasty.DOCX: (
        "PK\x03\x04|PK\x01\x02|PK\x05\x06|<w:p>|</w:p>|<w:tbl>|<w:t>|"
        "<!DOCTYPE a [<!ENTITY b 'c'>]>|word/document.xml|<w:pStyle w:val='|"
        "<w:numId w:val='-1'/>|<w:basedOn w:val='H1'/>|\x00\x00|\uffff"
    ),
    ("application/x-ipynb+json"): (
        '{"cells":[|]}|"cell_type":|"markdown"|"code"|"source":|"outputs":|"text":|'
        'null|1e999|-1|[|]|{|}|"metadata":|"nbformat":|"data":|"text/html"|\\ud800|'
        '"worksheets":'
    ),
    ("application/json"): (
        '{|}|[|]|"text":|"title":|"url":|"metadata":|null|true|1e999|NaN|-1|\\ud800|\\u0000|"a"|:|,'
    ),
}
_LISTED: Mapping[Kind, tuple[str, str]] = {
    "sitemap": (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url>'
        "<loc>https://docs.example.org/a</loc><lastmod>2026-01-01</lastmod></url></urlset>",
        (
            "<url>|</url>|<loc>|</loc>|<sitemapindex>|<sitemap>|<!DOCTYPE a [|"
            "<!ENTITY b SYSTEM 'file:///etc/passwd'>|&b;|<![CDATA[|]]>|"
            "<?xml version='1.1' encoding='utf-16'?>|xmlns:a='b'|http://127.0.0.1/|../|"
        ),
    ),
    "feed": (
        (
            '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/a"/>'
            "<updated>2026-01-01</updated></entry></feed>"
        ),
        (
            "<rss>|<channel>|<item>|<link>|</link>|<guid>|<entry>|<link rel='self' href='|"
            "'/>|<pubDate>|xml:base='//x'|<!DOCTYPE|"
        ),
    ),
    "llms_txt": (
        "# Docs\n\n- [A](https://docs.example.org/a): what\n- [B](<b>)\n",
        "](|[|)|<|>|(| |\n|javascript:|//|#|../",
    ),
}
_URLS = (
    "https://docs.example.org/a?b=c#d",
    "http://[::ffff:127.0.0.1]:8080/",
    "//evil/..;/%2e%2e/",
    "http://0x7f.1/",
)


def _words(text: str) -> tuple[bytes, ...]:
    return tuple(word.encode("utf-8", "surrogatepass") for word in text.split("|") if word)


def _documents() -> dict[str, Target]:
    corpus = nasty.corpus()
    return {
        media_type: Target(
            partial(document, media_type=media_type), tuple(corpus[media_type]), _words(_WORDS[media_type])
        )
        for media_type in PARSERS
    }


def _listings() -> dict[str, Target]:
    return {
        str(kind): Target(partial(listing, kind=kind), (seed.encode(),), _words(words))
        for kind, (seed, words) in _LISTED.items()
    }


def targets() -> dict[str, Target]:
    """Return every way in by its name."""
    told = {"title": "a", "text": "b", "sections": [[[], "", 0, 1]], "blocks": [[0, 1, "prose"]]}
    return {
        **_documents(),
        **_listings(),
        "archive": Target(
            archive,
            tuple(nasty.archives()),
            _words("PK\x03\x04|ustar|../|\x1f\x8b\x08|path=|\n|27 |\x00|7777777"),
        ),
        "robots": Target(
            robots,
            (b"User-agent: Carrel\nDisallow: /private*$\nCrawl-delay: 1e9\nSitemap: /s.xml\n",),
            _words(
                "User-agent: |Disallow: |Allow: |*|$|Crawl-delay: |nan|inf|-1|\n|#|"
                "Request-rate: 1/0|Visit-time: |%|\ufeff"
            ),
        ),
        "compressed": Target(
            compressed, tuple(nasty.compressed()), (b"\x1f\x8b\x08\x00", b"\x00\x00\xff\xff")
        ),
        "address": Target(
            address,
            tuple(text.encode() for text in _URLS),
            _words(
                "http://|https://|@|:|/|\\|[|]|%|.|..|;|?|#|%2f|%2e|0x|127.1|。|／|xn--|\t| |:0|:99999|file:"
            ),
        ),
        "front matter": Target(
            front_matter,
            (b"---\ntitle: a\ntags: [b, c]\n---\ntext\n",),
            _words("---\n|+++\n|: |- |[|]|{|}|&a |*a|!!python/object:|'|\"|\n|title|#"),
        ),
        "events": Target(
            events,
            (b"event: a\ndata: {}\nid: 1\n\n",),
            _words("data: |event: |id: |\n|\r|\r\n|:|{}|\ufeff|\x00"),
        ),
        "packed": Target(
            packed, (json.dumps(told).encode(), pack_seed()), _words('null|-1|1e9|[|]|{|}|,|""')
        ),
    }


def pack_seed() -> bytes:
    """What a process that parses really answers."""
    found = parse("# A\n\ntext\n", media_type="text/markdown", document_id="a")
    return pack(found).encode()
