"""BM25 as sparse vectors: the term frequencies here, the rarity of terms in the engine.

Owns the weights. A stored vector holds the saturated frequency of each term, a query's holds how much a
term is asked for; the engine multiplies them by its own IDF (the modifier of the vector). In languages that
inflect more than English, both hold the beginnings of words as well. Pure.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from retriever.language.inflection import FUNCTION_WORDS, beginning, is_english
from retriever.language.tokens import TOKENS_VERSION, terms

SPARSE_VERSION = f"{TOKENS_VERSION}.2"
K1 = 1.2
B = 0.75
AVERAGE_TEXT_TERMS = 85.0
AVERAGE_TITLE_TERMS = 8.0
BEGINNING_WEIGHT = 0.7
"""What a word's beginning counts in a query beside the word; .5 to .8 are alike (docs/decisions/0016)."""


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
    """Return the BM25 weight, without IDF, of each term of a text and of the beginnings it is found by."""
    counts = Counter(terms(text))
    norm = K1 * (1 - B + B * counts.total() / average)
    found = {**counts, **_beginnings(counts, latin=not is_english(text))}
    return {term: count * (K1 + 1) / (count + norm) for term, count in found.items()}


def text_vector(text: str) -> SparseVector:
    """Return the stored vector of a chunk's text."""
    return _vector(term_weights(text, average=AVERAGE_TEXT_TERMS))


def title_vector(title: str, heading_path: Iterable[str]) -> SparseVector:
    """Return the stored vector of a chunk's title and headings, each heading told once."""
    lines = dict.fromkeys([title, *heading_path])
    return _vector(term_weights("\n".join(lines), average=AVERAGE_TITLE_TERMS))


def vector(weights: Mapping[str, float]) -> SparseVector:
    """Return a query's vector: how much each term is asked for."""
    return _vector(_asked(weights))


def _asked(weights: Mapping[str, float]) -> dict[str, float]:
    """The terms and the beginnings of those that are not English; English words need none."""
    begun = _beginnings(weights, latin=not FUNCTION_WORDS.isdisjoint(weights))
    return {**weights, **{term: BEGINNING_WEIGHT * weight for term, weight in begun.items()}}


def _beginnings(weights: Mapping[str, float], *, latin: bool) -> dict[str, float]:
    """The beginnings of the words of other scripts, with their weights, and of Latin letters where asked."""
    found: dict[str, float] = {}
    for term, weight in weights.items():
        if (latin or not term.isascii()) and (start := beginning(term)):
            found[start] = found.get(start, 0.0) + weight
    return found


def _vector(weights: Mapping[str, float]) -> SparseVector:
    """Terms that share an index share their weight."""
    merged: dict[int, float] = {}
    for term, weight in weights.items():
        index = term_id(term)
        merged[index] = merged.get(index, 0.0) + weight
    return SparseVector(tuple(merged), tuple(merged.values()))


def rarity(score: float, *, term: str, text: str) -> float:
    """Return the IDF by which the engine multiplied, from the score of ``text`` for ``term`` alone."""
    stored = term_weights(text, average=AVERAGE_TEXT_TERMS)
    weight = sum(part * stored.get(asked, 0.0) for asked, part in _asked({term: 1.0}).items())
    return score / weight if weight else 0.0
