"""What a sync does with a page follows from what is known of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.documents.submissions import document_id as checked_id
from retriever.sources.plan import conditions, document_id, is_known, media_type, validators
from retriever.sources.records import Outcome, Page
from retriever.web.urls import UrlError, parse
from shared.errors import UnsupportedMediaTypeError

HAD = datetime(2026, 11, 20, 12, tzinfo=UTC)


def page(lastmod: str = "", outcome: Outcome = "unchanged", **fields: str) -> Page:
    had = int(HAD.timestamp() * 1_000_000)
    return Page("docs", "https://x.org/a", "docs/x.org/a", lastmod, fetched=had, outcome=outcome, **fields)


@pytest.mark.parametrize(
    ("address", "id"),
    [
        ("https://x.org/", "docs/x.org"),
        ("https://x.org/guide/a.html", "docs/x.org/guide/a.html"),
        ("https://x.org/guide/", "docs/x.org/guide~"),
        ("http://x.org/a", "docs/http:x.org/a"),
        ("https://x.org:8443/a", "docs/https:x.org:8443/a"),
        ("https://[2606:4700::1]/a", "docs/[2606:4700::1]/a"),
    ],
)
def test_ids_can_be_read(address: str, id: str) -> None:
    """An ordinary address is its document's id, under its source."""
    assert document_id("docs", parse(address)) == id


@pytest.mark.parametrize(
    "address",
    [
        "https://x.org/a?b=c",
        "https://x.org/%C3%A4",
        "https://x.org/a//b",
        "https://x.org//",
        "https://x.org/" + "a" * 900,
    ],
)
def test_other_addresses_get_a_mark(address: str) -> None:
    """What cannot stand in an id is marked by its hash, and the id can be a document's."""
    id = document_id("docs", parse(address))
    assert "~" in id
    assert checked_id(id) == id


@given(st.text(max_size=30), st.text(max_size=30))
def test_ids_are_of_one_address(one: str, other: str) -> None:
    """Every address has an id that documents may have, and two addresses never the same."""
    try:
        first, second = parse(f"https://x.org/{one}"), parse(f"https://x.org/{other}")
    except UrlError:
        return
    ids = document_id("s" * 64, first), document_id("s" * 64, second)
    assert (ids[0] == ids[1]) is (first == second)
    assert checked_id(ids[0]) == ids[0]


@pytest.mark.parametrize(
    ("lastmod", "known"),
    [
        ("2026-11-18", True),
        ("2026-11-20", False),
        ("2026-11-19", False),
        ("2026-11-20T10:00:00Z", True),
        ("2026-11-20T11:00:00+02:00", True),
        ("2026-11-20T13:00:00Z", False),
        ("2026-11-20T10:00:00", False),
        ("2026-11-18T10:00:00", True),
        ("Fri, 20 Nov 2026 10:00:00 GMT", True),
        ("9999-12-31", False),
        ("soon", False),
        ("", False),
    ],
)
def test_dates_save_a_request(lastmod: str, known: bool) -> None:
    """A date is trusted only where the page was had after the last instant it may mean."""
    assert is_known(page(lastmod), lastmod=lastmod, now=HAD + timedelta(days=1)) is known


def test_dates_are_not_trusted_for_ever() -> None:
    """Another date, an old visit, a failure or nothing known: the page is asked for."""
    lastmod, soon = "2026-11-18", HAD + timedelta(days=1)
    assert is_known(page(lastmod), lastmod=lastmod, now=soon)
    assert not is_known(page(lastmod), lastmod="2026-11-17", now=soon)
    assert not is_known(page(lastmod), lastmod=lastmod, now=HAD + timedelta(days=8))
    assert not is_known(page(lastmod, "failed"), lastmod=lastmod, now=soon)
    assert not is_known(None, lastmod=lastmod, now=soon)


def test_conditions_are_what_was_said() -> None:
    """What a server told of a page is sent back to it, if it can be sent."""
    assert conditions("", "") == {}
    assert conditions('"a"', "yesterday") == {
        "if-none-match": '"a"',
        "if-modified-since": "yesterday",
    }
    assert validators({"etag": ' W/"a" ', "last-modified": "x"}) == ('W/"a"', "x")
    assert validators({"etag": '"\x00"', "last-modified": "ä"}) == ("", "")
    assert validators({"etag": "x" * 400}) == ("", "")


@pytest.mark.parametrize(
    ("content_type", "path", "read_as"),
    [
        ("text/html; charset=latin-1", "/a", ("text/html", "latin-1")),
        ("text/plain; charset=utf-8", "/a.md", ("text/markdown", "utf-8")),
        ("text/plain", "/a", ("text/plain", "")),
        ("text/plain", "/a.pdf", ("text/plain", "")),
        ("application/octet-stream", "/a.PDF?x=y", ("application/pdf", "")),
        ("", "/a.rst", ("text/x-rst", "")),
        ("text/html", "/a.md", ("text/html", "")),
    ],
)
def test_what_a_page_is_read_as(content_type: str, path: str, read_as: tuple[str, str]) -> None:
    """Its type says it, its name where the type is vague."""
    assert media_type(content_type, parse(f"https://x.org{path}")) == read_as


@pytest.mark.parametrize("content_type", ["image/png", "", "application/octet-stream", "application/zip"])
def test_what_no_parser_reads(content_type: str) -> None:
    """Everything else is refused, naming what is read."""
    with pytest.raises(UnsupportedMediaTypeError, match="text/markdown"):
        media_type(content_type, parse("https://x.org/a"))
