"""``make soak``: minutes of questions under random faults, and whether anything is lost, doubled or grows.

    python -m bench.soak --minutes 30 [--every 20] [--seed 1] [--plot soak.svg]

The system is real (supervisord, PostgreSQL, Redis, the engine), Cohere is the tests' fake, a proxy stands on
every way between. Exit code 1: the ledger differs from what is stored, or memory or file handles of a process
grew after its warm-up (``bench.growth`` says how that is judged).
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.growth import Point, grown, report
from bench.plot import Panel, svg
from bench.process import pss_kb, tree
from tests.support.experiment import Experiment, Row, experiment
from tests.support.faults import FAULTS, lasting
from tests.support.postgres import PostgresServer
from tests.support.wired import Wired, wired

SAMPLE_S = 3.0
LASTS_S = (1.0, 8.0)
"""How long a fault lasts, at least and at most."""
RECOVERY_S = 120.0
MEMORY_SLACK_MB = 8.0
FILES_SLACK = 10.0
# A run's frames are kept for a while after its end: of ten minutes a short soak would show only the growth.
VARIABLES = {"RESUME_WINDOW_S": "30"}
SERVICES = ("gateway", "retriever", "chat_ws", "watchdog")
Lives = dict[str, list[list[Point]]]


@dataclass
class Soak:
    """What is measured: of each program its lives, one after another; and the faults."""

    memory_mb: Lives = field(default_factory=lambda: defaultdict(list))
    files: Lives = field(default_factory=lambda: defaultdict(list))
    faults: list[tuple[float, str]] = field(default_factory=list)
    slowest_s: float = 0.0
    """The longest time from a fault's end until everybody was answered again."""
    row: Row = field(default_factory=lambda: Row("soak"))
    wrong: str = ""
    """How the ledger differs from what is stored; empty where it does not."""
    began: float = field(default_factory=time.monotonic)
    _pids: dict[str, int] = field(default_factory=dict)

    @property
    def at_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    def sample(self, pids: dict[str, int]) -> None:
        """Note memory and file handles of each process; another id is another life."""
        for name in SERVICES:
            if (pid := pids.get(name)) is None:
                continue
            processes = list(tree(pid))
            try:
                files = sum(len(os.listdir(f"/proc/{one}/fd")) for one in processes)
            except OSError:
                continue  # it ended meanwhile
            if self._pids.get(name) != pid:
                self._pids[name] = pid
                self.memory_mb[name].append([])
                self.files[name].append([])
            memory_mb = sum(pss_kb(one) for one in processes) / 1024
            self.memory_mb[name][-1].append(Point(self.at_s, memory_mb))
            self.files[name][-1].append(Point(self.at_s, float(files)))

    def panels(self) -> list[Panel]:
        """Return what is drawn."""
        marks = [at for at, _ in self.faults]
        return [
            Panel("memory, MB (PSS); grey: a fault", self.memory_mb, marks),
            Panel("file handles", self.files, marks),
        ]

    def growth(self) -> list[str]:
        """Return the programs that grew, and by what."""
        memory = [f"{name}: memory" for name in grown(self.memory_mb, slack=MEMORY_SLACK_MB)]
        return memory + [f"{name}: file handles" for name in grown(self.files, slack=FILES_SLACK)]


async def soak(ways: Wired, *, seconds: float, every_s: float, chance: random.Random) -> Soak:
    """Run it, and return what was found."""
    found, over = Soak(), asyncio.Event()
    try:
        async with experiment(ways.carrel.address, ways.carrel.admin_key, "soak") as here:
            found.row = here.row
            watching = asyncio.ensure_future(_watch(found, ways, over))
            while found.at_s < seconds:
                began = found.at_s
                await _one_fault(found, here, ways, chance)
                left_s = max(every_s - (found.at_s - began), 0.0)
                await asyncio.sleep(min(left_s, max(seconds - found.at_s, 0.0)))
            over.set()
            await watching
    except AssertionError as error:
        found.wrong = str(error)
    return found


async def _one_fault(found: Soak, here: Experiment, ways: Wired, chance: random.Random) -> None:
    name = chance.choice(sorted(FAULTS))
    lasts_s = chance.uniform(*LASTS_S)
    found.faults.append((found.at_s, name))
    print(f"{found.at_s:7.1f} s  {name} for {lasts_s:.1f} s", end="", flush=True)
    block = lasting(FAULTS[name], ways)
    await asyncio.to_thread(block.__enter__)
    await asyncio.sleep(lasts_s)
    await asyncio.to_thread(block.__exit__, None, None, None)
    since = time.monotonic()
    took_s = await here.works(since=since, within=RECOVERY_S) - since
    found.slowest_s = max(found.slowest_s, took_s)
    print(f": all answered {took_s:.1f} s after", flush=True)


async def _watch(found: Soak, ways: Wired, over: asyncio.Event) -> None:
    while not over.is_set():
        with suppress(OSError):  # the supervisor is busy
            found.sample(await asyncio.to_thread(ways.carrel.pids))
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), SAMPLE_S)


def main() -> int:
    """Soak, print, draw; return the exit code."""
    parser = argparse.ArgumentParser(description="Questions under random faults.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=20.0, help="seconds from one fault to the next")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="where memory and file handles are drawn, as SVG")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carrel-soak-") as folder:
        postgres = PostgresServer(Path(folder) / "pg")
        with wired(Path(folder), postgres, **VARIABLES) as ways:
            chance = random.Random(options.seed)
            work = soak(ways, seconds=options.minutes * 60, every_s=options.every, chance=chance)
            found = asyncio.run(work)
            if found.wrong:
                print(f"\nthe last that Carrel said:\n{ways.carrel.log.read_text('utf-8')[-4000:]}")
    if options.plot is not None:
        options.plot.write_text(svg(found.panels()), "utf-8")
    counted = Counter(name for _, name in found.faults)
    print(f"\n{len(found.faults)} faults of {len(counted)} kinds, seed {options.seed}")
    print(f"slowest recovery {found.slowest_s:.1f} s; clients saw: {found.row.seen}")
    print(f"ledger: {found.row.ledger}")
    print("\n".join(report(found.memory_mb, unit="MB", slack=MEMORY_SLACK_MB)))
    print("\n".join(report(found.files, unit="file handles", slack=FILES_SLACK)))
    problems = [found.wrong] * bool(found.wrong) + [f"{what} grew" for what in found.growth()]
    print("\n".join(problems) or "nothing lost, nothing doubled, nothing grows")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
