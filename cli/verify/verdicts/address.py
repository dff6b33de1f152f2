"""Whether an address that a caller invents is taken for his: then rates by address hold nobody."""

import re
from collections.abc import Mapping, Sequence

from cli.findings import Finding
from cli.verify.verdicts.lines import ADDRESS, finding

INVENTED = tuple(f"198.51.100.{last}" for last in range(10, 34))
"""Of a network for documentation (RFC 5737), one for each request."""


def verdict(answers: Sequence[tuple[int, Mapping[str, str]]], *, seconds: float) -> Finding:
    """Return the line, by status and headers of requests within ``seconds``, each with its own address.

    Whoever believes them counts each alone: all have as much left. Whoever does not counts them together.
    """
    if any(status == 429 for status, _ in answers):
        return finding(ADDRESS, "green", "invented addresses are counted as one caller's")
    rates = [rate for _, headers in answers if (rate := _rate(headers)) is not None]
    if len(rates) < len(INVENTED) // 2:
        fix = "without rates nothing can be seen of it: is LIMITS off?"
        return finding(ADDRESS, "yellow", "no rates are told", fix)
    quota, window_s, _ = rates[0]
    # The one that came first has one less than all of it left.
    together = min(left for _, _, left in rates) < quota - 1
    if not together and seconds * quota / window_s > len(INVENTED) / 2:
        fix = "try again from a place that is nearer to it"
        told = f"cannot be seen: the rate {quota}/{window_s}s is filled again too soon"
        return finding(ADDRESS, "yellow", told, fix)
    if not together:
        fix = "lower TRUSTED_PROXY_HOPS to the number of proxies that there are: 0 without one"
        return finding(ADDRESS, "red", "an invented X-Forwarded-For is believed", fix)
    return finding(ADDRESS, "green", "an invented X-Forwarded-For is not believed")


def _rate(headers: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Return quota, window in seconds, and what is left, as the headers tell (draft ratelimit-headers-10)."""
    policy = re.search(r";q=(\d+);w=(\d+)", headers.get("ratelimit-policy", ""))
    left = re.search(r";r=(\d+)", headers.get("ratelimit", ""))
    if policy is None or left is None or int(policy[2]) == 0:
        return None
    return int(policy[1]), int(policy[2]), int(left[1])
