"""What was measured, and what may be concluded from it.

Pure. Owns which samples count: one with errors, or of a process that hardly ran, is discarded and said so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

MIN_UTIL = 0.05
"""Below this share of a core, a process under load was not the one that answered."""


@dataclass(frozen=True)
class Sample:
    """One measurement of one candidate in one cell."""

    figures: Mapping[str, float]
    errors: int = 0
    util: float | None = None
    """The share of its core that the candidate used; ``None`` where that tells nothing."""

    @property
    def flaw(self) -> str:
        """Why this sample does not count; empty when it does."""
        if self.errors:
            return f"{self.errors} errors"
        if self.util is not None and self.util < MIN_UTIL:
            return f"util {self.util:.3f}"
        return ""


@dataclass(frozen=True)
class Spread:
    """A figure over the repetitions."""

    median: float
    low: float
    high: float


class Results:
    """All samples, by cell and candidate."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], list[Sample]] = {}

    def add(self, cell: str, candidate: str, sample: Sample) -> None:
        """Keep ``sample``."""
        self._samples.setdefault((cell, candidate), []).append(sample)

    def spread(self, cell: str, candidate: str, figure: str) -> Spread | None:
        """Return ``figure`` over the samples that count, or nothing when none does."""
        samples = self._samples.get((cell, candidate), ())
        values = [s.figures[figure] for s in samples if not s.flaw and figure in s.figures]
        return Spread(median(values), min(values), max(values)) if values else None

    def worst(self, cell: str, candidate: str, figure: str) -> float:
        """Return the highest ``figure`` of all samples, discarded ones too; 0 when there is none."""
        samples = self._samples.get((cell, candidate), ())
        return max((sample.figures.get(figure, 0.0) for sample in samples), default=0.0)

    def errors(self, cell: str, candidate: str) -> int | None:
        """Return the errors of all samples, discarded ones too; nothing when there is no sample."""
        samples = self._samples.get((cell, candidate))
        return None if samples is None else sum(sample.errors for sample in samples)

    def figures(self, cell: str, candidate: str) -> list[str]:
        """Return the names of the figures there are."""
        samples = self._samples.get((cell, candidate), ())
        return sorted({name for sample in samples for name in sample.figures})

    def cells(self) -> dict[str, list[str]]:
        """Return each cell and its candidates, in the order they were measured first."""
        found: dict[str, list[str]] = {}
        for cell, candidate in self._samples:
            found.setdefault(cell, []).append(candidate)
        return found

    def discarded(self) -> Iterator[str]:
        """Yield one line for each sample that does not count."""
        for (cell, candidate), samples in self._samples.items():
            for number, sample in enumerate(samples, 1):
                if sample.flaw:
                    yield f"{cell}, {candidate}, repetition {number}: {sample.flaw}"

    def as_json(self) -> dict[str, dict[str, list[dict[str, object]]]]:
        """Return everything, for a file."""
        out: dict[str, dict[str, list[dict[str, object]]]] = {}
        for (cell, candidate), samples in self._samples.items():
            out.setdefault(cell, {})[candidate] = [
                {**sample.figures, "errors": sample.errors, "util": sample.util} for sample in samples
            ]
        return out


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` (0 to 1) of ``values`` do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
