"""What is printed: the cells, what was discarded, and each claim as a line.

Pure. Owns the layout only.
"""

from collections.abc import Iterable, Sequence

from bench.claims import NGINX, Claim
from bench.figures import Results, Spread

_COLUMNS = ("cell", "candidate", "CPU us", "nginx / it", "per s", "p50 us", "p99 us", "other", "errors")
_KNOWN = {"cpu_us", "rate", "p50_us", "p99_us"}


def cells_table(results: Results) -> str:
    """Return every cell, one line a candidate: medians, CPU with its lowest and highest."""
    rows = [_row(results, cell, who) for cell, everybody in results.cells().items() for who in everybody]
    return _aligned([_COLUMNS, *rows])


def claims_table(claims: Iterable[Claim]) -> str:
    """Return every claim: the figure, the bound, met or not."""
    rows = [
        (claim.point, claim.what, _figure(claim), f"{claim.sense} {claim.bound:g}", _verdict(claim))
        for claim in claims
    ]
    return _aligned([("point", "claim", "figure", "bound", ""), *rows])


def _row(results: Results, cell: str, who: str) -> tuple[str, ...]:
    cpu = results.spread(cell, who, "cpu_us")
    reference = results.spread(cell, NGINX, "cpu_us")
    return (
        cell,
        who,
        f"{cpu.median:.1f} ({cpu.low:.1f}-{cpu.high:.1f})" if cpu else "",
        f"{reference.median / cpu.median:.2f}" if cpu and reference else "",
        *(_plain(results.spread(cell, who, figure)) for figure in ("rate", "p50_us", "p99_us")),
        ", ".join(_others(results, cell, who)),
        str(results.errors(cell, who)),
    )


def _others(results: Results, cell: str, who: str) -> Iterable[str]:
    for name in results.figures(cell, who):
        if name not in _KNOWN and (spread := results.spread(cell, who, name)) is not None:
            yield f"{name} {spread.median:.4g}"


def _plain(spread: Spread | None) -> str:
    return f"{spread.median:.0f}" if spread else ""


def _figure(claim: Claim) -> str:
    if claim.figure is None:
        return "not usable"
    return f"{claim.figure:.2f} {claim.unit}" if claim.unit else f"{claim.figure:g}"


def _verdict(claim: Claim) -> str:
    return "met" if claim.met else "NOT MET"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
