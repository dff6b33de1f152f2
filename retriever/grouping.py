"""Texts that say alike, put together.

Pure. Two texts are near when the terms they share outweigh half of all they have (weighted Jaccard); a term
weighs the more, the fewer of the texts have it. Who is near to somebody near is of the same group. What is
near may be told in another way, such as by vectors: :data:`Near` is the seam.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import log

from retriever.language.tokens import terms

Pair = tuple[int, int]
Near = Callable[[Sequence[str]], Iterable[Pair]]
"""Tells which of the texts are near, as pairs of positions."""

LEAST_OVERLAP = 0.5
_MAX_TERMS = 32
"""Of a text, those that weigh most: bounds the work for long ones."""


def groups(texts: Sequence[str], *, near: Near | None = None) -> list[list[int]]:
    """Return the groups of ``texts`` as positions, rising; the largest first, else by their beginning."""
    leaders = list(range(len(texts)))

    def leader(position: int) -> int:
        while leaders[position] != position:
            leaders[position] = leaders[leaders[position]]
            position = leaders[position]
        return position

    for one, other in (near or by_terms)(texts):
        first, second = sorted((leader(one), leader(other)))
        leaders[second] = first
    found: dict[int, list[int]] = defaultdict(list)
    for position in range(len(texts)):
        found[leader(position)].append(position)
    return sorted(found.values(), key=lambda group: (-len(group), group[0]))


def by_terms(texts: Sequence[str]) -> Iterator[Pair]:
    """Yield the pairs of texts that are near by their terms."""
    sets = [_terms(text) for text in texts]
    counted = Counter(term for found in sets for term in found)
    weights = {term: log(1 + len(texts) / count) for term, count in counted.items()}
    kept = [sorted(found, key=lambda term: (-weights[term], term))[:_MAX_TERMS] for found in sets]
    totals = [sum(weights[term] for term in found) for found in kept]
    holders: dict[str, list[int]] = defaultdict(list)
    for position, found in enumerate(kept):
        shared: dict[int, float] = defaultdict(float)
        for term in found:
            for other in holders[term]:
                shared[other] += weights[term]
            holders[term].append(position)
        for other, weight in shared.items():
            if weight >= LEAST_OVERLAP * (totals[position] + totals[other] - weight):
                yield other, position


def _terms(text: str) -> frozenset[str]:
    # Without a term, of stop words or signs alone, it is near to nothing but itself.
    return frozenset(terms(text)) or frozenset([f"={' '.join(text.casefold().split())}"])
