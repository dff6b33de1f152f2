"""Lists are read breadth first within bounds; what is missing of them is known."""

from collections.abc import Mapping

import pytest

from retriever.sources import discovery
from retriever.sources.discovery import Discovery, UnreadableError, discover
from retriever.web.replies import FetchError, Reply, Sink
from retriever.web.urls import parse
from shared.contracts.data_sources import DataSourceRequest
from tests.support.site import bomb, sitemap

ROOT = "https://x.org/sitemap.xml"


class Shelf:
    """Fetches from a dictionary."""

    def __init__(self, **pages: bytes) -> None:
        self.moved = ""
        self.pages = {f"https://x.org/{name}.xml": body for name, body in pages.items()}

    async def fetch(self, address: str, *, headers: Mapping[str, str], limit: int) -> Reply:
        if address not in self.pages:
            raise FetchError("the server answered 404", status=404)
        return Reply(parse(self.moved or address), 200, {}, self.pages[address])

    async def download(self, address: str, *, headers: Mapping[str, str], limit: int, into: Sink) -> Reply:
        raise FetchError("a list is no file")

    async def close(self) -> None:
        """Nothing is open."""


def index(*names: str) -> bytes:
    return sitemap(*(f"https://x.org/{name}.xml" for name in names), index=True).body


def pages(*names: str) -> bytes:
    return sitemap(*(f"https://x.org/{name}" for name in names)).body


async def found(shelf: Shelf, **fields: object) -> Discovery:
    return await discover(DataSourceRequest.model_validate({"kind": "sitemap", "url": ROOT} | fields), shelf)


async def test_an_index_is_followed() -> None:
    """Pages of all its sitemaps, each once, a sitemap that names itself as well."""
    shelf = Shelf(sitemap=index("one", "two", "sitemap"), one=pages("a", "b"), two=pages("b", "c"))
    listed = await found(shelf)
    assert list(listed.pages) == ["https://x.org/a", "https://x.org/b", "https://x.org/c"]
    assert listed.complete


async def test_only_hosts_that_were_named() -> None:
    """A list cannot send us to a third site."""
    body = sitemap("https://x.org/a", "https://y.org/b", "https://Z.org/c").body
    assert list((await found(Shelf(sitemap=body))).pages) == ["https://x.org/a"]
    listed = await found(Shelf(sitemap=body), hosts=["z.ORG"])
    assert list(listed.pages) == ["https://x.org/a", "https://z.org/c"]


async def test_a_site_is_the_same_with_www() -> None:
    """Neither www nor the host the list itself moved to is another site; nothing wanted is no empty site."""
    body = sitemap("https://www.x.org/a", "https://new.org/b").body
    shelf = Shelf(sitemap=body)
    listed = await found(shelf)
    assert (list(listed.pages), listed.passed_over) == (["https://www.x.org/a"], 1)
    shelf.moved = "https://new.org/sitemap.xml"
    assert list((await found(shelf)).pages) == ["https://www.x.org/a", "https://new.org/b"]
    with pytest.raises(UnreadableError, match="lists 2 pages, none of them wanted"):
        await found(shelf, include=["/c"])


async def test_what_is_missing_is_known() -> None:
    """A sitemap that fails or unpacks without end makes the whole incomplete."""
    shelf = Shelf(sitemap=index("one", "two", "three"), one=pages("a"), three=bomb(51))
    listed = await found(shelf)
    assert not listed.complete
    assert [address for address, _ in listed.failures] == ["https://x.org/two.xml", "https://x.org/three.xml"]
    assert list(listed.pages) == ["https://x.org/a"]


async def test_depth_and_number_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of lists end, and what was left is not called gone."""
    deep = Shelf(sitemap=index("one"), one=index("two"), two=index("three"), three=pages("a"))
    with pytest.raises(UnreadableError, match="lists no pages"):
        await found(deep)
    monkeypatch.setattr(discovery, "MAX_LISTS", 2)
    wide = Shelf(sitemap=index("one", "two"), one=pages("a"), two=pages("b"))
    with pytest.raises(UnreadableError):
        await found(wide)
    monkeypatch.setattr(discovery, "MAX_LISTS", 9)
    monkeypatch.setattr(discovery, "MAX_LISTED", 1)
    listed = await found(Shelf(sitemap=index("one", "two"), one=pages("a", "b"), two=pages("c")))
    assert not listed.complete


async def test_addresses_that_are_not_fetched_are_told() -> None:
    """What is listed and is no address of the web does not make the list incomplete."""
    listed = await found(Shelf(sitemap=sitemap("https://x.org/a", "file:///x").body))
    assert (listed.complete, listed.failures[0][0]) == (True, "file:///x")


@pytest.mark.parametrize("body", [None, b"", pages(), b"<html></html>", index()])
async def test_a_source_without_a_list(body: bytes | None) -> None:
    """Gone, empty, listing nothing, no list: nothing can be said of its pages."""
    with pytest.raises(UnreadableError, match=r"sitemap\.xml"):
        await found(Shelf(sitemap=body) if body is not None else Shelf())
    with pytest.raises(UnreadableError):
        await found(Shelf(), url="ftp://x.org/")


async def test_addresses_need_no_list() -> None:
    """A list of addresses is what it is, of any host."""
    request = {
        "kind": "urls",
        "url": None,
        "urls": ["https://x.org/a", "https://y.org/#b", "https://x.org/a"],
    }
    assert list((await found(Shelf(), **request)).pages) == ["https://x.org/a", "https://y.org/"]
    assert list((await found(Shelf(), **request, exclude=["/a"])).pages) == ["https://y.org/"]
    with pytest.raises(UnreadableError, match="none of the urls"):
        await found(Shelf(), **request, include=["/b"])


async def test_an_archive_is_no_list() -> None:
    """Its files are not pages: somebody else reads it."""
    with pytest.raises(UnreadableError, match="no list"):
        await found(Shelf(), kind="archive")
