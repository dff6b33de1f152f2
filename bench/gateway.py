"""What the gateway costs, beside nginx, Caddy and the usual ways in Python: ``python -m bench.gateway``.

Owns the options and the order of the workloads. How it is measured stands in bench/README.md.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from bench import machine
from bench.claims import Claim, claims
from bench.figures import Results
from bench.process import CannotMeasureError
from bench.report import cells_table, claims_table
from bench.workloads import http, slow, sse, ws
from bench.workloads.setting import Setting

WORKLOADS: dict[str, Callable[[Setting], None]] = {
    "http": http.measure,
    "ws": ws.measure,
    "idle": ws.measure_idle,
    "sse": sse.measure,
    "slow": slow.measure,
}


def main() -> None:
    """Measure what is asked for and print it; exit code 1 when nothing can be measured here."""
    options = _options()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _end)
    try:
        machine.require()
        about = machine.describe()
        machine.settle()
        results = _measure(options)
    except CannotMeasureError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    found = claims(results)
    _print(about, results, found)
    if options.json:
        options.json.write_text(json.dumps(_as_json(about, results, found), indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one repetition of 1 s: whether it works")
    parser.add_argument("--only", choices=WORKLOADS, help="one workload")
    parser.add_argument("--reps", type=int, default=0, help="repetitions (3)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the candidates (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there, too")
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> Results:
    results = Results()
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        setting = Setting(
            repetitions=options.reps or (1 if options.quick else 3),
            seconds=1 if options.quick else 3,
            warmup_s=0.3 if options.quick else 1.0,
            seed=options.seed,
            folder=Path(folder),
            results=results,
            whole=not options.quick,
        )
        for name in [options.only] if options.only else WORKLOADS:
            began = time.monotonic()
            WORKLOADS[name](setting)
            print(f"bench: {name} measured in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return results


def _print(about: dict[str, str], results: Results, found: list[Claim]) -> None:
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    print(cells_table(results), end="\n\n")
    for line in results.discarded():
        print(f"discarded: {line}")
    print(f"\n{claims_table(found)}")


def _as_json(about: dict[str, str], results: Results, found: list[Claim]) -> dict[str, object]:
    lines = [
        {
            "point": claim.point,
            "claim": claim.what,
            "figure": claim.figure,
            "bound": f"{claim.sense} {claim.bound:g}",
            "met": claim.met,
        }
        for claim in found
    ]
    return {"machine": about, "claims": lines, "cells": results.as_json()}


def _end(_signum: int, _frame: object) -> NoReturn:
    """End by an exception, so that everything started is ended too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
