"""The layout of what is printed."""

from bench.claims import Claim
from bench.figures import Results, Sample
from bench.report import cells_table, claims_table


def test_each_candidate_has_a_line_in_its_cell() -> None:
    """Cost with its range and its ratio to nginx's come first, what is special to a cell near the end."""
    results = Results()
    results.add("GET c=1", "nginx", Sample({"cpu_us": 10.0}, util=0.5))
    results.add("GET c=1", "carrel", Sample({"cpu_us": 20.0, "rate": 1234.5, "kb": 7.25}, util=0.5))
    results.add("GET c=1", "direct", Sample({"p50_us": 19.0}, errors=3))

    head, nginx, carrel, direct = cells_table(results).splitlines()

    assert head.split()[:3] == ["cell", "candidate", "CPU"]
    assert nginx.split() == ["GET", "c=1", "nginx", "10.0", "(10.0-10.0)", "1.00", "0"]
    assert carrel.split() == [
        "GET",
        "c=1",
        "carrel",
        "20.0",
        "(20.0-20.0)",
        "0.50",
        "1234",
        "kb",
        "7.25",
        "0",
    ]
    assert direct.split() == ["GET", "c=1", "direct", "3"]


def test_each_claim_says_figure_bound_and_verdict() -> None:
    """One line a claim; a figure that cannot be used says so."""
    text = claims_table(
        [
            Claim("1", "CPU", 0.4, 0.35, "at least", "x"),
            Claim("1", "errors", 2.0, 0, "at most"),
            Claim("4", "delay", None, 20, "under", "ms"),
        ]
    )

    assert [line.split() for line in text.splitlines()[1:]] == [
        ["1", "CPU", "0.40", "x", "at", "least", "0.35", "met"],
        ["1", "errors", "2", "at", "most", "0", "NOT", "MET"],
        ["4", "delay", "not", "usable", "under", "20", "NOT", "MET"],
    ]
