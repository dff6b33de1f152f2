"""An address has one spelling; what two readers could understand differently is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.web.urls import UrlError, follow, join, parse


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("https://Docs.Example.com", "https://docs.example.com/"),
        ("https://docs.example.com:443/a#part", "https://docs.example.com/a"),
        ("http://docs.example.com:8080/a?b=c d".replace(" ", "+"), "http://docs.example.com:8080/a?b=c+d"),
        ("https://docs.example.com./", "https://docs.example.com/"),
        ("https://x.org/ä/%C3%A4", "https://x.org/%C3%A4/%C3%A4"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://x.org/a/../b/./c", "https://x.org/b/c"),
        ("https://x.org/../../etc", "https://x.org/etc"),
        ("https://x.org//y/../z", "https://x.org//z"),
        ("https://x.org//.", "https://x.org//"),
        ("https://x.org//..", "https://x.org/"),
        ("https://x.org/a/..", "https://x.org/"),
        ("http://93.184.216.34/", "http://93.184.216.34/"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("  https://x.org/  ", "https://x.org/"),
        ("https://x.org/?q=ä", "https://x.org/?q=%C3%A4"),
    ],
)
def test_one_spelling(text: str, spelt: str) -> None:
    """Case, default ports, fragments, other scripts and dot segments make no difference."""
    assert str(parse(text)) == spelt
    assert str(parse(spelt)) == spelt


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/path",
        "x" * 2001,
        "file:///etc/passwd",
        "http:.",
        "https://x.org/" + "ä" * 400,
        "https:../x",
        "gopher://x.org/",
        "ftp://x.org/",
        "javascript:alert(1)",
        "https://user@x.org/",
        "https://user:pw@x.org/",
        "https://x.org@10.0.0.1/",
        "https://@x.org/",
        "https://x.org\\@10.0.0.1/",
        "https://x.org/a b",
        "https://x.org/\x00",
        "https://x.org/\r\nHost: y",
        "https://",
        "https://-x.org/",
        "https://x..org/",
        "https://x_.o rg/",
        "https://" + "a" * 64 + ".org/",
        "https://" + "a." * 130 + "org/",
        "https://x.org:0/",
        "https://x.org:22/",
        "https://x.org:25/",
        "https://x.org:99999/",
        "https://x.org:x/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1.1/",
        "http://127.0.0.256/",
        "http://127.0.0.01/",
        "http://foo.0x/",
        "http://１２７.1/",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::g]/",
        "http://[v1.a:b]/",
        "http://[::1/",
        "https://\u200d.example/",
        "https://\u0640.example/",
        "https://x.org/%2e%2e%2f..%2e/%2E./x",
    ],
)
def test_what_is_no_address_to_fetch(text: str) -> None:
    """Other schemes, user information, odd ports, zones, and hosts that some read as a number."""
    with pytest.raises(UrlError):
        parse(text)


def test_full_width_digits_are_digits() -> None:
    """A host that becomes a number by normalisation is checked after it."""
    assert parse("http://１２７.0.0.1/").host == "127.0.0.1"


def test_parts() -> None:
    """A path is without its query, an origin with its port and brackets."""
    url = parse("http://[2606:4700::1]:8080/a/b?c=d")
    assert (url.path, url.origin) == ("/a/b", "http://[2606:4700::1]:8080")


def test_join_is_relative_to_the_page() -> None:
    """Addresses in a list are those of the list's reader."""
    base = parse("https://x.org/docs/llms.txt")
    assert str(join(base, "a.md")) == "https://x.org/docs/a.md"
    assert str(join(base, "http://x.org/a")) == "http://x.org/a"
    with pytest.raises(UrlError):
        join(base, "http://[")


def test_a_redirect_keeps_its_encryption() -> None:
    """From https nothing leads to http; other redirects are followed."""
    base = parse("https://x.org/a")
    assert str(follow(base, "/b")) == "https://x.org/b"
    assert str(follow(parse("http://x.org/"), "https://x.org/")) == "https://x.org/"
    for location in ("http://x.org/b", "file:///etc/passwd", "//user@y.org/", "http://0/"):
        with pytest.raises(UrlError):
            follow(base, location)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_taken_has_one_spelling(host: str, rest: str) -> None:
    """What is parsed spells an address that is parsed to the same; nothing else is raised."""
    try:
        url = parse(f"https://{host}/{rest}")
    except UrlError:
        return
    assert parse(str(url)) == url
    assert str(url).isascii()
    assert "@" not in url.host
