"""Whether what answers is Carrel, of the right revision, over TLS, to GET and to HEAD."""

import json
from collections.abc import Mapping
from typing import Any

from cli.findings import Finding
from cli.verify.verdicts.lines import HEAD, PAGE, TLS, VERSION, finding

_SOON_DAYS = 14
_SHORTEST_COMMIT = 7


def page(status: int, content_type: str, *, gated: bool) -> Finding:
    """Return the line of ``GET /``; ``gated`` says whether a token for a private Space was sent."""
    if status == 200 and content_type.startswith("text/html"):
        return finding(PAGE, "green", "the chat page")
    if status == 0:
        return finding(
            PAGE, "red", "nothing answers", "see that it runs (its log), and that the address is right"
        )
    if 300 <= status < 400:
        return finding(
            PAGE, "red", f"HTTP {status}", "give the address that it leads to: https, or another host"
        )
    if status in (401, 403, 404) and not gated:
        fix = "is the Space private? Then give --hf-token or HF_TOKEN; else look at the address"
        return finding(PAGE, "red", f"HTTP {status}", fix)
    told = f"HTTP {status}, {content_type or 'no content'}"
    return finding(
        PAGE, "red", told, "see what listens there: on a Space, app_port and PORT must be the same"
    )


def head(status: int, body_bytes: int) -> Finding:
    """Return the line of ``HEAD /``, which the platform asks to see whether it has started."""
    if status == 200 and not body_bytes:
        return finding(HEAD, "green", "200, without a body")
    fix = "a Space stays on Starting without it: see what stands before Carrel and refuses HEAD"
    return finding(HEAD, "red", f"HTTP {status}" if status else "no answer", fix)


def tls(days_left: float | None, problem: str, *, local: bool, encrypted: bool) -> Finding:
    """Return the line of the certificate; ``problem`` is why it was not accepted, if it was not."""
    if not encrypted:
        if local:
            return finding(TLS, "green", "none: an address of this machine")
        fix = "put it behind TLS: keys and questions can be read on the way"
        return finding(TLS, "yellow", "none: plain http over a network", fix)
    if days_left is None:
        fix = "renew the certificate, with its whole chain, for this very host name"
        return finding(TLS, "red", problem or "no certificate", fix)
    told = f"the certificate is good for {days_left:.0f} days"
    if days_left < _SOON_DAYS:
        return finding(TLS, "yellow", told, "see why it was not renewed yet")
    return finding(TLS, "green", told)


def version(status: int, told: Mapping[str, Any], *, commit: str) -> Finding:
    """Return the line of ``GET /version``; ``commit`` is what is to run, empty for whatever does."""
    running = str(told.get("commit", ""))
    if status != 200 or "version" not in told:
        fix = "see what answers there: it is no Carrel of this age"
        return finding(VERSION, "red", f"HTTP {status}" if status else "no answer", fix)
    said = f"{told['version']}, commit {running or 'unknown'}, protocol {told.get('protocol')}"
    if commit and not same_commit(commit, running):
        fix = "wait for the build and its restart; set the build argument COMMIT where it is unknown"
        return finding(VERSION, "red", f"{said}, not {commit}", fix)
    return finding(VERSION, "green", said)


def same_commit(wanted: str, running: str) -> bool:
    """Return whether both name one revision: whole, or by at least seven digits of its beginning."""
    short, long = sorted((wanted.lower(), running.lower()), key=len)
    return len(short) >= _SHORTEST_COMMIT and long.startswith(short)


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that ``body`` is, or an empty one."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
