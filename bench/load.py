"""How many visitors' questions a second Carrel can take on this machine, and what it does with more.

    python -m bench.load DIR [--first 10] [--seconds 15] [--plot capacity.svg] [--json FILE]

DIR holds Markdown under ``src/``: what is asked about. The whole of Carrel runs (supervisord, PostgreSQL,
the engine, the local model where there is one), embedded, without keys. Visitors come by chance, on average
at a steady rate whatever becomes of those before them (:mod:`bench.clients.visitors`); their rate grows until
it is not kept any more (:mod:`bench.capacity`). Then three times the capacity comes, and half of it after.
Load and Carrel share the machine. Exit code 1: something was lost, ended, or late under overload.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.capacity import (
    FIRST_MS,
    HEAD,
    LATER,
    NORMAL_S,
    OVERLOAD,
    Step,
    back_after,
    capacity,
    next_rate,
    picture,
    row,
    step,
)
from bench.clients.visitors import Habits, Tally, Visitor
from bench.figures import percentile
from bench.growth import Point
from bench.overhead import questions
from bench.process import CannotMeasureError
from tests.support.system import Carrel

SETTLE_S = 15.0
"""How long a rate lasts before it is measured: until as many go on asking as ever will."""
LEAVE_S = 30.0


class Load:
    """Visitors at a rate that can be set, and how busy they keep the machine."""

    def __init__(self, port: int, asked: Iterator[str], *, seed: int) -> None:
        self.tally, self.rate, self.habits = Tally(), 0.0, Habits()
        self.lags_ms: list[float] = []
        self._port, self._questions, self._chance = port, asked, random.Random(seed)
        self._visits: set[asyncio.Task[None]] = set()

    async def come(self) -> None:
        """Let visitors come, until cancelled."""
        due = time.monotonic()
        while True:
            a_visitor_s = self.habits.questions / self.rate if self.rate else 0.1
            due = max(due + self._chance.expovariate(1 / a_visitor_s), time.monotonic() - 1.0)
            await asyncio.sleep(due - time.monotonic())
            if self.rate:
                visitor = Visitor(
                    self._port, self._questions, habits=self.habits, tally=self.tally, chance=self._chance
                )
                task = asyncio.create_task(visitor.visit())
                self._visits.add(task)
                task.add_done_callback(self._visits.discard)

    async def watch(self) -> None:
        """Note how late the load's own event loop is, until cancelled."""
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self.lags_ms.append((time.monotonic() - due) * 1000)

    async def at(self, rate: float, seconds: float, *, settle_s: float = SETTLE_S) -> Step:
        """Hold ``rate`` questions a second; return what came of its last ``seconds``."""
        self.rate = rate
        await asyncio.sleep(settle_s)
        begin, busy = time.monotonic(), _busy_s()
        await asyncio.sleep(seconds)
        end, busy = time.monotonic(), _busy_s() - busy
        # The last questions of the window are answered, or not, before it is judged.
        await asyncio.sleep(FIRST_MS / 1000)
        return step(
            self.tally.asked,
            [at for at, _ in self.tally.refused],
            offered=rate,
            window=(begin, end),
            busy=busy / (end - begin) / (os.cpu_count() or 1),
        )

    def disperse(self) -> None:
        """All hang up, in the middle of whatever they do; others come as before."""
        for visit in self._visits:
            visit.cancel()

    async def leave(self) -> None:
        """Let nobody come any more, and wait until all are gone; who stays for too long is sent away."""
        self.rate = 0.0
        if self._visits:
            await asyncio.wait(self._visits, timeout=LEAVE_S)
        self.disperse()
        await asyncio.gather(*self._visits, return_exceptions=True)


def _busy_s() -> float:
    """Return how many seconds the cores were at work so far, together."""
    user, nice, system, *_ = (int(part) for part in Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


async def measured(load: Load, *, first: float, seconds: float) -> tuple[list[Step], Step, float, float]:
    """Find the capacity, then overload; return the steps, the overload's, and when it began and was over."""
    steps: list[Step] = []
    print(HEAD)
    while (rate := next_rate(steps, first=first)) is not None:
        steps.append(await load.at(rate, seconds))
        if not steps[-1].kept:
            load.disperse()
        print(row(steps[-1]), flush=True)
    most = capacity(steps)
    if most is None:
        raise CannotMeasureError(
            f"not even {min(one.offered for one in steps):.1f} questions a second are kept"
        )
    await load.at(most.offered / 2, 1.0)
    began = time.monotonic()
    overload = await load.at(most.offered * OVERLOAD, seconds * 2)
    load.disperse()
    over = time.monotonic()
    await load.at(most.offered / 2, NORMAL_S * 2, settle_s=0.0)
    return steps, overload, began, over


def over_time(tally: Tally, begin: float, end: float) -> dict[str, list[Point]]:
    """Return, second by second, what was answered and refused, and the times to the first word."""
    lines: dict[str, list[Point]] = {
        name: [] for name in ("asked", "answered", "refused", "p95 ms", "p50 ms")
    }
    for second in range(int(end - begin)):
        since, until = begin + second, begin + second + 1
        firsts = [(one.first - one.at) * 1000 for one in tally.asked if one.first and since <= one.at < until]
        refused = sum(since <= at < until for at, _ in tally.refused)
        counts = {
            "asked": sum(since <= one.at < until for one in tally.asked) + refused,
            "answered": sum(one.outcome == "answered" and since <= one.ended < until for one in tally.asked),
            "refused": refused,
            "p95 ms": percentile(firsts, 0.95),
            "p50 ms": percentile(firsts, 0.5),
        }
        for name, value in counts.items():
            lines[name].append(Point(float(second), float(value)))
    return lines


@contextmanager
def running(documents: Path) -> Iterator[Carrel]:
    """Yield the whole of Carrel with ``documents`` in it; it ends afterwards."""
    with tempfile.TemporaryDirectory(prefix="carrel-load-") as folder:
        # Questions of one address are limited to what one address asks; here all come from one.
        carrel = Carrel(Path(folder), LIMITS="off", LOG_LEVEL="warning")
        try:
            carrel.start(within=90)
            carrel.carrel("ingest", documents)
            yield carrel
        finally:
            carrel.close()


def asked_about(documents: Path, *, seed: int) -> Iterator[str]:
    """Yield questions about the documents' headings, each hardly ever twice."""
    texts = [path.read_text("utf-8") for path in sorted(documents.rglob("*.md"))]
    if not texts:
        raise CannotMeasureError(f"no Markdown in {documents}")
    chance = random.Random(seed)
    some = questions(texts, count=min(2000, sum(text.count("\n#") for text in texts)))
    while True:
        first, second = chance.sample(some, 2)
        yield f"{first} And {second[0].lower()}{second[1:]}"


async def run(carrel: Carrel, options: argparse.Namespace) -> int:
    """Measure, print, draw; return the exit code."""
    load = Load(int(carrel.env["PORT"]), asked_about(options.folder, seed=options.seed), seed=options.seed)
    before = carrel.pids()
    tasks = [asyncio.create_task(load.come()), asyncio.create_task(load.watch())]
    steps, overload, began, over = await measured(load, first=options.first, seconds=options.seconds)
    await load.leave()
    for task in tasks:
        task.cancel()
    tally, most = load.tally, capacity(steps)
    assert most is not None
    back_s = back_after(
        tally.asked, [at for at, _ in tally.refused], over=over, normal_ms=most.first_p95_ms * LATER
    )
    print(row(overload))
    lost = Counter(one.outcome for one in tally.asked if one.lost)
    refused = Counter(code for at, code in tally.refused if began <= at < over)
    print(
        f"\ncapacity: {most.offered:.1f} questions/s, {most.answered:.1f} answers/s, "
        f"first word p95 {most.first_p95_ms:.0f} ms"
    )
    print(f"refused under overload: {dict(refused)}; resumed: {tally.resumed}; gave up: {tally.gave_up}")
    print(
        f"back to normal after {back_s:.1f} s; "
        f"the load's own delay p99 {percentile(load.lags_ms, 0.99):.0f} ms"
    )
    problems = [
        *tally.wrong[:10],
        *[f"{name} was started anew" for name, pid in carrel.pids().items() if before.get(name) != pid],
    ]
    ratio = overload.first_p95_ms / most.first_p95_ms
    print(f"accepted answers' p95 under overload / at capacity: {ratio:.2f} (bound {LATER})")
    problems += ["accepted answers came too late"] * (ratio > LATER)
    problems += ["nothing was refused: that was no overload"] * (not refused)
    problems += [f"acknowledged and not answered: {dict(lost)}"] * bool(lost)
    problems += ["it took too long to be as before"] * (back_s > NORMAL_S)
    print("\n".join(problems) or "shed what was too much, kept the rest in time, lost nothing")
    if options.plot is not None:
        begin = began - 5
        lines = over_time(tally, begin, over + NORMAL_S * 2)
        options.plot.write_text(picture([*steps, overload], lines, marks=[5.0, over - begin]), "utf-8")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in (*steps, overload)], indent=1), "utf-8")
    return 1 if problems else 0


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--first", type=float, default=10.0, help="questions a second to begin with")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each rate is measured")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    gc.disable()  # its pauses here would be told as Carrel's
    try:
        with running(options.folder) as carrel:
            return asyncio.run(run(carrel, options))
    except CannotMeasureError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
