"""One OpenAPI document for the API of all three services.

Pure: documents in, a document out. Only what the route table lets through is in it. Owns what every route
has because it is behind the gateway: who may call it, the refusals in front of it, each answer's headers.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.routing import Route, Target, find
from shared.auth import Role
from shared.errors import (
    CarrelError,
    ForbiddenError,
    InternalError,
    MalformedError,
    MethodNotAllowedError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    TooLargeError,
    UnauthorizedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    UriTooLongError,
)
from shared.openapi import problem_answer

Document = Mapping[str, Any]
ABOUT = """\
Answers from your documents. A visitor's routes take the token of `POST /v1/sessions` or the owner's admin
key; the owner's routes take the admin key. Every error is an `application/problem+json` document of one
shape; its `code` tells errors apart. Lists are paged: `next_cursor` is null on the last page.
A path that is not here answers 404. New fields, codes and event types may come in an answer.
"""
TAGS = {
    "questions": "Ask, and follow an answer, over HTTP, server-sent events or a WebSocket.",
    "conversations": "What a visitor has asked and was answered.",
    "search": "Search and answer without a conversation.",
    "documents": "What is answered from.",
    "data sources": "Where documents come from, and the jobs that take them in.",
    "insights": "What visitors ask, and what the documents lack.",
    "usage": "What paid models cost, and metrics.",
    "sessions": "Who a visitor is.",
    "health": "How the services are.",
    "about": "The version, and this document.",
    "page": "The chat page.",
}
_SECURITY: Mapping[Role, list[dict[str, list[str]]]] = {
    Role.PUBLIC: [],
    Role.VISITOR: [{"visitorToken": []}, {"adminKey": []}, {"adminKeyAsBearer": []}],
    Role.OWNER: [{"adminKey": []}, {"adminKeyAsBearer": []}],
}
_SCHEMES = {
    "visitorToken": {"type": "http", "scheme": "bearer", "description": "The token of POST /v1/sessions"},
    "adminKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The admin key"},
    "adminKeyAsBearer": {"type": "http", "scheme": "bearer", "description": "The admin key"},
}


def _header(description: str, kind: str = "string", *, required: bool = False) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": kind}}


_HEADERS = {
    "X-Request-ID": _header("Stands in the logs, too; taken from the request if it is sane.", required=True),
    "Retry-After": _header("Seconds after which it may be tried again.", "integer"),
    "RateLimit": _header("What is left of the limit, and for how long it holds."),
    "RateLimit-Policy": _header("The limit."),
    "WWW-Authenticate": _header("Bearer.", required=True),
    "Allow": _header("The methods that the path takes.", required=True),
    "Upgrade": _header("websocket.", required=True),
}
_REFUSALS = {
    400: MalformedError.title,
    401: UnauthorizedError.title,
    403: f"{ForbiddenError.title}: not to this caller, or not to pages of this origin",
    404: NotFoundError.title,
    405: MethodNotAllowedError.title,
    408: RequestTimeoutError.title,
    413: TooLargeError.title,
    414: UriTooLongError.title,
    426: "This is a WebSocket: ask for the upgrade",
    429: RateLimitedError.title,
    431: "There are too many headers, or they are too large",
    500: InternalError.title,
    502: "A service gave an answer that makes no sense",
    503: UpstreamUnavailableError.title,
    504: UpstreamTimeoutError.title,
}


def merge(own: Document, services: Mapping[Target, Document]) -> dict[str, Any]:
    """Return one document of what ``own`` and the services' documents say, and of what the gateway adds."""
    merged: dict[str, Any] = json.loads(json.dumps(own))
    components = merged.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    paths = _described(merged.get("paths", {}), Target.OWN)
    for target, document in services.items():
        document = _apart(document, target, schemas)
        schemas |= document.get("components", {}).get("schemas", {})
        paths |= _described(document.get("paths", {}), target)
    components["securitySchemes"] = _SCHEMES
    components["headers"] = _HEADERS
    components["responses"] = {_name(status): _refusal(status) for status in _REFUSALS}
    merged["info"] = {**merged.get("info", {}), "description": ABOUT}
    merged["servers"] = [{"url": "/"}]
    merged["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    merged["paths"] = paths
    return merged


def is_limited(route: Route) -> bool:
    """Return whether requests to ``route`` are counted: all but those of probes."""
    return route.class_of(route.methods[0]) is not None


def _described(paths: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """Return those operations of ``paths`` that can be reached at ``target``, as the gateway offers them."""
    found: dict[str, Any] = {}
    for path, operations in paths.items():
        route = _route(path)
        if route is None or route.target is not target:
            continue
        for method, operation in operations.items():
            if method.upper() in route.methods:
                found.setdefault(path, {})[method] = _offered(operation, route, path=path)
    return found


def _route(path: str) -> Route | None:
    try:
        return find(path.replace("{", "").replace("}", "").encode())
    except CarrelError:
        return None


def _offered(operation: Document, route: Route, *, path: str) -> dict[str, Any]:
    answers = {
        status: {
            **answer,
            "headers": answer.get("headers", {}) | _headers(int(status), limited=is_limited(route)),
        }
        for status, answer in operation.get("responses", {}).items()
    }
    for status in _statuses(operation, route, path=path):
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})
    return {
        **operation,
        "security": operation.get("security", _SECURITY[route.role]),
        "responses": dict(sorted(answers.items())),
    }


def _statuses(operation: Document, route: Route, *, path: str) -> Iterator[int]:
    """Yield the statuses with which the gateway refuses, or a service fails, in front of ``operation``."""
    yield from (400, 405, 408, 414, 431, 500)
    if route.role is not Role.PUBLIC:
        yield 401
    if route.is_api or route.role is Role.OWNER:
        yield 403
    if "{" in path:
        yield 404
    if "requestBody" in operation:
        yield 413
    if route.socket:
        yield 426
    if is_limited(route):
        yield 429
    if route.target is not Target.OWN:
        yield from (502, 503, 504)


def _name(status: int) -> str:
    return f"Problem{status}"


def _refusal(status: int) -> dict[str, Any]:
    return problem_answer(_REFUSALS[status]) | {"headers": _headers(status, limited=status == 429)}


def _headers(status: int, *, limited: bool) -> dict[str, dict[str, str]]:
    names = ["X-Request-ID"] if status >= 200 else []
    by_status = {
        401: "WWW-Authenticate",
        405: "Allow",
        426: "Upgrade",
        429: "Retry-After",
        503: "Retry-After",
    }
    if status in by_status:
        names.append(by_status[status])
    if limited and (200 <= status < 300 or status == 429):
        names += ["RateLimit", "RateLimit-Policy"]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _apart(document: Document, target: Target, taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``document`` with those schemas renamed whose names mean something else in ``taken``."""
    schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    clashes = [name for name, schema in schemas.items() if taken.get(name, schema) != schema]
    names = {name: f"{target.value}_{name}" for name in clashes}
    text = json.dumps(document)
    for name, other in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{other}"')
    renamed: dict[str, Any] = json.loads(text)
    if names:
        kept = renamed["components"]["schemas"]
        renamed["components"]["schemas"] = {names.get(name, name): schema for name, schema in kept.items()}
    return renamed
