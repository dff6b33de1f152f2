"""What browsers are told: which pages may call, and where the chat page may be shown."""

from collections.abc import Mapping

from cli.findings import Finding
from cli.verify.verdicts.lines import CORS, FRAMES, finding

FOREIGN = "https://carrel-verify.invalid"
"""The origin of a page that nobody can have allowed by name."""
_PLATFORM = ("https://huggingface.co", "https://*.hf.space")
_Headers = Mapping[str, str]


def cors(origin: str, preflight: tuple[int, _Headers], foreign: tuple[int, _Headers]) -> Finding:
    """Return the line of CORS, by the preflights of ``origin`` (empty: none was asked for) and of FOREIGN."""
    anybody = _allows(FOREIGN, *foreign)
    if origin and not _allows(origin, *preflight):
        told = f"pages of {origin} may not call (HTTP {preflight[0]})"
        return finding(CORS, "red", told, f"add {origin} to ALLOWED_ORIGINS")
    if origin and "authorization" not in preflight[1].get("access-control-allow-headers", "").lower():
        fix = "let no proxy in between answer or change preflights"
        return finding(CORS, "red", f"pages of {origin} may not send their token", fix)
    who = f"pages of {origin} may call" if origin else "no other page was asked for (--origin)"
    if anybody:
        return finding(
            CORS, "yellow", f"{who}; so may every other page", "list them in ALLOWED_ORIGINS, not *"
        )
    return finding(CORS, "green", f"{who}; a stranger's may not")


def _allows(origin: str, status: int, headers: _Headers) -> bool:
    return 200 <= status < 300 and headers.get("access-control-allow-origin") in (origin, "*")


def frames(headers: _Headers, *, on_space: bool) -> Finding:
    """Return the line of where the page may be framed; ``on_space`` says it is a Space's."""
    policy = _frame_ancestors(headers.get("content-security-policy", ""))
    option = headers.get("x-frame-options", "")
    missing = [
        place for place in _PLATFORM if policy is not None and place not in policy and "*" not in policy
    ]
    if option or missing:
        told = f"X-Frame-Options: {option}" if option else f"frame-ancestors without {', '.join(missing)}"
        fix = "a Space's own page shows nothing then: take it out of the proxy in between"
        return finding(FRAMES, "red" if on_space or option else "yellow", told, fix)
    if policy is None:
        return finding(
            FRAMES, "yellow", "every page may frame it", "let the proxy in between keep the page's policy"
        )
    return finding(FRAMES, "green", f"frame-ancestors {' '.join(policy)}")


def _frame_ancestors(policy: str) -> list[str] | None:
    """Return the places a Content-Security-Policy lets frame the page; None where it does not say."""
    for directive in policy.split(";"):
        name, *places = directive.split() or [""]
        if name.lower() == "frame-ancestors":
            return places
    return None
