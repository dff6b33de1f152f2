"""The form and the sizes of a request; the places for connections."""

import pytest

from gateway.headers import Header
from gateway.limits import MAX_HEADERS, Places, check_form, check_length, check_url
from shared.errors import MalformedError, RateLimitedError, TooLargeError, UriTooLongError

HOST = (b"host", b"carrel.test")


@pytest.mark.parametrize(
    "host", ["carrel.test", "carrel.test:7860", "[::1]:80", "127.0.0.1", "a_b.test", "CARREL"]
)
def test_right_hosts_are_taken(host: str) -> None:
    """A name, an address, a port."""
    check_form("1.1", [(b"host", host.encode())])


@pytest.mark.parametrize(
    ("version", "headers"),
    [
        ("1.1", []),
        ("1.1", [(b"host", b"")]),
        ("1.1", [HOST, HOST]),
        ("1.1", [(b"host", b"a b")]),
        ("1.1", [(b"host", b"a/b")]),
        ("1.1", [(b"host", b"user@a")]),
        ("1.1", [(b"host", b"a:b")]),
        ("1.1", [(b"host", b"a:123456")]),
        ("2.0", [HOST]),
        ("0.9", [HOST]),
        ("1.1", [HOST, (b"transfer_encoding", b"chunked")]),
        ("1.1", [HOST, (b"x(y)", b"1")]),
        ("1.1", [HOST, (b"", b"1")]),
        ("1.1", [HOST, (b"x", b"a\0b")]),
        ("1.1", [HOST, (b"x", b"a\rb")]),
        ("1.1", [HOST, (b"x", b"a\nb")]),
        ("1.0", [HOST, (b"transfer-encoding", b"chunked")]),
        ("1.1", [HOST, (b"transfer-encoding", b"gzip, chunked")]),
        ("1.1", [HOST, (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")]),
        ("1.1", [HOST, (b"transfer-encoding", b"chunked"), (b"content-length", b"1")]),
        ("1.1", [HOST, (b"content-length", b"1"), (b"content-length", b"1")]),
        ("1.1", [HOST, (b"authorization", b"a"), (b"authorization", b"b")]),
        ("1.1", [HOST, (b"x-api-key", b"a"), (b"x-api-key", b"b")]),
        ("1.1", [HOST, (b"origin", b"a"), (b"origin", b"b")]),
    ],
)
def test_a_head_with_two_readings_is_refused(version: str, headers: list[Header]) -> None:
    """What the parser in front lets pass and another reader might take otherwise is 400."""
    with pytest.raises(MalformedError) as caught:
        check_form(version, headers)
    assert caught.value.status == 400


def test_what_is_right_passes() -> None:
    """Ordinary heads, chunked ones, and HTTP/1.0 without a host."""
    check_form("1.1", [HOST, (b"transfer-encoding", b"Chunked"), (b"accept", b"a"), (b"accept", b"b")])
    check_form("1.0", [(b"content-length", b"3")])


@pytest.mark.parametrize("headers", [[(b"x", b"1")] * (MAX_HEADERS + 1), [(b"x", b"1" * 40_000)]])
def test_large_heads_are_431(headers: list[Header]) -> None:
    """Neither the number nor the size of headers is without end."""
    with pytest.raises(MalformedError) as caught:
        check_form("1.1", headers)
    assert caught.value.status == 431


def test_long_urls_are_414() -> None:
    """Path and query count together."""
    check_url(b"/" * 5, b"q" * 5, max_bytes=10)
    with pytest.raises(UriTooLongError):
        check_url(b"/" * 6, b"q" * 5, max_bytes=10)


def test_bodies_that_say_they_are_too_large_are_413() -> None:
    """What will be refused is refused before it is sent."""
    check_length([(b"content-length", b"10")], max_bytes=10)
    for length in (b"11", b"9" * 50):
        with pytest.raises(TooLargeError):
            check_length([(b"content-length", length)], max_bytes=10)
    with pytest.raises(MalformedError):
        check_length([(b"content-length", b"+5")], max_bytes=10)


def test_places_are_limited_in_all_and_each() -> None:
    """One visitor cannot take every place, and a place that is left is free again."""
    places = Places(total=3, each=2, on=True)
    places.take("a")
    places.take("a")
    with pytest.raises(RateLimitedError) as caught:
        places.take("a")
    assert caught.value.retry_after_ms
    places.take("b")
    with pytest.raises(RateLimitedError):
        places.take("c")
    places.leave("b")
    places.take("c")
    places.leave("a")
    places.take("a")


def test_places_without_limits_are_always_there() -> None:
    """Load tests lift the limits."""
    places = Places(total=0, each=0, on=False)
    places.take("a")
    places.take("a")
