"""Headers of an answer, and small things about headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.headers import Header, bearer, find, lines, nominated, response_headers, status_line
from shared.errors import UpstreamUnavailableError


def test_an_answer_loses_what_was_for_the_hop() -> None:
    """Hop-by-hop headers, the inner server and its clock do not come out; doubles do."""
    said = [
        (b"connection", b"x-a, close"),
        (b"x-a", b"1"),
        (b"x-carrel-role", b"owner"),
        (b"x_carrel_role", b"owner"),
        (b"x-request-id", b"theirs"),
        (b"server", b"s"),
        (b"date", b"d"),
        (b"transfer-encoding", b"c"),
    ]
    cookies = [(b"set-cookie", b"1"), (b"set-cookie", b"2")]
    assert response_headers(200, [*said, *cookies]) == cookies


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_says_no_length(status: int) -> None:
    """204 and 304 lose their Content-Length, others keep it."""
    length = [(b"content-length", b"10")]
    assert response_headers(status, length) == []
    assert response_headers(200, length) == length


def test_event_streams_are_not_to_be_buffered() -> None:
    """A proxy further out is told to pass events on at once."""
    kept = response_headers(200, [(b"content-type", b"text/event-stream; charset=utf-8")])
    assert (b"x-accel-buffering", b"no") in kept
    assert len(response_headers(200, [(b"content-type", b"text/plain")])) == 1


def test_a_value_that_cannot_be_sent_is_the_services_fault() -> None:
    """A control character in an answer's header is 502."""
    with pytest.raises(UpstreamUnavailableError) as caught:
        response_headers(200, [(b"x", b"a\x7fb")])
    assert caught.value.status == 502
    assert response_headers(200, [(b"x", b"a\tb")]) == [(b"x", b"a\tb")]


def test_headers_are_found_by_name() -> None:
    """The first value, without the white space around it."""
    headers = [(b"a", b" 1 "), (b"b", b"2"), (b"a", b"3")]
    assert (find(headers, b"a"), find(headers, b"c")) == (b"1", b"")


def test_a_bearers_credential_is_found() -> None:
    """The scheme's case does not matter; what is no bearer's is none."""
    assert bearer(b"bearer  x ") == b"x"
    assert bearer(b"Basic dXNlcjpwYXNz") == bearer(b"") == bearer(b"Bearer") == b""


def test_headers_go_over_the_wire_as_lines() -> None:
    """Each with its end, in order, doubles too, without the white space around values."""
    assert lines([(b"a", b"1"), (b"b", b" \t2 \t"), (b"a", b"")]) == b"a: 1\r\nb: 2\r\na: \r\n"
    assert lines([]) == b""


def test_connection_takes_out_no_header_that_the_message_needs() -> None:
    """What a Connection header names belongs to the hop, but for what says how the message is read."""
    named = b"close, X-Inner ,content-type,Content-Length, cache-control,content-encoding"
    assert nominated(named) == {b"close", b"x-inner"}


def test_a_status_has_its_line_also_when_it_has_no_name() -> None:
    """Names are those of the registry; a number that has none goes without."""
    assert status_line(404) == b"HTTP/1.1 404 Not Found\r\n"
    assert status_line(599) == b"HTTP/1.1 599 \r\n"


def test_what_is_remembered_of_names_does_not_grow_without_end() -> None:
    """However many names services think of, every identity is still taken out."""
    for number in range(2000):
        assert len(response_headers(200, [(b"x-%d" % number, b"1")])) == 1
    assert response_headers(200, [(b"x-new", b"1"), (b"x-carrel-a", b"1")]) == [(b"x-new", b"1")]


NAMES = st.sampled_from(
    (
        b"connection keep-alive te trailer transfer-encoding upgrade server date content-type content-length "
        b"set-cookie x-carrel-role x_carrel-a x-carrel_b etag"
    ).split()
)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=8)), max_size=8))
def test_an_answer_keeps_what_is_not_for_the_hop(headers: list[Header]) -> None:
    """No header of the hop or of our identities comes out of an answer; types and lengths always do."""
    headers = [(name, value.translate(None, bytes(range(32)) + b"\x7f")) for name, value in headers]
    kept = response_headers(200, headers)
    names = {name for name, _ in kept}
    assert not names & {b"connection", b"transfer-encoding", b"te", b"upgrade", b"keep-alive", b"trailer"}
    assert not any(name.replace(b"_", b"-").startswith(b"x-carrel-") for name in names)
    for form in (b"content-type", b"content-length"):
        assert [v for n, v in kept if n == form] == [v.strip(b" \t") for n, v in headers if n == form]
