"""The long way through: what the short way (:mod:`gateway.fast_path`) leaves, as one ASGI application.

Owns the order: a request's form, its route, its origin, who asks, then whoever answers; and that each request
ends in one answer and one line of the access log. Each decision is made elsewhere. Pure ASGI, so that a
request for a service never goes through a framework.
"""

import logging
import time
from collections.abc import Iterable, MutableMapping
from typing import Any

from gateway.access import Entry
from gateway.admission import Admitted, Client, ForeignPageError, check_http
from gateway.client.door import BROKEN_OFF, READY
from gateway.desk import API_POLICY, SECURITY, Desk, Ready, since
from gateway.headers import Header, find
from gateway.http_proxy import ClientLeftError, HttpProxy
from gateway.identity import Caller, socket_token
from gateway.limits.rates import Verdict, rate_headers
from gateway.origins import EVERY_PAGE, preflight_headers
from gateway.own.metrics import refusal_of
from gateway.request import RequestHead, too_large
from gateway.routing import Route, Target, WrongMethodError, allow
from gateway.websocket.ws_proxy import SocketProxy
from shared.auth import Principal, Role
from shared.errors import (
    CarrelError,
    InternalError,
    MalformedError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    UnauthorizedError,
)
from shared.http import ASGIApp, Receive, Scope, Send, problem_response, refuse
from shared.logging import request_id
from shared.metrics import CLIENT_LEFT
from shared.tracing import Span

_log = logging.getLogger(__name__)
FIRST_CALL = b"/v1/sessions"
"""What every page asks before all else."""


class Front:
    """The gateway as one ASGI application."""

    def __init__(self, desk: Desk, *, own: ASGIApp, chat: SocketProxy) -> None:
        self.desk = desk
        self._own, self._chat = own, chat
        self._proxies = {
            pool: HttpProxy(pool) for service in desk.services.values() for pool in service.pools
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._own(scope, receive, send)
            return
        ready: Ready | None = scope.get("extensions", {}).get(READY)
        given = ready.request_id if ready else find(scope["headers"], b"x-request-id")
        rid = self.desk.sane_id(given)
        visit = _Visit(scope, send, rid, began=ready.began if ready else time.perf_counter())
        token = request_id.set(rid)
        try:
            await self._through(visit, receive, ready)
        finally:
            request_id.reset(token)
            if not visit.goes_on:
                self.desk.note(visit.entry(), visit.span)

    async def _through(self, visit: "_Visit", receive: Receive, ready: Ready | None) -> None:
        scope = visit.scope
        try:
            if ready is not None:
                await self._again(visit, receive, ready)
            elif scope["type"] == "http":
                await self._http(visit, receive)
            else:
                await self._socket(visit, receive)
        except CarrelError as error:
            self.desk.traffic.refused(refusal_of(error))
            await _refuse(error, visit, receive)
        except ClientLeftError:
            visit.status = scope.get("extensions", {}).get(BROKEN_OFF) or visit.status or CLIENT_LEFT
        except Exception:
            _log.exception("unhandled error on %s", scope.get("path"))
            if visit.status or scope["type"] != "http":
                raise
            await _refuse(InternalError(), visit, receive)

    async def _http(self, visit: "_Visit", receive: Receive) -> None:
        scope, admission = visit.scope, self.desk.admission
        head, route = self._read(visit)
        if head.method == "OPTIONS":
            await _preflight(route, visit)
            return
        check_http(route)
        receive = _bounded(receive, max_bytes=self.desk.bodies.most(head.path))
        if route.role is Role.PUBLIC:
            await self._count(visit, route, head.method, None, admission.address(head, _client(scope)))
            await self._answer(visit, receive, head, Principal(id="", role=Role.PUBLIC))
            return
        admitted = await self._admit(visit, head, route)
        if route.target is Target.OWN:
            await self._answer(visit, receive, head, admitted.caller.principal)
        else:
            await self._pass_on(visit, receive, head, admitted, fresh=False)

    async def _answer(
        self, visit: "_Visit", receive: Receive, head: RequestHead, principal: Principal
    ) -> None:
        # HEAD is GET without the body, which the server in front leaves out.
        method = "GET" if head.method == "HEAD" else head.method
        state = {**visit.scope.get("state", {}), "principal": principal}
        await self._own({**visit.scope, "method": method, "state": state}, receive, visit.send)

    async def _admit(
        self, visit: "_Visit", head: RequestHead, route: Route, *, token: bytes = b""
    ) -> Admitted:
        """Let a request on, when its caller may and has not asked too often, and its service is there."""
        client = _client(visit.scope)
        try:
            admitted = self.desk.admission.admit(head, route, client, now=time.time(), token=token)
        except UnauthorizedError:
            if token or head.api_key or head.credential:
                await self._count_refused(self.desk.admission.address(head, client))
            raise
        visit.visitor = admitted.caller.tag
        await self._count(visit, route, head.method, admitted.caller, admitted.address)
        service = self.desk.services.get(route.target)
        if service is not None and (breaker := service.pick().breaker).open:
            raise breaker.refusal()  # all are away, where there are several
        return admitted

    async def _count(
        self, visit: "_Visit", route: Route, method: str, caller: Caller | None, address: str
    ) -> None:
        """Take a token of each bucket the request is counted in, or refuse it."""
        if asked := self.desk.asked(route, method, caller=caller, address=address):
            verdict = await self.desk.limiter.take(asked)
            visit.headers += rate_headers(verdict)
            if not verdict.allowed:
                raise _too_many("Too many requests", verdict)

    async def _count_refused(self, address: str) -> None:
        """Count credentials that were refused, so that nobody tries them by the thousand."""
        if self.desk.quotas is not None:
            verdict = await self.desk.limiter.take(self.desk.quotas.refused(address))
            if not verdict.allowed:
                raise _too_many("Too many credentials that are not valid", verdict)

    async def _again(self, visit: "_Visit", receive: Receive, ready: Ready) -> None:
        """Go on with what the short way has decided."""
        visit.route, visit.visitor = ready.admitted.route, ready.admitted.caller.tag
        visit.span = ready.span
        visit.headers += self.desk.admission.cors(ready.head)
        if ready.verdict is not None:
            visit.headers += rate_headers(ready.verdict)
        if ready.error is not None:
            raise ready.error
        await self._pass_on(visit, receive, ready.head, ready.admitted, fresh=ready.fresh)

    async def _pass_on(
        self, visit: "_Visit", receive: Receive, head: RequestHead, admitted: Admitted, *, fresh: bool
    ) -> None:
        tag = visit.visitor = admitted.caller.tag
        pool = self.desk.services[admitted.route.target].pick()
        client, rid = _client(visit.scope), visit.request_id.encode()
        visit.span = visit.span or self.desk.span(head)
        asked = self.desk.ask(pool, head, admitted, client, request_id=rid, span=visit.span)
        self.desk.places.take(tag)
        began = time.perf_counter()
        try:
            await self._proxies[pool](head, asked, receive, visit.send, fresh=fresh)
        finally:
            visit.upstream_s = since(began)
            self.desk.places.leave(tag)

    async def _socket(self, visit: "_Visit", receive: Receive) -> None:
        scope, admission = visit.scope, self.desk.admission
        head, route = self._read(visit)
        if not route.socket:
            raise NotFoundError("There is no WebSocket here")
        token = socket_token(scope.get("subprotocols", ()))
        admitted = await self._admit(visit, head, route, token=token)
        told = admission.told(head, admitted, _client(scope), request_id=visit.request_id.encode())
        visit.span = self.desk.span(head)
        kept = self.desk.lines(head, visit.span)

        def ended(*, sent: int) -> None:
            visit.bytes = sent
            self.desk.note(visit.entry(), visit.span)

        visit.status = 101
        visit.goes_on = await self._chat(
            scope, receive, caller=admitted.caller, headers=kept + told, ended=ended
        )
        if not visit.goes_on:
            visit.status = CLIENT_LEFT

    def _read(self, visit: "_Visit") -> tuple[RequestHead, Route]:
        """Return the request's head and route, or refuse its form, its URL, its size or its page."""
        scope = visit.scope
        head = RequestHead(
            scope.get("method", "GET"),
            scope["raw_path"],
            scope["query_string"],
            version=scope["http_version"],
            # A handshake ends here, and is made anew.
            headers=[header for header in scope["headers"] if not header[0].startswith(b"sec-websocket-")],
            max_url_bytes=self.desk.max_url_bytes,
        )
        visit.headers += self.desk.admission.cors(head)
        try:
            route = visit.route = self.desk.admission.route(head)
        except ForeignPageError:
            if head.path == FIRST_CALL:
                # So that a chat on that page can say why it does not answer; nothing else is told.
                visit.headers.append(EVERY_PAGE)
            raise
        return head, route


class _Visit:
    """One request on the long way: what is sent is counted for the log, and given what every answer has."""

    def __init__(self, scope: Scope, send: Send, rid: str, *, began: float) -> None:
        self.scope, self.request_id = scope, rid
        self.status = self.bytes = 0
        self.route: Route | None = None
        self.span: Span | None = None
        self.visitor = ""
        self.upstream_s = 0.0
        self.goes_on = False
        """Whether the connection lives on without the framework: its line is written at its end."""
        self.headers: list[Header] = [*SECURITY, (b"x-request-id", rid.encode("ascii"))]
        self._send, self._began = send, began

    async def send(self, message: MutableMapping[str, Any]) -> None:
        kind = message["type"]
        if kind in ("http.response.body", "websocket.http.response.body"):
            self.bytes += len(message.get("body", b""))
        elif kind in ("http.response.start", "websocket.http.response.start"):
            self.status = message["status"]
            message["headers"] = self._with_ours(message.get("headers", ()))
        await self._send(message)

    def entry(self) -> Entry:
        """Return what the log says of it."""
        return Entry(
            self.scope.get("method", "WEBSOCKET"),
            self.route.path if self.route else "",
            self.scope["path"],
            self.status,
            self.bytes,
            since(self._began),
            self.upstream_s,
            self.request_id,
            self.visitor,
        )

    def _with_ours(self, headers: Iterable[Header]) -> list[Header]:
        kept = [header for header in headers if header[0] != b"x-request-id"]
        policy = () if any(name == b"content-security-policy" for name, _ in kept) else (API_POLICY,)
        return [*kept, *self.headers, *policy]


async def _refuse(error: CarrelError, visit: _Visit, receive: Receive) -> None:
    if visit.scope["type"] != "http":
        await refuse(error, visit.scope, receive, visit.send)
        return
    headers: dict[str, str] = {}
    if isinstance(error, WrongMethodError):
        headers["allow"] = error.allow
    if error.status == 426:
        headers |= {"upgrade": "websocket", "connection": "upgrade"}
    if isinstance(error, MalformedError | RequestTimeoutError):
        # What follows on this connection may be no request at all.
        headers["connection"] = "close"
    await problem_response(error, headers=headers)(visit.scope, receive, visit.send)


async def _preflight(route: Route, visit: _Visit) -> None:
    visit.headers += preflight_headers(allow(route))
    await visit.send({"type": "http.response.start", "status": 204, "headers": []})
    await visit.send({"type": "http.response.body"})


def _too_many(what: str, verdict: Verdict) -> RateLimitedError:
    detail = f"{what}: the rate {verdict.policy} is {verdict.rate}"
    return RateLimitedError(detail, retry_after_ms=verdict.retry_after_s * 1000)


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


def _client(scope: Scope) -> Client:
    return Client(scope["client"][0] if scope["client"] else "", scope["scheme"])
