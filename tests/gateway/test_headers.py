"""Header rewriting, both ways."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.headers import (
    Header,
    body_framing,
    client_address,
    client_proto,
    find,
    find_all,
    hop_headers,
    request_head,
    response_headers,
    socket_headers,
)
from shared.errors import MalformedError, UpstreamUnavailableError


def head(*headers: Header, told: tuple[Header, ...] = (), framing: bytes = b"") -> list[bytes]:
    """The lines of a request for a service."""
    raw = request_head("GET", b"/a?b", headers, authority=b"s:1", told=told, framing=framing)
    assert raw.endswith(b"\r\n\r\n")
    return raw[:-4].split(b"\r\n")


def test_a_head_begins_with_the_line_and_our_host() -> None:
    """The target goes on as it came; the service is called by its own name."""
    assert head((b"host", b"outside")) == [b"GET /a?b HTTP/1.1", b"host: s:1"]


def test_what_a_client_says_goes_on() -> None:
    """Ordinary headers pass, in order, doubles too, without the white space around them."""
    said = ((b"accept", b"a"), (b"traceparent", b"00-1-2-01"), (b"accept", b"\tb \t"))
    assert head(*said)[2:] == [b"accept: a", b"traceparent: 00-1-2-01", b"accept: b"]


@pytest.mark.parametrize(
    "name",
    [
        "connection",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
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
        "x-real-ip",
        "x-request-id",
        "content-length",
        "x-carrel-principal",
        "x-carrel-role",
        "x-carrel-anything",
        "x_carrel_role",
        "x-carrel_role",
    ],
)
def test_what_ends_here_does_not_go_on(name: str) -> None:
    """Hop-by-hop headers, credentials and identities from outside stay outside."""
    assert len(head((name.encode(), b"x"))) == 2


def test_what_connection_names_ends_here() -> None:
    """Headers that Connection nominates belong to the hop; the form of the message does not."""
    said = ((b"x-inner", b"1"), (b"content-type", b"a/b"), (b"connection", b"close, X-Inner ,content-type"))
    assert head(*said)[2:] == [b"content-type: a/b"]


def test_what_the_gateway_says_comes_last() -> None:
    """What is told about the client is added, then the framing of the body."""
    told = hop_headers(client="::1", proto="https", host=b"carrel.test", request_id="r1")
    assert head(told=tuple(told), framing=b"content-length: 2\r\n")[2:] == [
        b"x-forwarded-for: ::1",
        b"x-forwarded-proto: https",
        b"x-forwarded-host: carrel.test",
        b"x-request-id: r1",
        b"content-length: 2",
    ]


def test_a_handshake_is_made_anew() -> None:
    """Of a WebSocket handshake, the service hears what is not the handshake, and no token."""
    said = [
        (b"user-agent", b"u"),
        (b"sec-websocket-key", b"k"),
        (b"sec-websocket-protocol", b"carrel.v1, carrel.token.t"),
        (b"upgrade", b"websocket"),
        (b"authorization", b"Bearer t"),
    ]
    assert socket_headers(said) == [(b"user-agent", b"u")]


def test_an_answer_loses_what_was_for_the_hop() -> None:
    """Hop-by-hop headers, the inner server and its clock do not come out; doubles do."""
    said = [
        (b"Connection", b"x-a"),
        (b"X-A", b"1"),
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


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        ([], 0, "peer"),
        (["1.1.1.1"], 0, "peer"),
        (["6.6.6.6, 1.1.1.1"], 1, "1.1.1.1"),
        (["6.6.6.6", "1.1.1.1, 2.2.2.2"], 2, "1.1.1.1"),
        (["6.6.6.6, ::1"], 1, "::1"),
        (["1.1.1.1"], 2, "peer"),
        ([], 1, "peer"),
        (["not an address"], 1, "peer"),
        (["6.6.6.6,\xff"], 1, "peer"),
    ],
)
def test_the_clients_address_is_counted_from_the_right(forwarded: list[str], hops: int, address: str) -> None:
    """Only what our own proxies wrote is believed."""
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    assert client_address(headers, peer="peer", hops=hops) == address


@given(st.lists(st.text("0123456789., :af", max_size=30), max_size=4), st.integers(1, 4))
def test_what_a_caller_writes_on_the_left_changes_nothing(written: list[str], hops: int) -> None:
    """The address is the same whatever stands left of what our proxies added."""
    ours = [(b"x-forwarded-for", f"10.0.0.{number}".encode()) for number in range(hops)]
    theirs = [(b"x-forwarded-for", value.encode()) for value in written]
    assert client_address([*theirs, *ours], peer="peer", hops=hops) == "10.0.0.0"


def test_the_scheme_is_what_our_proxies_say() -> None:
    """Without proxies of ours it is the socket's, whatever the client claims."""
    claimed = [(b"x-forwarded-proto", b"HTTPS")]
    assert client_proto(claimed, scheme="http", hops=1) == "https"
    assert client_proto(claimed, scheme="ws", hops=0) == "http"
    assert client_proto([(b"x-forwarded-proto", b"gopher")], scheme="wss", hops=1) == "https"


def test_a_body_is_framed_once() -> None:
    """The body's length is what the client said, once, or it has none."""
    assert body_framing([]) == b""
    assert body_framing([(b"content-length", b"5 ")]) == b"content-length: 5\r\n"
    assert body_framing([(b"transfer-encoding", b"chunked")]) == b"transfer-encoding: chunked\r\n"
    with pytest.raises(MalformedError):
        body_framing([(b"transfer-encoding", b"chunked"), (b"content-length", b"5")])


@pytest.mark.parametrize("value", [b"h2c", b""])
@pytest.mark.parametrize("body", [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")])
def test_a_body_and_an_upgrade_do_not_go_together(body: Header, value: bytes) -> None:
    """The server in front would lose the body: a service would wait for it, or take what comes next."""
    upgrade = (b"upgrade", value)
    with pytest.raises(MalformedError):
        body_framing([upgrade, body])
    assert body_framing([upgrade]) == b""
    assert body_framing([upgrade, (b"content-length", b"0")]) == b"content-length: 0\r\n"


def test_headers_are_found_by_name() -> None:
    """The first value, or all of them, without the white space around."""
    headers = [(b"a", b" 1 "), (b"b", b"2"), (b"a", b"3")]
    assert (find(headers, b"a"), find(headers, b"c"), find_all(headers, b"a")) == (b"1", b"", [b"1", b"3"])


ORDINARY = (b"accept", b"x-a", b"x-b", b"traceparent", b"content-type", b"if-match", b"user-agent")
PLAIN = st.sampled_from(ORDINARY)
ENDS = st.sampled_from(
    sorted(
        (
            b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
            b"transfer-encoding upgrade http2-settings expect host content-length authorization cookie "
            b"x-api-key x-hf-authorization x-ip-token forwarded x-forwarded-for x-forwarded-host "
            b"x-forwarded-proto x-forwarded-port x-forwarded-server x-real-ip x-request-id"
        ).split()
    )
)
IDENTITY = st.from_regex(rb"x[-_]carrel[-_][a-z_-]{0,12}", fullmatch=True)
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
    went = [tuple(line.split(b": ", 1)) for line in head(*headers)[2:]]
    plain = [
        (name, value.strip(b" \t")) for name, value in headers if name in ORDINARY and name not in nominated
    ]
    assert went == plain
    assert head(*headers)[:2] == [b"GET /a?b HTTP/1.1", b"host: s:1"]


@given(SAID, st.sampled_from([b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n"]))
def test_nothing_that_connection_names_changes_the_message(headers: list[Header], framing: bytes) -> None:
    """Host, framing, type and what the gateway tells stay, whatever Connection nominates."""
    everything = (b"connection", b"host, content-length, transfer-encoding, content-type, x-carrel-role")
    told = ((b"x-carrel-role", b"visitor"), (b"x-forwarded-for", b"10.0.0.1"))
    lines = head(everything, (b"content-type", b"a/b"), *headers, told=told, framing=framing)
    assert lines[1] == b"host: s:1"
    assert b"content-type: a/b" in lines
    assert lines[-3:] == [b"x-carrel-role: visitor", b"x-forwarded-for: 10.0.0.1", framing[:-2]]


@given(SAID)
def test_a_handshake_tells_no_more_than_a_request(headers: list[Header]) -> None:
    """What of a handshake goes on is what of a request would, without the handshake."""
    shaken = [(b"sec-websocket-key", b"k"), *headers, (b"sec-websocket-extensions", b"x")]
    assert [name + b": " + value for name, value in socket_headers(shaken)] == head(*headers)[2:]


@given(SAID)
def test_an_answer_keeps_what_is_not_for_the_hop(headers: list[Header]) -> None:
    """No header of the hop or of our identities comes out of an answer; types and lengths always do."""
    headers = [(name, value.translate(None, bytes(range(32)) + b"\x7f")) for name, value in headers]
    kept = response_headers(200, headers)
    names = {name for name, _ in kept}
    assert not names & {b"connection", b"transfer-encoding", b"te", b"upgrade", b"keep-alive", b"trailer"}
    assert not any(name.replace(b"_", b"-").startswith(b"x-carrel-") for name in names)
    for form in (b"content-type", b"content-length"):
        assert [v for n, v in kept if n == form] == [v.strip(b" \t") for n, v in headers if n == form]


ADDRESSES = st.ip_addresses().map(str)
ENTRY = st.one_of(ADDRESSES, st.text("0123456789abcdef.:%[] \t-", max_size=20))


@given(st.lists(ENTRY, max_size=8), st.lists(st.integers(1, 3), max_size=8), st.integers(0, 6))
def test_the_address_is_that_of_the_trusted_hop_or_the_peer(
    entries: list[str], cuts: list[int], hops: int
) -> None:
    """However the list is split into headers: the hop's entry, where it is an address; else the peer."""
    headers, left = [], list(entries)
    for cut in [*cuts, len(entries) + 1]:
        if part := left[:cut]:
            headers.append((b"x-forwarded-for", ", ".join(part).encode()))
            left = left[cut:]
    found = client_address(headers, peer="192.0.2.1", hops=hops)
    trusted = entries[-hops].strip(" \t") if 0 < hops <= len(entries) else "192.0.2.1"
    assert str(ipaddress.ip_address(found)) == found
    assert found in ("192.0.2.1", trusted) or ipaddress.ip_address(found) == ipaddress.ip_address(trusted)
    with suppress(ValueError):
        assert found == str(ipaddress.ip_address(trusted))


@given(st.lists(ENTRY, max_size=5), st.lists(ENTRY, max_size=5), st.lists(ADDRESSES, min_size=1, max_size=4))
def test_nothing_left_of_the_trusted_hop_matters(one: list[str], other: list[str], ours: list[str]) -> None:
    """Two callers who wrote different things before our proxies did are seen the same."""
    seen = {
        client_address(
            [(b"x-forwarded-for", ", ".join([*written, *ours]).encode())], peer="192.0.2.1", hops=len(ours)
        )
        for written in (one, other)
    }
    assert seen == {ours[0]}


NAMES = st.sampled_from(
    [b"x-carrel-role", b"x_carrel_role", b"connection", b"x-a", b"host", b"te", b"accept"]
)
VALUES = st.sampled_from([b"x", b" \tx-a", b"close, accept", b"X-Carrel-Role", b"host"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_no_headers_make_an_identity(headers: list[Header]) -> None:
    """However headers are combined, exactly one Host and only our own identity go on."""
    lines = head(*headers, told=((b"x-carrel-role", b"visitor"),))
    assert [line for line in lines if line.startswith(b"host:")] == [b"host: s:1"]
    assert [line for line in lines if b"carrel" in line.partition(b":")[0]] == [b"x-carrel-role: visitor"]
    assert not any(line.startswith((b"connection:", b"te:")) for line in lines)
