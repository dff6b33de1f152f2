"""Whose buckets a request takes from."""

import pytest

from gateway.limits.quotas import POLICIES, Quotas, network
from gateway.limits.rates import Asked, Rate
from gateway.routing import find
from shared.auth import Principal, Role

VISITOR = Principal("v_1", Role.VISITOR)
OWNER = Principal("owner", Role.OWNER)
RATES = {policy: Rate(number, 60) for number, policy in enumerate(POLICIES, start=1)}
HERE = "192.0.2.1"


def asked(path: str, method: str = "GET", *, principal: Principal | None = VISITOR) -> tuple[Asked, ...]:
    """The buckets of a request from HERE."""
    return Quotas(RATES).asked(find(path.encode()), method, principal=principal, address=HERE)


def keys(buckets: tuple[Asked, ...]) -> list[str]:
    """What the buckets are counted under."""
    return [bucket.key for bucket in buckets]


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [
        ("/v1/chat", "GET", "socket"),
        ("/v1/messages", "POST", "ask"),
        ("/v1/search", "POST", "search"),
        ("/v1/conversations", "GET", "read"),
    ],
)
def test_a_visitor_has_a_bucket_and_so_has_the_address(path: str, method: str, kind: str) -> None:
    """Each class counts for itself, by the visitor and by the client's address."""
    visitor, address = asked(path, method)
    assert visitor == Asked(f"{kind}-visitor:v_1", f"{kind}-visitor", RATES[f"{kind}-visitor"])
    assert address == Asked(f"{kind}-address:{HERE}", f"{kind}-address", RATES[f"{kind}-address"])


def test_without_a_principal_the_address_alone_counts() -> None:
    """Pages and new sessions have no visitor."""
    assert keys(asked("/", principal=None)) == [f"public-address:{HERE}"]
    assert keys(asked("/v1/sessions", "POST", principal=None)) == [f"session-address:{HERE}"]
    assert keys(asked("/v1/answer", "POST", principal=None)) == [f"ask-address:{HERE}"]


def test_the_owner_meets_the_owner_bucket_alone() -> None:
    """Whatever the owner calls, one bucket of the address counts; a visitor there counts by it too."""
    for path in ("/v1/documents", "/v1/answer", "/v1/conversations"):
        assert keys(asked(path, "POST", principal=OWNER)) == [f"owner-address:{HERE}"]
    assert keys(asked("/v1/documents")) == [f"owner-address:{HERE}"]


@pytest.mark.parametrize("principal", [None, VISITOR, OWNER])
def test_probes_have_no_bucket(principal: Principal | None) -> None:
    """Health is never limited, whoever asks."""
    assert asked("/health/live", principal=principal) == ()


def test_refused_credentials_count_by_the_address() -> None:
    """They have a bucket of their own."""
    assert keys(Quotas(RATES).refused(HERE)) == [f"refused-address:{HERE}"]


def test_every_policy_needs_its_rate() -> None:
    """A rate that is missing is told when the table is made, not when a request needs it."""
    with pytest.raises(KeyError):
        Quotas({policy: rate for policy, rate in RATES.items() if policy != "refused-address"})


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("", "unknown"),
        ("proxy.test", "unknown"),
    ],
)
def test_an_address_is_counted_as_its_network(address: str, counted: str) -> None:
    """IPv4 as itself, IPv6 as its /64; everything else as one."""
    assert network(address) == counted
