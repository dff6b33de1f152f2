"""The HTTP habits all services share: request ids, problem documents, the identity check.

Middleware is pure ASGI. A refusal has one shape on every route: RFC 9457 with our code in it.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import HTTPConnection

from shared.auth import Principal, Role, verify
from shared.contracts.wire import field_path
from shared.errors import (
    CarrelError,
    FieldError,
    ForbiddenError,
    InternalError,
    InvalidRequestError,
    MalformedError,
    UnsupportedMediaTypeError,
    from_status,
    problem,
)
from shared.logging import request_id
from shared.openapi import PROBLEM_MEDIA_TYPE, completed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID_HEADER = "x-request-id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_JSON = re.compile(r"application/([^;]+\+)?json *(;|$)", re.IGNORECASE)
"""What the framework reads as JSON."""
_log = logging.getLogger(__name__)


def problem_response(
    error: CarrelError, *, headers: dict[str, str] | None = None, beside: Mapping[str, Any] | None = None
) -> JSONResponse:
    """Return ``error`` as a problem document, with ``Retry-After`` where it says when.

    ``beside`` are further members, which a problem document may have.
    """
    response = JSONResponse(
        problem(error, request_id=request_id.get()) | dict(beside or {}),
        status_code=error.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )
    if error.retry_after_ms is not None:
        response.headers["retry-after"] = str(-(-error.retry_after_ms // 1000))
    elif error.status == 503:
        response.headers["retry-after"] = "1"
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document, also in what its OpenAPI document says.

    The unknown becomes a bare ``internal``.
    """
    framework_document = app.openapi
    app.openapi = lambda: completed(framework_document())  # type: ignore[method-assign]  # FastAPI's own way to complete it

    async def known(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CarrelError)  # noqa: S101 - the handler is registered for this class
        return problem_response(error)

    async def framework(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, StarletteHTTPException)  # noqa: S101 - registered for this class
        headers = dict(error.headers or {})
        detail = "" if error.status_code == 404 else str(error.detail)
        return problem_response(
            from_status(error.status_code)(detail, status=error.status_code), headers=headers
        )

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
        media_type = request.headers.get("content-type", "")
        return problem_response(validation_error(error.errors(), media_type=media_type))

    app.add_exception_handler(CarrelError, known)
    app.add_exception_handler(StarletteHTTPException, framework)
    app.add_exception_handler(RequestValidationError, invalid)


def sane_id(given: bytes) -> str:
    """Return the request id that was ``given`` when it is one to be logged and passed on, else nothing."""
    return given.decode("ascii") if _SANE_ID.fullmatch(given) else ""


def operation_id(route: APIRoute) -> str:
    """Return the handler's name: what a generated client calls the operation."""
    return route.name


def validation_error(errors: Any, *, media_type: str) -> CarrelError:
    """Return pydantic's ``errors`` as one error that names each field and what would be right.

    ``media_type`` is what the request said its body is.
    """
    if any(entry["type"] == "json_invalid" for entry in errors):
        return MalformedError("The body is not JSON: " + str(errors[0].get("ctx", {}).get("error", "")))
    if any(entry["type"] == "model_attributes_type" and entry["loc"] == ("body",) for entry in errors):
        message = "must be a JSON object, sent with Content-Type: application/json"
        kind = InvalidRequestError if _JSON.match(media_type) else UnsupportedMediaTypeError
        return kind(f"The body {message}", fields=[FieldError(field="body", message=message)])
    fields = [
        FieldError(field=_field(entry["loc"]), message=str(entry["msg"]).removeprefix("Value error, "))
        for entry in errors[:20]
    ]
    detail = "; ".join(f"{f.field}: {f.message}" for f in fields)
    return InvalidRequestError(detail[:1000], fields=fields)


def _field(loc: tuple[Any, ...]) -> str:
    where = ("body", "query", "path", "header")
    return field_path(loc[1:] if len(loc) > 1 and loc[0] in where else loc)


def principal(connection: HTTPConnection) -> Principal:
    """Return who is asking, as :class:`IdentityMiddleware` found it. A FastAPI dependency."""
    found: Principal = connection.scope["state"]["principal"]
    return found


def owner(connection: HTTPConnection) -> Principal:
    """Return the owner, or refuse everybody else. A FastAPI dependency."""
    found = principal(connection)
    if not found.is_owner:
        raise ForbiddenError("Only the owner may do this: it takes the admin key")
    return found


class RequestIdMiddleware:
    """Takes a sane ``X-Request-ID`` or makes one, sets it for the logs and on the answer.

    The outermost layer: what escapes the application becomes a problem document here, so that a client
    never meets a bare 500.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        rid = sane_id(given) or uuid4().hex
        token = request_id.set(rid)
        started = False

        async def send_with_id(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                started = True
                message["headers"] = [
                    *((k, v) for k, v in message.get("headers", ()) if k.lower() != b"x-request-id"),
                    (b"x-request-id", rid.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            _log.exception("unhandled error on %s", scope.get("path"))
            if started or scope["type"] != "http":
                raise
            await problem_response(InternalError())(scope, receive, send_with_id)
        finally:
            request_id.reset(token)


class HeadMiddleware:
    """Answers HEAD wherever GET is answered, with the same headers; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] == "HEAD"
        await self._app({**scope, "method": "GET"} if asked else scope, receive, send)


class IdentityMiddleware:
    """Lets in only what the gateway (or another service) signed; health stays open for probes.

    Puts the :class:`Principal` into ``scope["state"]["principal"]``.
    """

    def __init__(self, app: ASGIApp, *, token: str, open_paths: tuple[str, ...] = ("/health",)) -> None:
        self._app, self._token, self._open = app, token, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        state = scope.setdefault("state", {})
        if any(path == prefix or path.startswith(f"{prefix}/") for prefix in self._open):
            state["principal"] = Principal(id="", role=Role.PUBLIC)
            await self._app(scope, receive, send)
            return
        try:
            state["principal"] = verify(Headers(scope=scope), token=self._token, now=time.time())
        except CarrelError as error:
            await refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)


async def refuse(error: CarrelError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer ``error`` on an HTTP request, or on a WebSocket handshake before its upgrade."""
    response = problem_response(error)
    if scope["type"] == "http":
        await response(scope, receive, send)
    elif "websocket.http.response" in scope.get("extensions", {}):
        headers = [*response.raw_headers]
        await send(
            {"type": "websocket.http.response.start", "status": response.status_code, "headers": headers}
        )
        await send({"type": "websocket.http.response.body", "body": bytes(response.body)})
    else:
        await send({"type": "websocket.close", "code": error.close_code})


def dump_json(value: Any) -> str:
    """Return ``value`` as compact JSON text that keeps non-ASCII characters."""
    return to_json(value, inf_nan_mode="constants").decode()
