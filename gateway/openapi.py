"""One OpenAPI document for the API of all three services.

Pure: documents in, a document out. Only what the route table lets through is in it.
"""

import json
from collections.abc import Mapping
from typing import Any

from gateway.routing import Target, find
from shared.auth import Role
from shared.errors import CarrelError

Document = Mapping[str, Any]
_SECURITY: Mapping[Role, list[dict[str, list[str]]]] = {
    Role.VISITOR: [{"visitorToken": []}, {"adminKey": []}],
    Role.OWNER: [{"adminKey": []}, {"adminKeyAsBearer": []}],
}
_SCHEMES = {
    "visitorToken": {"type": "http", "scheme": "bearer", "description": "The token of POST /v1/sessions"},
    "adminKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "adminKeyAsBearer": {"type": "http", "scheme": "bearer"},
}


def merge(own: Document, services: Mapping[Target, Document]) -> dict[str, Any]:
    """Return ``own`` with what each service's document adds to it."""
    merged: dict[str, Any] = json.loads(json.dumps(own))
    paths = merged.setdefault("paths", {})
    schemas = merged.setdefault("components", {}).setdefault("schemas", {})
    merged["components"]["securitySchemes"] = _SCHEMES
    for target, document in services.items():
        document = _apart(document, target, schemas)
        schemas |= document.get("components", {}).get("schemas", {})
        for path, operations in document.get("paths", {}).items():
            if (security := _security(path, target)) is not None:
                paths[path] = {method: {**item, "security": security} for method, item in operations.items()}
    return merged


def _security(path: str, target: Target) -> list[dict[str, list[str]]] | None:
    """Return what ``path`` takes, or nothing when it is not a route to ``target``."""
    plain = path.replace("{", "").replace("}", "")
    try:
        route = find(plain.encode())
    except CarrelError:
        return None
    return _SECURITY.get(route.role) if route.target is target else None


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
