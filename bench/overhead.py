"""What the retriever adds to an answer: the questions that are asked, and what may be said of the times.

Pure. An answer that Cohere did not write whole is not counted among them, but said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import percentile

BOUND_MS = 20.0
"""To the first word, at the 95th percentile, with a Cohere that needs no time."""
_HEADING = re.compile(r"^#{1,4}\s+(.+?)\s*$", re.M)
_FORMS = ("What is {}?", "How does {} work?", "Tell me about {}", "When is {} of use?", "Why does {} matter?")


@dataclass(frozen=True)
class Asked:
    """One answer, in milliseconds; ``cpu_ms`` is the retriever's processor time until the first word."""

    first_ms: float
    own_ms: float
    """Until the first word, without what the fake Cohere took to begin its answers."""
    whole_ms: float
    cpu_ms: float
    good: bool
    """Whether Cohere wrote it and nothing was lacking."""


def questions(texts: Sequence[str], *, count: int) -> list[str]:
    """Return ``count`` questions about the headings of ``texts``, each once, far from each other."""
    headings = list(dict.fromkeys(heading for text in texts for heading in _HEADING.findall(text)))
    if count > len(headings) * len(_FORMS):
        raise ValueError(f"{len(headings)} headings are not enough for {count} questions")
    forms = [form.format(heading.replace("`", "")) for form in _FORMS for heading in headings]
    step = next(step for step in range(7, len(forms) + 8) if _coprime(step, len(forms)))
    return [forms[at * step % len(forms)] for at in range(count)]


def figures(asked: Sequence[Asked]) -> dict[str, float]:
    """Return the percentiles of the good answers, and how many were not."""
    good = [answer for answer in asked if answer.good]
    found: dict[str, float] = {"answers": len(good), "failed": len(asked) - len(good)}
    for name in ("own_ms", "first_ms", "whole_ms", "cpu_ms"):
        values = [getattr(answer, name) for answer in good]
        found |= {f"{name} p50": percentile(values, 0.5), f"{name} p95": percentile(values, 0.95)}
    return found


def table(found: Mapping[str, float]) -> str:
    """Return the figures as lines, with the verdict."""
    lines = [f"{name:16} {value:10.1f}" for name, value in found.items()]
    kept = found["answers"] and found["own_ms p95"] <= BOUND_MS
    return "\n".join(
        [*lines, f"own overhead to the first word p95 <= {BOUND_MS:.0f} ms: {'kept' if kept else 'not kept'}"]
    )


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1
