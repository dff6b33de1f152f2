"""Promises held against figures."""

import pytest

from bench.claims import CADDY, CARREL, HTTPX, NGINX, WEBSOCKETS, Claim, claims
from bench.figures import Results, Sample


def measured(**candidates: dict[str, float]) -> Results:
    """Return results with one sample in each cell there is, the same in all of them."""
    found = Results()
    for cell in (
        "GET c=1",
        "GET c=32",
        "GET c=256",
        "POST 4 KB c=32",
        "POST 4 KB c=256",
        "WS 50 x 100 B",
        "WS 20 x 4 KB",
        "WS idle x 2000",
        "SSE 200 x 50/s",
        "slow headers x 500",
        "slow body x 500",
        "slow readers x 500",
    ):
        for name, figures in candidates.items():
            found.add(cell, name, Sample(figures))
    return found


GOOD = {"cpu_us": 20.0, "rate": 30_000.0, "p50_us": 100.0, "p99_us": 900.0, "kb": 8.0, "merged": 0.0}
OTHERS: dict[str, dict[str, float]] = {
    NGINX: {"cpu_us": 16.0, "p50_us": 60.0},
    CADDY: {"rate": 15_000.0},
    HTTPX: {"cpu_us": 1500.0},
    WEBSOCKETS: {"cpu_us": 60.0},
}


def test_all_promises_are_there_and_met_when_the_figures_are_good() -> None:
    """Points 1 to 5 each have their lines, and good figures meet them all."""
    found = claims(measured(**{CARREL: GOOD, **OTHERS}))

    assert {claim.point for claim in found} == {"1", "2", "3", "4", "5"}
    assert len(found) == 20
    assert all(claim.met for claim in found)


def test_no_promise_is_met_when_the_figures_are_bad() -> None:
    """Bad figures meet nothing but the promise of no errors, which they say nothing against."""
    bad = {"cpu_us": 900.0, "rate": 900.0, "p50_us": 900.0, "p99_us": 90_000.0, "kb": 90.0, "merged": 1.0}

    met = [claim.what for claim in claims(measured(**{CARREL: bad, **OTHERS})) if claim.met]

    assert met == ["GET c=256: errors", "POST 4 KB c=256: errors", "WS idle x 2000: dropped"]


def test_what_was_not_measured_makes_no_promise() -> None:
    """A run of one workload has the lines of that workload only."""
    assert claims(Results()) == []


def test_what_came_to_nothing_is_not_met() -> None:
    """A cell whose samples were all discarded is a promise that is not kept, not one left out."""
    found = Results()
    for cell in ("GET c=1", "GET c=32", "GET c=256", "WS idle x 2000", "SSE 200 x 50/s", "slow body x 500"):
        found.add(cell, CARREL, Sample(GOOD, errors=1))

    made = claims(found)

    assert len(made) == 10
    assert not any(claim.met for claim in made)
    assert {claim.figure for claim in made} == {None, 1.0}


def test_a_crowd_that_was_not_measured_is_not_free_of_errors() -> None:
    """No figure at 256 connections is no proof."""
    found = Results()
    found.add("GET c=32", CARREL, Sample(GOOD))

    assert [claim.met for claim in claims(found) if claim.what == "GET c=256: errors"] == [False]


@pytest.mark.parametrize(
    ("sense", "below", "at", "above"),
    [
        ("at least", False, True, True),
        ("at most", True, True, False),
        ("under", True, False, False),
    ],
)
def test_a_bound_is_what_it_says(sense: str, below: bool, at: bool, above: bool) -> None:
    """``at least`` and ``at most`` take the bound itself, ``under`` does not."""
    verdicts = [Claim("1", "", figure, 2, sense).met for figure in (1.0, 2.0, 3.0)]  # type: ignore[arg-type]  # a parametrized value is no literal

    assert verdicts == [below, at, above]
