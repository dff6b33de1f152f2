"""Asks as a page in a browser would: preflights, and the headers of the chat page."""

from collections.abc import Iterator, Mapping

from cli.findings import Finding
from cli.verify.outside import Outside, on_space
from cli.verify.verdicts.browser import FOREIGN, cors, frames


def check(outside: Outside, *, origin: str) -> Iterator[Finding]:
    """Yield what browsers are told; ``origin`` is that of the page that is to call, empty for none."""
    asked = _preflight(outside, origin) if origin else (0, {})
    yield cors(origin, asked, _preflight(outside, FOREIGN))
    yield frames(outside.ask("GET", "/").headers, on_space=on_space(outside.url))


def _preflight(outside: Outside, origin: str) -> tuple[int, Mapping[str, str]]:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
    }
    seen = outside.ask("OPTIONS", "/v1/messages", headers=headers)
    return seen.status, seen.headers
