"""A request's head: its form, what is read from it, what goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import request
from gateway.headers import Header
from gateway.request import (
    MAX_HANDSHAKE_LINE,
    MAX_HEADERS,
    Heads,
    RequestHead,
    check_handshake,
    origin_form,
    too_large,
)
from shared.errors import MalformedError, TooLargeError, UriTooLongError

HOST = (b"host", b"carrel.test")


def head(
    *headers: Header, version: str = "1.1", path: bytes = b"/a", query: bytes = b"", most: int = 8192
) -> RequestHead:
    """A head that has a host, unless it has another."""
    with_host = headers if any(name == b"host" for name, _ in headers) else (HOST, *headers)
    return RequestHead("GET", path, query, version=version, headers=with_host, max_url_bytes=most)


@pytest.mark.parametrize(
    "host", ["carrel.test", "carrel.test:7860", "[::1]:80", "127.0.0.1", "a_b.test", "CARREL"]
)
def test_right_hosts_are_taken(host: str) -> None:
    """A name, an address, a port."""
    assert head((b"host", host.encode())).host == host.encode()


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
        ("1.1", [(b"host", b"a:65536")]),
        ("1.1", [(b"host", b"a" * 301)]),
        ("2.0", [HOST]),
        ("0.9", [HOST]),
        ("1.1", [HOST, (b"transfer_encoding", b"chunked")]),
        ("1.1", [HOST, (b"x(y)", b"1")]),
        ("1.1", [HOST, (b"", b"1")]),
        ("1.1", [HOST, (b"x", b"a\0b")]),
        ("1.1", [HOST, (b"x", b"a\rb")]),
        ("1.1", [HOST, (b"x", b"a\nb")]),
        ("1.1", [HOST, (b"x_carrel_role", b"owner")]),
        ("1.0", [HOST, (b"transfer-encoding", b"chunked")]),
        ("1.1", [HOST, (b"transfer-encoding", b"gzip, chunked")]),
        ("1.1", [HOST, (b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"chunked")]),
        ("1.1", [HOST, (b"transfer-encoding", b"chunked"), (b"content-length", b"1")]),
        ("1.1", [HOST, (b"content-length", b"1"), (b"content-length", b"1")]),
        ("1.1", [HOST, (b"content-length", b"+5")]),
        ("1.1", [HOST, (b"content-length", b"")]),
        ("1.1", [HOST, (b"content-length", b"9" * 50)]),
        ("1.1", [HOST, (b"content-type", b"a/b"), (b"content-type", b"c/d")]),
        ("1.1", [HOST, (b"authorization", b"a"), (b"authorization", b"b")]),
        ("1.1", [HOST, (b"x-api-key", b"a"), (b"x-api-key", b"b")]),
        ("1.1", [HOST, (b"origin", b"a"), (b"origin", b"b")]),
    ],
)
def test_a_head_with_two_readings_is_refused(version: str, headers: list[Header]) -> None:
    """What the parser in front lets pass and another reader might take otherwise is 400."""
    with pytest.raises(MalformedError) as caught:
        RequestHead("GET", b"/", b"", version=version, headers=headers, max_url_bytes=100)
    assert caught.value.status == 400


@pytest.mark.parametrize(("path", "query"), [(b"/a#b", b""), (b"/a", b"b#c")])
def test_a_target_has_no_fragment(path: bytes, query: bytes) -> None:
    """A reader behind us would cut it off, and see another target than we have decided on."""
    with pytest.raises(MalformedError):
        head(path=path, query=query)


def test_http_1_0_needs_no_host() -> None:
    """Without one there is none."""
    assert RequestHead("GET", b"/", b"", version="1.0", headers=[], max_url_bytes=9).host == b""


@pytest.mark.parametrize("headers", [[(b"x", b"1")] * (MAX_HEADERS + 1), [(b"x", b"1" * 40_000)]])
def test_large_heads_are_431(headers: list[Header]) -> None:
    """Neither the number nor the size of headers is without end."""
    with pytest.raises(MalformedError) as caught:
        head(*headers)
    assert caught.value.status == 431


@pytest.mark.parametrize(
    ("method", "version", "header", "status"),
    [
        ("GET", "1.1", (b"x", b"1" * (MAX_HANDSHAKE_LINE - 1)), 200),
        ("GET", "1.1", (b"x", b"1" * MAX_HANDSHAKE_LINE), 431),
        ("POST", "1.1", (b"x", b"1"), 400),
        ("GET", "1.0", (b"x", b"1"), 400),
        ("GET", "1.1", (b"content-length", b"0"), 400),
    ],
)
def test_a_handshake_is_a_small_get(method: str, version: str, header: Header, status: int) -> None:
    """What its own reader would not bear is refused before it gets there."""
    said = [HOST, header]
    found = RequestHead(method, b"/", b"", version=version, headers=said, max_url_bytes=9)
    if status == 200:
        check_handshake(found, said)
        return
    with pytest.raises(MalformedError) as caught:
        check_handshake(found, said)
    assert caught.value.status == status


def test_long_urls_are_414() -> None:
    """Path and query count together."""
    assert head(path=b"/" * 5, query=b"q" * 5, most=10).target == b"/////?qqqqq"
    with pytest.raises(UriTooLongError):
        head(path=b"/" * 6, query=b"q" * 5, most=10)


def test_bodies_that_say_they_are_too_large_are_413() -> None:
    """What will be refused is refused before it is sent."""
    head((b"content-length", b"10")).check_length(10)
    head((b"transfer-encoding", b"chunked")).check_length(10)
    with pytest.raises(TooLargeError):
        head((b"content-length", b"11")).check_length(10)
    assert too_large(10).status == 413


def test_a_body_is_framed_once_and_as_the_client_did() -> None:
    """The body's length is what the client said, once, or it has none."""
    assert head().framing == b""
    assert head((b"content-length", b"5 ")).framing == b"content-length: 5\r\n"
    assert head((b"content-length", b"007")).framing == b"content-length: 7\r\n"
    assert head((b"transfer-encoding", b"Chunked")).framing == b"transfer-encoding: chunked\r\n"


@pytest.mark.parametrize("value", [b"h2c", b""])
@pytest.mark.parametrize("body", [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")])
def test_a_body_and_an_upgrade_do_not_go_together(body: Header, value: bytes) -> None:
    """The parser in front would lose the body: a service would wait for it, or take what comes next."""
    upgrade = (b"upgrade", value)
    with pytest.raises(MalformedError):
        head(upgrade, body)
    assert head(upgrade).framing == b""
    assert head(upgrade, (b"content-length", b"0")).framing == b"content-length: 0\r\n"


def test_what_decisions_need_is_at_hand() -> None:
    """Credentials, origin and what proxies said; of a list all of it, of a claim the first."""
    found = head(
        (b"authorization", b" Bearer x "),
        (b"x-api-key", b"k\t"),
        (b"origin", b"https://a.test"),
        (b"x-forwarded-for", b"1.1.1.1"),
        (b"x-forwarded-for", b"2.2.2.2, 3.3.3.3"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-proto", b"http"),
        (b"x-request-id", b"r1"),
        (b"x-request-id", b"r2"),
    )
    assert (found.credential, found.api_key, found.origin) == (b"x", b"k", b"https://a.test")
    assert found.forwarded_for == b"1.1.1.1, 2.2.2.2, 3.3.3.3"
    assert (found.forwarded_proto, found.request_id) == (b"https", b"r1")
    assert found.lines == b"origin: https://a.test\r\n"


def test_what_a_client_says_goes_on() -> None:
    """Ordinary headers pass, in order, doubles too, without the white space around them."""
    said = ((b"accept", b"a"), (b"traceparent", b"00-1-2-01"), (b"accept", b"\tb \t"))
    assert head(*said).lines == b"accept: a\r\ntraceparent: 00-1-2-01\r\naccept: b\r\n"


@pytest.mark.parametrize(
    "name",
    [
        "connection",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "upgrade",
        "http2-settings",
        "expect",
        "authorization",
        "cookie",
        "x-api-key",
        "x-hf-authorization",
        "x-ip-token",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-real-ip",
        "x-request-id",
        "x-carrel-principal",
        "x-carrel-role",
        "x-carrel-anything",
    ],
)
def test_what_ends_here_does_not_go_on(name: str) -> None:
    """Hop-by-hop headers, credentials and identities from outside stay outside."""
    assert head((name.encode(), b"x")).lines == b""


def test_what_connection_names_ends_here() -> None:
    """Headers that Connection nominates belong to the hop; the form of the message does not."""
    said = ((b"x-inner", b"1"), (b"content-type", b"a/b"), (b"connection", b"close, X-Inner ,content-type"))
    assert head(*said).lines == b"content-type: a/b\r\n"
    two = ((b"x-a", b"1"), (b"x-b", b"2"), (b"connection", b"x-a"), (b"connection", b"x-b"))
    assert head(*two).lines == b""


def test_what_is_remembered_of_names_does_not_grow_without_end() -> None:
    """A flood of new names costs no memory, and lets nothing through."""
    for number in range(3000):
        assert head((b"x-%d" % number, b"1")).lines
    assert len(request._good_names) <= 1024
    assert head((b"x-carrel-a", b"1")).lines == b""
    with pytest.raises(MalformedError):
        head((b"x_a", b"1"))


ORDINARY = (b"accept", b"x-a", b"x-b", b"traceparent", b"if-match", b"user-agent")
PLAIN = st.sampled_from(ORDINARY)
ENDS = st.sampled_from(
    sorted(
        (
            b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
            b"http2-settings expect cookie x-hf-authorization x-ip-token forwarded x-forwarded-for "
            b"x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-server x-real-ip x-request-id"
        ).split()
    )
)
IDENTITY = st.from_regex(rb"x-carrel-[a-z-]{0,12}", fullmatch=True)
NOMINATING = st.lists(st.one_of(PLAIN, ENDS, IDENTITY, st.just(b"close")), max_size=4).map(
    lambda names: (b"connection", b" ,\t".join(name.title() for name in names))
)
SAID = st.lists(
    st.one_of(
        NOMINATING,
        st.tuples(
            st.one_of(PLAIN, ENDS, IDENTITY),
            st.binary(max_size=6).filter(lambda value: value.translate(None, b"\r\n\0") == value),
        ),
    ),
    max_size=12,
)
FORM = {b"content-type", b"content-length", b"content-encoding", b"cache-control"}


@given(SAID)
def test_what_goes_on_is_what_was_said_and_nothing_else(headers: list[Header]) -> None:
    """No header of the hop, nominated one or identity goes on; every other does, in order, as it was."""
    nominated = {
        token.strip(b" \t").lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    } - FORM
    went = [tuple(line.split(b": ", 1)) for line in head(*headers).lines.split(b"\r\n")[:-1]]
    plain = [
        (name, value.strip(b" \t")) for name, value in headers if name in ORDINARY and name not in nominated
    ]
    assert went == plain


@given(SAID)
def test_nothing_that_connection_names_changes_the_message(headers: list[Header]) -> None:
    """Host, framing, type and credentials stay, whatever Connection nominates."""
    everything = (b"connection", b"host, content-length, content-type, x-api-key, x-forwarded-for")
    found = head(
        everything,
        (b"content-type", b"a/b"),
        (b"content-length", b"5"),
        (b"x-api-key", b"k"),
        *[header for header in headers if header[0] != b"content-type"],
    )
    assert (found.host, found.framing, found.api_key) == (b"carrel.test", b"content-length: 5\r\n", b"k")
    assert b"content-type: a/b" in found.lines.splitlines()


@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=12)), max_size=6), st.binary(max_size=9))
def test_any_bytes_are_read_or_refused(headers: list[Header], path: bytes) -> None:
    """Nothing but a refusal comes of what is no head, and what goes on is whole lines."""
    try:
        found = head(*[(name.lower(), value) for name, value in headers], path=path)
    except MalformedError:
        return
    assert not found.lines or found.lines.endswith(b"\r\n")
    assert found.lines.count(b"\n") == found.lines.count(b"\r\n") == found.lines.count(b"\r")


@pytest.mark.parametrize(
    ("url", "path", "query", "host"),
    [
        (b"http://other.test/v1/a?b=c", b"/v1/a", b"b=c", b"other.test"),
        (b"HTTPS://other.test:8443/", b"/", b"", b"other.test:8443"),
        (b"http://other.test", b"http://other.test", b"", b"other.test"),
        (b"ftp://other.test/a", b"ftp://other.test/a", b"", b"carrel.test"),
        (b"other.test:80", b"other.test:80", b"", b"carrel.test"),
        (b"*", b"*", b"", b"carrel.test"),
    ],
)
def test_an_absolute_target_names_the_host(url: bytes, path: bytes, query: bytes, host: bytes) -> None:
    """It takes the place of Host; what is no http(s) address stays, and no route has it."""
    headers = [HOST, (b"accept", b"a")]
    assert origin_form(url, headers) == (path, query)
    assert headers == [(b"host", host), (b"accept", b"a")]


LINES = st.tuples(
    st.sampled_from(["GET", "POST"]), st.sampled_from([b"/a", b"/b"]), st.sampled_from([b"", b"q", b"#"])
)
SETS = st.sampled_from(
    [
        [HOST],
        [HOST, (b"accept", b"a")],
        [HOST, (b"accept", b"b"), (b"content-length", b"5")],
        [HOST, (b"x-request-id", b"r"), (b"authorization", b"Bearer t")],
        [HOST, HOST],
    ]
)


@given(st.lists(st.tuples(LINES, SETS, st.sampled_from(["1.0", "1.1"])), max_size=12))
def test_reading_again_is_reading(requests: list[tuple[tuple[str, bytes, bytes], list[Header], str]]) -> None:
    """Whatever a connection's client said before, each head is read as if it were the first."""
    heads = Heads(max_url_bytes=9)
    for line, headers, version in requests:
        try:
            alone = RequestHead(*line, version=version, headers=headers, max_url_bytes=9)
        except MalformedError:
            with pytest.raises(MalformedError):
                heads.read(*line, version=version, headers=list(headers))
            continue
        found = heads.read(*line, version=version, headers=list(headers))
        for name in RequestHead.__slots__:
            assert getattr(found, name) == getattr(alone, name)
