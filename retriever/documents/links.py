"""Addresses that open a document at the very words.

Owns anchors and text fragments (WICG Scroll To Text Fragment). Pure.
"""

import re
from urllib.parse import quote

MAX_WORDS = 8
PAGE = "page="
"""Begins the fragment that opens a PDF at a page; a reader of PDFs takes nothing after the number."""
_MARKER = re.compile(r"\s*(?:[-*•]|\d{1,3}[.)])\s+")
_CUT = re.compile(r"\n| \| ")
_SAFE_URL = re.compile(r"https?://[^\s/?#]+|/(?!/)", re.IGNORECASE)
MAX_URL_CHARS = 2000


def is_safe_url(url: str) -> bool:
    """Whether ``url`` is a web address or a path on the reader's own site, and nothing that runs."""
    return (
        _SAFE_URL.match(url) is not None
        and url.isprintable()
        and " " not in url
        and "\\" not in url  # browsers read it as a slash: /\\host is another host's
        and len(url) <= MAX_URL_CHARS
    )


def without_fragment(url: str) -> str:
    """Return the address of the page alone."""
    return url.partition("#")[0]


def page_addresses(url: str) -> tuple[str, ...]:
    """Return the ways one page is written: with and without its query and its last slash."""
    page = without_fragment(url)
    bases = dict.fromkeys([page, page.partition("?")[0]])
    return tuple(
        dict.fromkeys(way for base in bases for way in (base, base.rstrip("/"), base.rstrip("/") + "/"))
    )


def deep_link(url: str, *, anchor: str, text: str) -> str:
    """Return ``url`` opening at ``anchor`` and at the first words of ``text``; empty stays empty."""
    if not url:
        return ""
    page, _, own_fragment = url.partition("#")
    if anchor.startswith(PAGE):
        return f"{page}#{anchor}"
    fragment = quote(anchor or own_fragment, safe="!$&'()*+,;=:@/?-._~%")
    words = _first_words(text)
    directive = f":~:text={_encoded(words)}" if words else ""
    return f"{page}#{fragment}{directive}" if fragment or directive else page


def _first_words(text: str) -> str:
    """The directive must match within one block, and a page shows no Markdown marks."""
    marker = _MARKER.match(text)
    line = _CUT.split(text[marker.end() if marker else 0 :].strip(), maxsplit=1)[0]
    return " ".join(line.replace("`", "").split()[:MAX_WORDS])


def _encoded(words: str) -> str:
    # A dash, a comma and an ampersand mean something in a directive; quote() keeps only the dash of these.
    return quote(words, safe="").replace("-", "%2D")
