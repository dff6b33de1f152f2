"""Which buckets a request takes a token of: by the class of its route, and by who asks from where.

Pure. docs/decisions/0005-what-is-limited.md says why these keys.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from gateway.limits.rates import Asked, Rate
from gateway.routing import Route, RouteClass
from shared.auth import Principal

_KNOWN = 8_192
"""So many pairs of a caller and a class, those met last, are not put together anew."""
_BY_VISITOR = frozenset((RouteClass.SOCKET, RouteClass.ASK, RouteClass.SEARCH, RouteClass.READ))
POLICIES = (
    *(f"{kind}-visitor" for kind in RouteClass if kind in _BY_VISITOR),
    *(f"{kind}-address" for kind in RouteClass),
    "refused-address",
)
"""Every policy that needs a rate."""


class Quotas:
    """The buckets of every request, by the ``rates`` of :data:`POLICIES`."""

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        self._rates = {policy: rates[policy] for policy in POLICIES}
        self._buckets = lru_cache(maxsize=_KNOWN)(self._make)
        self._refused = lru_cache(maxsize=_KNOWN)(self._make_refused)

    def asked(
        self, route: Route, method: str, *, principal: Principal | None, address: str
    ) -> tuple[Asked, ...]:
        """Return the buckets of a request; none for probes, which share an address and must always pass.

        ``principal`` is ``None`` where nobody was asked who they are; ``address`` is the client's.
        """
        kind = route.class_of(method)
        if kind is None:
            return ()
        if principal is None:
            return self._buckets(kind, "", address)
        if principal.is_owner:
            return self._buckets(RouteClass.OWNER, "", address)
        return self._buckets(kind, principal.id, address)

    def refused(self, address: str) -> tuple[Asked, ...]:
        """Return the bucket of a request whose credentials were refused."""
        return self._refused(address)

    def _make(self, kind: RouteClass, visitor_id: str, address: str) -> tuple[Asked, ...]:
        buckets = (self._one(f"{kind}-address", network(address)),)
        if visitor_id and kind in _BY_VISITOR:
            return (self._one(f"{kind}-visitor", visitor_id), *buckets)
        return buckets

    def _make_refused(self, address: str) -> tuple[Asked, ...]:
        return (self._one("refused-address", network(address)),)

    def _one(self, policy: str, who: str) -> Asked:
        return Asked(f"{policy}:{who}", policy, self._rates[policy])


def network(address: str) -> str:
    """Return what ``address`` is counted as: IPv4 itself, IPv6 its /64, which is the least a site has.

    What is no address (a Unix socket's peer has none) is counted as one.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
