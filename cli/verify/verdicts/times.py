"""Whether answers come soon enough."""

from collections.abc import Sequence

from cli.findings import Finding
from cli.verify.verdicts.lines import finding

SOON_MS = {"page": 1000, "search": 2000, "first word": 5000}
"""By line: up to it is well; three times as much is red."""


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that ``part`` of ``values`` do not exceed (nearest rank).

    Raises
    ------
    ValueError
        If there are none.
    """
    if not values:
        raise ValueError("there is no percentile of nothing")
    ordered = sorted(values)
    return ordered[max(0, -(-int(part * 100) * len(ordered) // 100) - 1)]


def verdict(name: str, times_ms: Sequence[float], *, failed: int = 0) -> Finding:
    """Return the line ``name``: of ``times_ms``, and of ``failed`` requests that were not answered well."""
    if not times_ms:
        return finding(name, "red", "nothing was answered", "see the other red lines")
    p50, p95 = percentile(times_ms, 0.5), percentile(times_ms, 0.95)
    told = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(times_ms)}"
    if failed:
        return finding(name, "red", f"{told}; {failed} more failed", "see the log")
    if p95 <= SOON_MS[name]:
        return finding(name, "green", told)
    fix = "see where it waits (metrics): the way there, the database, Cohere, the processor"
    return finding(name, "red" if p95 > 3 * SOON_MS[name] else "yellow", told, fix)
