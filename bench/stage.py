"""Who is on stage: the upstream always, of the candidates one at a time.

Owns the cores and the order. The candidates and nobody else run on one core; load and upstream share the
other. All but the one under test are stopped.
"""

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.process import Launch, Process

LOAD_CORE = 0
CANDIDATE_CORE = 1


class Stage:
    """The candidates of one workload, all started, all paused."""

    def __init__(self, candidates: dict[str, Process], *, seed: int) -> None:
        self._candidates = candidates
        self._random = random.Random(seed)
        for process in candidates.values():
            process.pause()

    def shuffled(self, names: Iterable[str]) -> list[str]:
        """Return ``names`` in an order of chance, the same for the same seed."""
        order = list(names)
        self._random.shuffle(order)
        return order

    @contextmanager
    def alone(self, name: str) -> Iterator[Process]:
        """Let the candidate ``name`` run, nobody else."""
        process = self._candidates[name]
        process.resume()
        try:
            yield process
        finally:
            process.pause()


@contextmanager
def staged(
    candidates: Iterable[Launch], *, upstreams: Iterable[Launch], folder: Path, seed: int
) -> Iterator[Stage]:
    """Start everybody, and end everybody whatever happens."""
    with ExitStack() as stack:
        for launch in upstreams:
            _start(stack, launch, core=LOAD_CORE, folder=folder)
        running = {c.name: _start(stack, c, core=CANDIDATE_CORE, folder=folder) for c in candidates}
        yield Stage(running, seed=seed)


def _start(stack: ExitStack, launch: Launch, *, core: int, folder: Path) -> Process:
    process = Process(launch, core=core, folder=folder)
    stack.callback(process.stop)
    process.wait()
    return process
