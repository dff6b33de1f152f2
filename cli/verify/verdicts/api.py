"""Whether the API describes itself whole, and lets visitors in."""

from collections.abc import Mapping
from typing import Any

from cli.findings import Finding
from cli.verify.verdicts.lines import OPENAPI, SESSION, finding

_PATHS = {"gateway": "/v1/sessions", "retriever": "/v1/search", "chat service": "/v1/conversations"}
"""One of each service's, by which its part of the document is known."""


def openapi(status: int, document: Mapping[str, Any]) -> Finding:
    """Return the line of the API's description."""
    paths = document.get("paths")
    if status != 200 or not isinstance(paths, dict):
        told = f"HTTP {status}" if status else "no answer"
        return finding(OPENAPI, "red", told, "see what answers at /openapi.json")
    missing = [service for service, path in _PATHS.items() if path not in paths]
    if missing:
        fix = "it is whole once every service has answered: see their lines"
        return finding(OPENAPI, "red", f"without the part of: {', '.join(missing)}", fix)
    return finding(OPENAPI, "green", f"{document.get('openapi')}, {len(paths)} paths of all services")


def session(status: int, token: str) -> Finding:
    """Return the line of a new visitor's token."""
    if status == 200 and token:
        return finding(SESSION, "green", "a visitor gets a token")
    told = f"HTTP {status}" if status else "no answer"
    return finding(SESSION, "red", told, "see the gateway's log for POST /v1/sessions")
