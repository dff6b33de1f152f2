"""What a sitemap, a feed or an llms.txt lists: pages with their dates, and further sitemaps.

Pure: bytes in, addresses out. An address that is not to be fetched is dropped with its reason.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from retriever.sources.markup import read
from retriever.web.urls import Url, UrlError, join

Kind = Literal["sitemap", "urls", "llms_txt", "feed"]
MAX_ENTRIES = 50_000
"""Pages of one sitemap, by its protocol."""
_LINK = re.compile(r"\]\([ \t]{0,8}+<?+([^\s()<>]{1,2000}+)>?+[^()\n]{0,300}+\)")
"""Possessive throughout: nothing is tried twice."""


class ListingError(ValueError):
    """It lists nothing that could be read; ``str()`` says why."""


@dataclass(frozen=True)
class Listed:
    """A page as it is listed."""

    url: Url
    lastmod: str = ""


@dataclass
class Listing:
    """What one document lists."""

    base: Url
    """Where it was found in the end."""
    pages: list[Listed] = field(default_factory=list)
    further: list[Url] = field(default_factory=list)
    """Sitemaps that this one names."""
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """Addresses that are not fetched, with the reason."""
    complete: bool = True
    """Whether all of it was taken."""


class _Taking:
    """Collects addresses, each once."""

    def __init__(self, base: Url) -> None:
        self._base = base
        self.listing = Listing(base)
        self._known: set[str] = set()

    def page(self, address: str, lastmod: str = "") -> None:
        if (url := self._url(address)) is not None:
            self.listing.pages.append(Listed(url, lastmod[:40]))

    def sitemap(self, address: str) -> None:
        if (url := self._url(address)) is not None:
            self.listing.further.append(url)

    def _url(self, address: str) -> Url | None:
        try:
            url = join(self._base, address)
        except UrlError as error:
            self.listing.dropped.append((address[:500], str(error)))
            return None
        if str(url) in self._known or url == self._base:
            return None  # a list is none of its pages: an llms.txt may link to its own headings
        if len(self._known) >= MAX_ENTRIES:
            self.listing.complete = False
            return None
        self._known.add(str(url))
        return url


class _Sitemap:
    def __init__(self, taking: _Taking) -> None:
        self._taking = taking
        self.is_one = False
        self._loc = self._lastmod = ""

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None:
        if len(path) == 1:
            self.is_one = path[0] in ("urlset", "sitemapindex")
        elif len(path) == 2:
            self._loc = self._lastmod = ""

    def end(self, path: tuple[str, ...], text: str) -> None:
        match path:
            case (_, "url" | "sitemap", "loc"):
                self._loc = text
            case (_, "url" | "sitemap", "lastmod"):
                self._lastmod = text
            case ("urlset", "url") if self._loc:
                self._taking.page(self._loc, self._lastmod)
            case ("sitemapindex", "sitemap") if self._loc:
                self._taking.sitemap(self._loc)


class _Feed:
    def __init__(self, taking: _Taking) -> None:
        self._taking = taking
        self.is_one = False
        self._link = self._date = ""

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None:
        if len(path) == 1:
            self.is_one = path[0] in ("rss", "rdf", "feed")
        elif path[-1] in ("item", "entry"):
            self._link = self._date = ""
        elif path[-2:] == ("entry", "link") and attributes.get("rel", "alternate") == "alternate":
            self._link = self._link or attributes.get("href", "")

    def end(self, path: tuple[str, ...], text: str) -> None:
        if path[-2:] == ("item", "link"):
            self._link = text
        elif path[-2:] in (("entry", "updated"), ("item", "pubdate"), ("item", "date")):
            self._date = text
        elif path[-1] in ("item", "entry") and self._link:
            self._taking.page(self._link, self._date)


def _xml(content: bytes, taking: _Taking, takes: _Sitemap | _Feed, what: str) -> None:
    read(content, takes)
    if not takes.is_one:
        raise ListingError(f"it is no {what}")


def _sitemap(content: bytes, taking: _Taking) -> None:
    # The protocol allows a list in plain text as well, one address a line.
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:4].lower() == b"http":
        for line in content.decode("utf-8", "replace").removeprefix("\ufeff").splitlines():
            if line.strip():
                taking.page(line.strip())
        return
    _xml(content, taking, _Sitemap(taking), "sitemap")


def _feed(content: bytes, taking: _Taking) -> None:
    _xml(content, taking, _Feed(taking), "RSS or Atom feed")


def _llms_txt(content: bytes, taking: _Taking) -> None:
    text = content.decode("utf-8", "replace")
    if "<html" in text[:2000].lower():
        raise ListingError("it is a page of HTML and no llms.txt")
    for found in _LINK.finditer(text):
        taking.page(found[1])


_READERS: Mapping[str, Callable[[bytes, _Taking], None]] = {
    "sitemap": _sitemap,
    "feed": _feed,
    "llms_txt": _llms_txt,
}


def read_listing(kind: Kind, content: bytes, *, base: Url) -> Listing:
    """Return what ``content``, found at ``base``, lists.

    Raises
    ------
    ListingError
        If it is not of its kind.
    """
    taking = _Taking(base)
    try:
        _READERS[kind](content, taking)
    except ListingError:
        raise
    except ValueError as error:
        raise ListingError(str(error)) from None
    return taking.listing
