"""What all workloads are told: how long, how often, with which seed, where."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Results, Sample
from bench.process import Process


@dataclass(frozen=True)
class Setting:
    """One run of the bench."""

    repetitions: int
    seconds: int
    """How long each sample is measured."""
    warmup_s: float
    seed: int
    folder: Path
    results: Results
    whole: bool
    """Whether everybody is measured, also who only shows the order of magnitude."""


class Meter:
    """The processor time of a process, from one moment to another."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.seconds = 0.0

    def sample(self, figures: dict[str, float], *, count: int, errors: int) -> Sample:
        """Return ``figures`` with the cost of each of ``count``, as one sample."""
        if count:
            figures = {"cpu_us": self.cpu_s * 1e6 / count, **figures}
        return Sample(figures, errors if count else max(errors, 1), self.cpu_s / self.seconds)


@contextmanager
def metered(process: Process) -> Iterator[Meter]:
    """Measure ``process`` meanwhile."""
    meter = Meter()
    cpu_s, began = process.cpu_s(), time.perf_counter()
    yield meter
    meter.cpu_s, meter.seconds = process.cpu_s() - cpu_s, time.perf_counter() - began
