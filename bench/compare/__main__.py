"""``python -m bench.compare``: Carrel, Chainlit and Open WebUI over one fake model, one after another.

Cold start, idle memory, time to the first word, streams held at once, and what a page misses whose connection
is cut. Exit code 0: it was measured; 1: it could not be, with the reason in one line. Ends what it started.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.compare.found import Found, steps, table
from bench.compare.installing import installed
from bench.compare.measures import Bench, Plan
from bench.compare.running import Running, listened_on
from bench.compare.systems.carrel import CarrelSystem
from bench.compare.systems.chainlit import ChainlitSystem
from bench.compare.systems.open_webui import OpenWebUiSystem
from bench.compare.visiting import System
from bench.machine import cpu_model
from bench.process import CannotMeasureError, free_port

ROOT = Path(__file__).parents[2]
SYSTEMS: dict[str, Callable[[Path, str], System]] = {
    "carrel": lambda folder, model: CarrelSystem(folder, model=model),
    "chainlit": lambda folder, model: ChainlitSystem(folder, model=model, installed=installed("chainlit")),
    "open-webui": lambda folder, model: OpenWebUiSystem(
        folder, model=model, installed=installed("open-webui")
    ),
}
QUICK = Plan(repetitions=1, questions=20, words=25, steps=(5, 10), cuts=4)


def main() -> int:
    """Measure and print; return the exit code."""
    options = _options()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = QUICK if options.quick else Plan(seed=options.seed)
    print(f"{os.cpu_count()} x {cpu_model()}, load at start {os.getloadavg()[0]:.2f}\n", flush=True)
    found: list[Found] = []
    failed: CannotMeasureError | None = None
    try:
        with tempfile.TemporaryDirectory(prefix="carrel-compare-") as folder:
            for name in options.only:
                _measure(name, Path(folder), plan, found)
    except CannotMeasureError as error:
        failed = error
    _tell(found, options.json)
    if failed is not None:
        print(failed)
    return int(failed is not None)


def _tell(found: Sequence[Found], file: Path | None) -> None:
    if found:
        print(table(found), "", steps(found), sep="\n")
    if file is not None:
        file.write_text(json.dumps([one.as_json() for one in found], indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Carrel beside others, over one fake model.")
    parser.add_argument("--only", type=_names, default=list(SYSTEMS), metavar="NAME,NAME")
    parser.add_argument("--quick", action="store_true", help="shows that it works, not what is measured")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SYSTEMS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(SYSTEMS)}")
    return names


def _measure(name: str, folder: Path, plan: Plan, found: list[Found]) -> None:
    """Measure one system, alone with the model on the machine; add what is found, as far as it comes."""
    own = folder / name
    own.mkdir()
    with _model(folder / f"{name}-model") as model:
        system = SYSTEMS[name](own, model)
        print(f"{system.name} {system.version} ...", file=sys.stderr, flush=True)
        found.append(Found(system.name, system.version))
        asyncio.run(Bench(system, model, plan, found[-1]).measure())


@contextmanager
def _model(folder: Path) -> Iterator[str]:
    """Run the fake model in ``folder``; give its address."""
    folder.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "bench.compare.fake", "--port", str(port)]
    process = Running(command, folder=folder, env={"PYTHONPATH": str(ROOT)})
    try:
        process.begin()
        while not listened_on(port):
            process.check()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.end()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
