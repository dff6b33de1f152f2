"""Opens a visitor's session, and asks the API to describe itself."""

from collections.abc import Callable
from threading import Event

from cli.findings import Finding
from cli.verify.outside import Outside
from cli.verify.verdicts.api import openapi, session

_LOOKS, _PAUSE_S = 4, 1.0


def open_session(outside: Outside) -> tuple[str, Finding]:
    """Return a new visitor's token, empty where there is none, and its line."""
    opened = outside.ask("POST", "/v1/sessions")
    token = str(opened.told.get("token", ""))
    if token:
        outside.tokens.append(token)
    return token, session(opened.status, token)


def describe(outside: Outside, *, pause: Callable[[float], object] | None = None) -> Finding:
    """Return the line of the API's description.

    It is asked for again while a part is missing: a service puts its own together when first asked, and a
    busy one takes longer for that than the gateway waits.
    """
    found = _asked(outside)
    for _ in range(_LOOKS - 1):
        if found.colour == "green":
            break
        (pause or Event().wait)(_PAUSE_S)
        found = _asked(outside)
    return found


def _asked(outside: Outside) -> Finding:
    seen = outside.ask("GET", "/openapi.json")
    return openapi(seen.status, seen.told)
