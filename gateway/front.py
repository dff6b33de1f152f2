"""What every request meets, in order: its form, its route, its origin, who asks, then whoever answers.

Pure ASGI, so that a request for a service never goes through a framework. Owns the order and the access
line; each decision is made elsewhere.
"""

import logging
import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.headers import (
    Header,
    Headers,
    client_address,
    client_proto,
    find,
    hop_headers,
    socket_headers,
)
from gateway.http_proxy import ClientLeftError, HttpProxy
from gateway.identity import Caller, Identity
from gateway.limits import check_form, check_length, check_url, too_large
from gateway.origins import OriginRule, preflight_headers
from gateway.routing import Route, Target, WrongMethodError, allow, check_method, check_role
from gateway.routing import find as find_route
from gateway.ws_proxy import SocketProxy
from shared.auth import Principal, signed_headers
from shared.errors import CarrelError, ForbiddenError, InvalidRequestError, MalformedError, NotFoundError
from shared.http import ASGIApp, Receive, Scope, Send, problem_response, refuse
from shared.logging import request_id

_log = logging.getLogger("gateway.access")
_SIGNED_S = 10
"""For so long a principal's signature is used again; it is good for 300 s."""
_SIGNED = 4096
CLIENT_LEFT = 499
"""The status noted for a client that left before its answer; never sent."""
_SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
_API_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


@dataclass(frozen=True)
class Doors:
    """Whom the front passes a request on to."""

    own: ASGIApp
    services: Mapping[Target, HttpProxy]
    chat: SocketProxy


@dataclass(frozen=True)
class FrontLimits:
    """Sizes, in bytes, and how many proxies stand in front."""

    max_body_bytes: int
    max_url_bytes: int
    trusted_proxy_hops: int


class Front:
    """The gateway as one ASGI application."""

    def __init__(
        self,
        doors: Doors,
        *,
        identity: Identity,
        origins: OriginRule,
        limits: FrontLimits,
        internal_token: str,
    ) -> None:
        self._doors = doors
        self._identity = identity
        self._origins = origins
        self._limits = limits
        self._internal_token = internal_token
        self._signed = lru_cache(maxsize=_SIGNED)(self._sign)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._doors.own(scope, receive, send)
            return
        # A list of our own: the server in front goes on adding to its one, when trailers come.
        scope = {**scope, "headers": [*scope["headers"]]}
        answer = _Answer(send)
        began = time.perf_counter()
        try:
            handle = self._http if scope["type"] == "http" else self._socket
            await handle(scope, receive, answer)
        except CarrelError as error:
            await _refuse(error, scope, receive, answer)
        except ClientLeftError:
            answer.status = answer.status or CLIENT_LEFT
        finally:
            if not answer.goes_on:
                _log_access(scope, answer, seconds=time.perf_counter() - began)

    async def _http(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        method: str = scope["method"]
        route = self._admit(scope, answer)
        if method == "OPTIONS":
            await _preflight(route, answer)
            return
        check_method(route, method)
        check_length(scope["headers"], max_bytes=self._limits.max_body_bytes)
        if route.socket:
            raise InvalidRequestError("This is a WebSocket: ask for the upgrade", status=426)
        receive = _bounded(receive, max_bytes=self._limits.max_body_bytes)
        if route.target is Target.OWN:
            # HEAD is GET without the body, which the server in front leaves out.
            as_get = {**scope, "method": "GET" if method == "HEAD" else method}
            await self._doors.own(as_get, receive, answer.send)
            return
        principal = self._who(scope, route).principal
        proxy = self._doors.services[route.target]
        await proxy(scope, receive, answer.send, told=self._told(scope, principal))

    async def _socket(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        route = self._admit(scope, answer)
        if not route.socket:
            raise NotFoundError("There is no WebSocket here")
        caller = self._who(scope, route)
        headers = [*socket_headers(scope["headers"]), *self._told(scope, caller.principal)]
        began, rid = time.perf_counter(), request_id.get()

        def ended(*, sent: int) -> None:
            answer.bytes = sent
            _log_access(scope, answer, seconds=time.perf_counter() - began, request_id=rid)

        answer.status = 101
        answer.goes_on = await self._doors.chat(scope, receive, caller=caller, headers=headers, ended=ended)
        if not answer.goes_on:
            answer.status = CLIENT_LEFT

    def _admit(self, scope: Scope, answer: "_Answer") -> Route:
        """Return the route, or refuse the request's form, its URL or the page it comes from."""
        headers = scope["headers"]
        check_form(scope["http_version"], headers)
        check_url(scope["raw_path"], scope["query_string"], max_bytes=self._limits.max_url_bytes)
        route = find_route(scope["raw_path"])
        if route.is_api and (origin := _origin(headers)):
            host = find(headers, b"host").decode("latin-1")
            answer.headers += self._origins.cors_headers(origin, host=host)
            if not self._origins.allows(origin, host=host):
                raise ForbiddenError("Pages of this origin may not call: see ALLOWED_ORIGINS")
        return route

    def _who(self, scope: Scope, route: Route) -> Caller:
        headers, offered = scope["headers"], scope.get("subprotocols", ())
        caller = self._identity.who(headers, subprotocols=offered, origin=_origin(headers), now=time.time())
        check_role(route, caller.principal)
        return caller

    def _told(self, scope: Scope, principal: Principal) -> list[Header]:
        """Return what a service is told about the request: the client's hop, and who is asking, signed."""
        headers, hops = scope["headers"], self._limits.trusted_proxy_hops
        peer = scope["client"][0] if scope["client"] else ""
        told = hop_headers(
            client=client_address(headers, peer=peer, hops=hops),
            proto=client_proto(headers, scheme=scope["scheme"], hops=hops),
            host=find(headers, b"host"),
            request_id=request_id.get(),
        )
        return [*told, *self._signed(principal, int(time.time()) // _SIGNED_S)]

    def _sign(self, principal: Principal, period: int) -> list[Header]:
        signed = signed_headers(principal, token=self._internal_token, now=period * _SIGNED_S)
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in signed.items()]


class _Answer:
    """What is sent: counted for the access line, and given the headers every answer has."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self.bytes = 0
        self.goes_on = False
        """Whether the connection lives on without the framework: its line is written at its end."""
        self.headers: list[Header] = list(_SECURITY)
        self._send = send

    async def send(self, message: MutableMapping[str, Any]) -> None:
        kind = message["type"]
        if kind in ("http.response.body", "websocket.http.response.body"):
            self.bytes += len(message.get("body", b""))
        elif kind in ("http.response.start", "websocket.http.response.start"):
            self.status = message["status"]
            message["headers"] = self._with_ours(message.get("headers", ()))
        await self._send(message)

    def _with_ours(self, headers: Iterable[Header]) -> list[Header]:
        mine = self.headers
        if not any(name == b"content-security-policy" for name, _ in headers):
            mine = [*mine, _API_POLICY]
        return [*headers, *mine]


async def _refuse(error: CarrelError, scope: Scope, receive: Receive, answer: _Answer) -> None:
    if scope["type"] != "http":
        await refuse(error, scope, receive, answer.send)
        return
    headers: dict[str, str] = {}
    if isinstance(error, WrongMethodError):
        headers["allow"] = error.allow
    if error.status == 426:
        headers |= {"upgrade": "websocket", "connection": "upgrade"}
    if isinstance(error, MalformedError):
        # What follows on this connection may be no request at all.
        headers["connection"] = "close"
    await problem_response(error, headers=headers)(scope, receive, answer.send)


async def _preflight(route: Route, answer: _Answer) -> None:
    answer.headers += preflight_headers(allow(route))
    await answer.send({"type": "http.response.start", "status": 204, "headers": []})
    await answer.send({"type": "http.response.body"})


def _bounded(receive: Receive, *, max_bytes: int) -> Receive:
    """Return ``receive``, refusing a body once it is larger than ``max_bytes``."""
    taken = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal taken
        event = await receive()
        taken += len(event.get("body", b""))
        if taken > max_bytes:
            raise too_large(max_bytes)
        return event

    return bounded


def _origin(headers: Headers) -> str:
    return find(headers, b"origin").decode("latin-1").lower()


def _log_access(scope: Scope, answer: _Answer, *, seconds: float, **more: str) -> None:
    fields = {
        **more,
        "method": scope.get("method", "WEBSOCKET"),
        # Without the query: whatever a client puts there is its own affair.
        "path": scope["path"],
        "status": answer.status,
        "bytes": answer.bytes,
        "duration_ms": round(seconds * 1000, 2),
    }
    # Probes come every few seconds for ever: they are worth a line only when they find something.
    probe = scope["path"].startswith("/health") and answer.status < 400
    _log.log(logging.DEBUG if probe else logging.INFO, "request", extra={"fields": fields})
