"""What is to be said of settings: their form, names that mean nothing, values that do not suit the place."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from cli.findings import Finding

GROUP = "settings"


def form(service: str, names: Sequence[str], wrong: Sequence[tuple[str, str]]) -> list[Finding]:
    """Return a line for each of ``wrong`` (variable and reason), or one for the service."""
    if not wrong:
        told = f"good: {', '.join(names)}" if names else "all as they are by default"
        return [Finding(GROUP, f"settings of {service}", "green", told)]
    fix = "set {} to what docs/settings.md says, or leave it out"
    return [
        Finding(GROUP, f"{name} ({service})", "red", f"{name} {reason}", fix.format(name))
        for name, reason in wrong
    ]


def misspelt(names: Collection[str], known: Collection[str]) -> list[Finding]:
    """Return a line for each variable of ``names`` that is nearly one of ours."""
    found = []
    for name in sorted(set(names) - set(known)):
        # A short name is near to too many.
        meant = get_close_matches(name, sorted(known), n=1, cutoff=0.86) if len(name) > 7 else []
        if meant:
            fix = f"rename it to {meant[0]}, if that is what is meant"
            found.append(Finding(GROUP, name, "yellow", f"{name} is read by nobody", fix))
    return found


def advice(*, on_space: bool, hops: int, limits: str, embedded: Sequence[str]) -> list[Finding]:
    """Return what is allowed but hardly meant; ``embedded`` are variables that are not set."""
    found = []
    if limits == "off":
        fix = "set LIMITS to on, unless this is a load test"
        found.append(Finding(GROUP, "LIMITS", "yellow", "rates and connections are not limited", fix))
    if on_space and hops == 0:
        told = "behind the platform's proxy all visitors are one address, and share its rates"
        fix = (
            "set TRUSTED_PROXY_HOPS to 1, then see with `carrel verify` that invented addresses are not taken"
        )
        found.append(Finding(GROUP, "TRUSTED_PROXY_HOPS", "yellow", told, fix))
    if on_space and embedded:
        told = f"a Space loses its disk when it restarts, and what is there without {', '.join(embedded)}"
        fix = "set them as secrets of the Space"
        found.append(Finding(GROUP, "what a restart keeps", "yellow", told, fix))
    return found
