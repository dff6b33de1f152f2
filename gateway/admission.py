"""Whether a request is let through, and what its service is told: everything that is decided about it.

Pure apart from PyJWT; the time is an argument. One order for every way in: its form was read by
:mod:`gateway.request`; then its route, the page it comes from, the method, its size, who asks. What is
counted (rates, places) comes after, with whoever counts.
"""

import ipaddress
from functools import lru_cache
from typing import NamedTuple

from gateway.bodies import Bodies
from gateway.headers import OWS, Header
from gateway.identity import Caller, Identity
from gateway.origins import OriginRule
from gateway.request import RequestHead
from gateway.routing import Route, check_method, check_role, find, is_for_every_page
from shared.errors import ForbiddenError, InvalidRequestError


class Client(NamedTuple):
    """The other end of a client's connection."""

    address: str
    scheme: str


class Admitted(NamedTuple):
    """A request that may go on to its service."""

    route: Route
    caller: Caller
    address: str
    """The client's own, not a proxy's."""


class ForeignPageError(ForbiddenError):
    """A page of an origin that may not call."""


class Admission:
    """The rules of this gateway; ``hops`` proxies stand in front of it."""

    def __init__(self, *, identity: Identity, origins: OriginRule, bodies: Bodies, hops: int) -> None:
        self._identity, self._origins = identity, origins
        self._bodies, self._hops = bodies, hops

    def route(self, head: RequestHead) -> Route:
        """Return whose request this is; what needs no caller is decided with it.

        Raises
        ------
        CarrelError
            No such path, a page that may not call, a method the route does not take, a body too large.
        """
        route = find(head.path)
        if route.is_api and head.origin and not self._may_call(head):
            raise ForeignPageError("Pages of this origin may not call: see ALLOWED_ORIGINS")
        if head.method != "OPTIONS":
            check_method(route, head.method)
            head.check_length(self._bodies.most(head.path))
        return route

    def cors(self, head: RequestHead) -> list[Header]:
        """Return what lets the page read an answer, also a refusal."""
        if not head.origin:
            return []
        origin, host = _page(head)
        return self._origins.cors_headers(origin, host=host, every=is_for_every_page(head.path))

    def admit(
        self, head: RequestHead, route: Route, client: Client, *, now: float, token: bytes = b""
    ) -> Admitted:
        """Let ``head`` on to the service of ``route``; ``token`` is what came as a subprotocol.

        Raises
        ------
        CarrelError
            Nobody, or not one who may.
        """
        credential = token or head.credential
        origin = _page(head)[0] if head.origin else ""
        caller = self._identity.who(api_key=head.api_key, credential=credential, origin=origin, now=now)
        check_role(route, caller.principal)
        return Admitted(route, caller, self.address(head, client))

    def _may_call(self, head: RequestHead) -> bool:
        origin, host = _page(head)
        return self._origins.allows(origin, host=host)

    def address(self, head: RequestHead, client: Client) -> str:
        """Return the client's address: the peer's, or what the ``hops``-th proxy from the right was told."""
        if self._hops == 0 or not head.forwarded_for:
            return client.address
        return client_address(head.forwarded_for, peer=client.address, hops=self._hops)

    def told(self, head: RequestHead, admitted: Admitted, client: Client, *, request_id: bytes) -> bytes:
        """Return the header lines that tell a service of the client's hop and who asks, signed."""
        said = head.forwarded_proto.lower() if self._hops else b""
        proto = said if said in (b"http", b"https") else _PROTO.get(client.scheme, b"http")
        address = admitted.address.encode("ascii")
        return _TOLD % (address, proto, head.host, request_id, admitted.caller.told)


_TOLD = b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\nx-forwarded-host: %b\r\nx-request-id: %b\r\n%b"
_PROTO = {"http": b"http", "https": b"https", "ws": b"http", "wss": b"https"}


def check_http(route: Route) -> None:
    """Refuse a plain request for a WebSocket."""
    if route.socket:
        raise InvalidRequestError("This is a WebSocket: ask for the upgrade", status=426)


def client_address(forwarded_for: bytes, *, peer: str, hops: int) -> str:
    """Return the ``hops``-th entry of X-Forwarded-For from the right.

    The left end is whatever the caller wrote there; it is never looked at. A list that is too short did
    not come through our proxies, an entry that is no address says nothing: then it is ``peer``.
    """
    entries = forwarded_for.split(b",")
    if hops == 0 or len(entries) < hops:
        return peer
    try:
        return str(ipaddress.ip_address(entries[-hops].strip(OWS).decode("ascii")))
    except ValueError:
        return peer


@lru_cache(maxsize=256)
def _decoded(origin: bytes, host: bytes) -> tuple[str, str]:
    return origin.decode("latin-1").lower(), host.decode("latin-1")


def _page(head: RequestHead) -> tuple[str, str]:
    """Return the page's origin and the name we were called by."""
    return _decoded(head.origin, head.host)
