"""Whether a request is let through."""

import hashlib
import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission import Admission, Client, check_http, client_address
from gateway.bodies import Bodies
from gateway.headers import Header
from gateway.identity import OWNER, Identity, Tokens
from gateway.origins import OriginRule
from gateway.request import RequestHead
from gateway.routing import Target
from shared.errors import (
    ForbiddenError,
    InvalidRequestError,
    MethodNotAllowedError,
    TooLargeError,
    UnauthorizedError,
)

KEY = "the-owner's-key-0123456789"
TOKENS = Tokens(["signs-tokens-0123456789"])
PAGE = b"https://docs.test"
CLIENT = Client("9.9.9.9", "http")


def admission(hops: int = 0) -> Admission:
    """Rules that let one page in."""
    digest = hashlib.sha256(KEY.encode()).digest()
    return Admission(
        identity=Identity(admin_keys=[digest], tokens=TOKENS, internal_token="between-0123456789"),
        origins=OriginRule([PAGE.decode()]),
        bodies=Bodies(each=100, archive=200),
        hops=hops,
    )


def head(path: str, *headers: Header, method: str = "GET") -> RequestHead:
    """A request for ``path``."""
    said = [(b"host", b"carrel.test"), *headers]
    return RequestHead(method, path.encode(), b"", version="1.1", headers=said, max_url_bytes=999)


OWNERS = (b"x-api-key", KEY.encode())


def test_the_route_and_what_needs_no_caller_come_first() -> None:
    """Another page, another method, too large a body are refused whoever asks; pages are for everybody."""
    rules = admission()
    assert rules.route(head("/v1/documents/a")).target is Target.RETRIEVER
    assert rules.route(head("/", (b"origin", b"https://evil.test"))).target is Target.OWN
    with pytest.raises(ForbiddenError):
        rules.route(head("/v1/documents", (b"origin", b"https://evil.test")))
    with pytest.raises(MethodNotAllowedError):
        rules.route(head("/v1/documents", method="PATCH"))
    with pytest.raises(TooLargeError):
        rules.route(head("/v1/documents", (b"content-length", b"101"), method="POST"))
    archive = head("/v1/data-sources/docs/archive", (b"content-length", b"200"), method="PUT")
    assert rules.route(archive).target is Target.RETRIEVER
    assert rules.route(head("/v1/search", method="OPTIONS")).path == "/v1/search"


def test_a_page_that_may_call_may_read() -> None:
    """An allowed page is told so; without a page there is nothing to say."""
    rules = admission()
    assert dict(rules.cors(head("/v1/me", (b"origin", PAGE))))[b"access-control-allow-origin"] == PAGE
    assert rules.cors(head("/v1/me")) == []


def test_who_may_is_admitted() -> None:
    """The owner by a key, a visitor by a token, also one that came as a subprotocol."""
    rules, request = admission(), head("/v1/me", OWNERS)
    admitted = rules.admit(request, rules.route(request), CLIENT, now=10)
    assert (admitted.caller.principal, admitted.address) == (OWNER, "9.9.9.9")
    token = TOKENS.make("v_1", origin="", now=0, lifetime_s=60).encode()
    request = head("/v1/me", (b"authorization", b"Bearer platform"))
    admitted = rules.admit(request, rules.route(request), CLIENT, now=10, token=token)
    assert admitted.caller.principal.id == "v_1"


def test_who_may_not_is_refused() -> None:
    """Nobody, a visitor on the owner's route, a token of another page."""
    rules = admission()
    token = TOKENS.make("v_1", origin="https://other.test", now=0, lifetime_s=60).encode()
    bearer = (b"authorization", b"Bearer " + token)
    nobody, visitor = head("/v1/me"), head("/v1/documents", bearer)
    moved = head("/v1/me", bearer, (b"origin", PAGE))
    with pytest.raises(UnauthorizedError):
        rules.admit(nobody, rules.route(nobody), CLIENT, now=10)
    with pytest.raises(ForbiddenError):
        rules.admit(visitor, rules.route(visitor), CLIENT, now=10)
    with pytest.raises(UnauthorizedError, match="origin"):
        rules.admit(moved, rules.route(moved), CLIENT, now=10)


@pytest.mark.parametrize(
    ("hops", "proto", "scheme", "said"),
    [
        (0, b"https", "http", b"http"),
        (1, b"HTTPS", "http", b"https"),
        (1, b"gopher", "wss", b"https"),
        (1, b"", "ws", b"http"),
    ],
)
def test_a_service_is_told_of_the_clients_hop(hops: int, proto: bytes, scheme: str, said: bytes) -> None:
    """Address, scheme, host and id; the scheme is what our own proxies say, else the socket's."""
    rules = admission(hops)
    request = head("/v1/me", OWNERS, (b"x-forwarded-proto", proto), (b"x-forwarded-for", b"6.6.6.6, 2.2.2.2"))
    client = Client("9.9.9.9", scheme)
    admitted = rules.admit(request, rules.route(request), client, now=10)
    told = rules.told(request, admitted, client, request_id=b"r1").splitlines()
    address = b"2.2.2.2" if hops else b"9.9.9.9"
    assert told[:4] == [
        b"x-forwarded-for: " + address,
        b"x-forwarded-proto: " + said,
        b"x-forwarded-host: carrel.test",
        b"x-request-id: r1",
    ]
    assert b"x-carrel-principal: owner" in told


def test_a_websocket_is_no_plain_request() -> None:
    """It is told what it is."""
    with pytest.raises(InvalidRequestError) as caught:
        check_http(admission().route(head("/v1/chat")))
    assert caught.value.status == 426
    check_http(admission().route(head("/v1/me")))


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        ("", 0, "peer"),
        ("1.1.1.1", 0, "peer"),
        ("6.6.6.6, 1.1.1.1", 1, "1.1.1.1"),
        ("6.6.6.6, 1.1.1.1, 2.2.2.2", 2, "1.1.1.1"),
        ("6.6.6.6, ::1", 1, "::1"),
        ("1.1.1.1", 2, "peer"),
        ("", 1, "peer"),
        ("not an address", 1, "peer"),
        ("6.6.6.6,\xff", 1, "peer"),
    ],
)
def test_the_clients_address_is_counted_from_the_right(forwarded: str, hops: int, address: str) -> None:
    """Only what our own proxies wrote is believed."""
    assert client_address(forwarded.encode("latin-1"), peer="peer", hops=hops) == address


ADDRESSES = st.ip_addresses().map(str)
ENTRY = st.one_of(ADDRESSES, st.text("0123456789abcdef.:%[] \t-", max_size=20))


@given(st.lists(ENTRY, max_size=8), st.lists(st.integers(1, 3), max_size=8), st.integers(0, 6))
def test_the_address_is_that_of_the_trusted_hop_or_the_peer(
    entries: list[str], cuts: list[int], hops: int
) -> None:
    """However the list is split into headers: the hop's entry, where it is an address; else the peer."""
    said, left = [(b"host", b"carrel.test")], list(entries)
    for cut in [*cuts, len(entries) + 1]:
        if part := left[:cut]:
            said.append((b"x-forwarded-for", ", ".join(part).encode()))
            left = left[cut:]
    read = RequestHead("GET", b"/", b"", version="1.1", headers=said, max_url_bytes=9)
    found = admission(hops).address(read, Client("192.0.2.1", "http"))
    trusted = entries[-hops].strip(" \t") if 0 < hops <= len(entries) else "192.0.2.1"
    assert str(ipaddress.ip_address(found)) == found
    assert found in ("192.0.2.1", trusted) or ipaddress.ip_address(found) == ipaddress.ip_address(trusted)
    with suppress(ValueError):
        assert found == str(ipaddress.ip_address(trusted))


@given(st.lists(ENTRY, max_size=5), st.lists(ENTRY, max_size=5), st.lists(ADDRESSES, min_size=1, max_size=4))
def test_nothing_left_of_the_trusted_hop_matters(one: list[str], other: list[str], ours: list[str]) -> None:
    """Two callers who wrote different things before our proxies did are seen the same."""
    seen = {
        client_address(", ".join([*written, *ours]).encode(), peer="192.0.2.1", hops=len(ours))
        for written in (one, other)
    }
    assert seen == {ours[0]}
