"""Which source is meant, and what is put for it."""

import pytest

from cli.sources import Wanted, guessed, is_id, kind_of, named, seconds
from shared.contracts.data_sources import DataSourceRequest
from tests.support.cli_sources import source

SITEMAP = "https://docs.example.com/sitemap.xml"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (SITEMAP, "sitemap"),
        ("https://x.org/sitemap_index.xml.gz", "sitemap"),
        ("https://x.org/pages.xml", "sitemap"),
        ("https://x.org/llms.txt", "llms_txt"),
        ("https://x.org/docs/llms-full.txt", "urls"),
        ("https://x.org/feed", "feed"),
        ("https://x.org/blog/atom.xml", "feed"),
        ("https://x.org/rss/", "feed"),
        ("https://x.org/guide/feeding.html", "urls"),
        ("https://x.org/a.txt", "urls"),
        ("https://x.org/org/repo/archive/refs/heads/main.zip", "archive"),
        ("https://x.org/repo.tar.gz", "archive"),
    ],
)
def test_kinds_are_guessed_by_the_name(address: str, kind: str) -> None:
    """What is called as its kind is of it; everything else is a page."""
    assert guessed(address) == kind


def test_a_site_stands_for_its_sitemap() -> None:
    """The address of a host alone is that of its sitemap, unless another kind was said."""
    assert Wanted("https://docs.example.com").url == SITEMAP
    assert Wanted("https://docs.example.com/", "sitemap").url == SITEMAP
    assert Wanted("https://docs.example.com/", "urls").url == "https://docs.example.com/"
    assert Wanted("https://docs.example.com/?feed=1").url == "https://docs.example.com/?feed=1"


def test_what_is_put_for_a_new_source() -> None:
    """Its kind, its address, and what was said."""
    request = Wanted(SITEMAP, include=["/a/**"], interval_s=3600).request(None)
    assert request == DataSourceRequest(kind="sitemap", url=SITEMAP, include=["/a/**"], interval_s=3600)
    page = Wanted("https://x.org/a", exclude=["/b"]).request(None)
    assert page == DataSourceRequest(kind="urls", urls=["https://x.org/a"], exclude=["/b"])
    assert Wanted("docs").request(None) is None


def test_what_is_put_for_a_source_that_is_there() -> None:
    """What was not said stays; where nothing changes nothing is to be put."""
    found = source(include=["/a/**"], max_pages=7)
    same = Wanted(SITEMAP)
    assert not same.changes(found)
    other = Wanted(SITEMAP, exclude=["/b"])
    assert other.changes(found)
    request = other.request(found)
    assert request is not None
    assert (request.include, request.exclude, request.max_pages) == (["/a/**"], ["/b"], 7)


def test_a_source_is_found_by_name_or_address() -> None:
    """By its name where one is given, else by the address of its list."""
    sources = [source(), source("page", kind="urls", url=None, urls=["https://x.org/a"])]
    assert named(Wanted("page"), sources) is sources[1]
    assert named(Wanted("https://x.org/a"), sources) is sources[1]
    assert named(Wanted("https://docs.example.com/"), sources) is sources[0]
    assert named(Wanted(SITEMAP, "feed"), sources) is None
    assert named(Wanted(SITEMAP, source_id="page"), sources) is sources[1]
    assert named(Wanted("none"), sources) is None


def test_names_of_new_sources() -> None:
    """The host, told apart by the address where it is taken; what was said wins."""
    assert Wanted("https://www.Example.com/a").new_id([]) == "example-com"
    assert Wanted(SITEMAP, source_id="mine").new_id(["mine"]) == "mine"
    taken = Wanted(SITEMAP).new_id(["docs-example-com"])
    assert taken.startswith("docs-example-com-")
    assert taken == Wanted("https://docs.example.com").new_id(["docs-example-com"])
    assert Wanted("https://[::1]/").new_id([]) == "1"
    assert Wanted("https://ä/").new_id([]) == "site"
    assert Wanted("https:///a").new_id([]) == "site"
    assert all(is_id(name) for name in ("example-com", taken, "site"))


def test_times_and_kinds() -> None:
    """Numbers with their unit; anything else is none."""
    assert [seconds(text) for text in ("30m", " 6H ", "1d")] == [1800, 21_600, 86_400]
    assert [seconds(text) for text in ("", "6", "0h", "-1d", "1w", "999999d")] == [None] * 6
    assert kind_of("llms_txt") == "llms_txt"
    assert kind_of("git") is None
    assert kind_of(None) is None
    assert not is_id("a/b")


def test_a_file_is_an_archive() -> None:
    """Made as one that is uploaded, found again by its name, told apart where that is taken."""
    wanted = Wanted("./out/Repo_main.tar.gz", url_template="https://x.org/{path}")
    assert (wanted.is_file, Wanted("repo").is_file, Wanted("https://x.org/a.zip").is_file) == (
        True,
        False,
        False,
    )
    assert wanted.request(None) == DataSourceRequest(kind="archive", url_template="https://x.org/{path}")
    assert wanted.new_id([]) == "repo-main"
    assert Wanted("repo.ZIP").new_id([]) == "repo"
    site, uploaded = source("repo-main"), source("repo-main", kind="archive")
    fetched = source("repo-main", kind="archive", url="https://x.org/a.zip")
    assert named(wanted, [uploaded]) is uploaded
    assert named(wanted, [site]) is named(wanted, [fetched]) is None
    other = source(wanted.new_id(["repo-main"]), kind="archive")
    assert other.id.startswith("repo-main-")
    assert named(wanted, [site, other]) is other
    assert named(Wanted("a.zip", source_id="repo-main"), [site]) is site
    assert not Wanted("a.zip").changes(uploaded)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/org/repo/archive/refs/heads/main.zip", "repo"),
        ("https://gitlab.com/org/Repo.js/-/archive/main/repo-main.tar.gz", "repo-js"),
        ("https://x.org/files/repo-1.2.tgz", "repo-1-2"),
        ("https://x.org/archive/repo.tar", "repo"),
    ],
)
def test_an_archive_is_called_after_its_repository(address: str, name: str) -> None:
    """As forges write addresses; else after the file."""
    assert Wanted(address).new_id([]) == name


def test_an_address_without_a_suffix_may_be_an_archive() -> None:
    """Where it is said so."""
    wanted = Wanted("https://x.org/repos/book/tarball", "archive")
    assert wanted.request(None) == DataSourceRequest(kind="archive", url="https://x.org/repos/book/tarball")
    assert wanted.new_id([]) == "tarball"
