"""BM25 as sparse vectors: the term frequencies here, the rarity of terms in the engine.

Owns the weights. A stored vector holds the saturated frequency of each term, a query's holds how much a
term is asked for; the engine multiplies them by its own IDF (the modifier of the vector). Pure.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from retriever.language.tokens import TOKENS_VERSION, terms

SPARSE_VERSION = f"{TOKENS_VERSION}.1"
K1 = 1.2
B = 0.75
AVERAGE_TEXT_TERMS = 85.0
AVERAGE_TITLE_TERMS = 8.0


@dataclass(frozen=True)
class SparseVector:
    """Distinct indices, each with its value."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@lru_cache(maxsize=200_000)
def term_id(term: str) -> int:
    """Return the 32-bit index that stands for ``term`` in every vector."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "little")


def term_weights(text: str, *, average: float) -> dict[str, float]:
    """Return the BM25 weight, without IDF, of each term of a text."""
    counts = Counter(terms(text))
    norm = K1 * (1 - B + B * counts.total() / average)
    return {term: count * (K1 + 1) / (count + norm) for term, count in counts.items()}


def text_vector(text: str) -> SparseVector:
    """Return the stored vector of a chunk's text."""
    return vector(term_weights(text, average=AVERAGE_TEXT_TERMS))


def title_vector(title: str, heading_path: Iterable[str]) -> SparseVector:
    """Return the stored vector of a chunk's title and headings, each heading told once."""
    lines = dict.fromkeys([title, *heading_path])
    return vector(term_weights("\n".join(lines), average=AVERAGE_TITLE_TERMS))


def vector(weights: Mapping[str, float]) -> SparseVector:
    """Return ``weights`` by term as a vector; terms that share an index share their weight."""
    merged: dict[int, float] = {}
    for term, weight in weights.items():
        merged[term_id(term)] = merged.get(term_id(term), 0.0) + weight
    return SparseVector(tuple(merged), tuple(merged.values()))


def rarity(score: float, *, term: str, text: str) -> float:
    """Return the IDF by which the engine multiplied, from the score of ``text`` for ``term`` alone."""
    weight = term_weights(text, average=AVERAGE_TEXT_TERMS).get(term, 0.0)
    return score / weight if weight else 0.0
