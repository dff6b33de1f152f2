"""How much of a question a text covers, and whether the passages found are about it at all.

Owns the weight of each term of a question and the evidence on which nothing is said rather than something
beside the point. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from retriever.language.tokens import terms
from retriever.language.unspaced import UNSPACED
from retriever.ranking import Ranked

UNSEEN = 1.2
"""How much rarer than the rarest known term one is that stands in no document."""
UNSEEN_PAIR = 0.3
"""The same for two characters of a script without spaces: most pairs are no words."""
BEGINNING = 5
LIKE = 0.6
"""What a word counts that begins as one of the text does, such as "descended" beside "descendants"."""
NEAR = 2
"""So many places apart, two terms stand side by side: a stop word is no term, an article has no place."""

# What speaks for the passages being about the question, and how much: the log-odds of a logistic regression
# over the queries of seven sets and as many pairs of a set and the queries of another (see bench/README.md),
# each set weighing the same, rounded. A further sign, such as a similarity of meaning, is one more line.
COVERED = 8.9
SCORE = 4.3
COUNT = 2.3
APART = 3.2
TOGETHER = 3.7
NEAREST = 30.0
"""Chosen with the cosine that is even. Of 20 pairs of a set and another's queries, words alone refused .77 in
the worst, and up to .09 of a set's own; with it .97 in the worst, and up to .06."""
ENOUGH = 10.1
"""Even odds."""
MANY_TERMS = 8
TENTH = 9
APART_OF_FEW = 0.3
"""What is taken where fewer than ten passages were found, so that nothing tells how the best stands out."""


@dataclass(frozen=True)
class Words:
    """What a text holds: its terms with their places, and how its longer ones begin."""

    places: Mapping[str, Sequence[int]]
    beginnings: frozenset[str]


@lru_cache(maxsize=8192)
def words(text: str) -> Words:
    """Return the words of ``text``; kept for the texts that many questions meet."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(term for term in terms(text)):
        places.setdefault(term, []).append(place)
    return Words(places, frozenset(term[:BEGINNING] for term in places if len(term) >= BEGINNING))


class Weights:
    """How much each term counts: its rarity times how much it is asked for."""

    def __init__(self, asked: Mapping[str, float], rarity: Mapping[str, float]) -> None:
        most = max(rarity.values(), default=1.0)
        self._weights = {term: part * _rarity(term, rarity, most) for term, part in asked.items()}
        self.total = sum(self._weights.values())
        self._known: dict[int, tuple[Words, tuple[float, ...]]] = {}
        """What texts hold of each term, by their identity: most are looked at several times."""

    def part(self, *texts: Words) -> float:
        """Return how much of the whole ``texts`` cover together, from 0 to 1."""
        if not self.total:
            return 0.0
        first, *others = map(self._held, texts)
        return sum(map(max, first, *others) if others else first) / self.total

    def _held(self, text: Words) -> tuple[float, ...]:
        """Return the weight of each term, as far as ``text`` holds it."""
        if (known := self._known.get(id(text))) is None:
            held = tuple(weight * _held(term, text) for term, weight in self._weights.items())
            known = self._known[id(text)] = text, held
        return known[1]

    def together(self, words: Words) -> float:
        """Return how much of the terms asked for side by side stand so in ``words``, from 0 to 1."""
        whole = covered = 0.0
        for one, other in pairwise(self._weights):
            weight = min(self._weights[one], self._weights[other])
            whole += weight
            if _beside(words.places.get(one, ()), words.places.get(other, ())):
                covered += weight
        return covered / whole if whole else 0.0

    @cached_property
    def many(self) -> float:
        """How many terms of equal weight these are worth, as a part of what counts as many."""
        squares = sum(weight * weight for weight in self._weights.values())
        return min(self.total * self.total / squares / MANY_TERMS, 1.0) if squares else 0.0


@dataclass(frozen=True)
class Signs:
    """What tells whether passages are about a question, each from 0 to about 1."""

    covered: float
    """The part of the question's weight that one passage and its headings hold."""
    score: float
    """The best passage's score beside the question's weight: above 1 where it speaks of little else."""
    count: float
    """How many terms there are: the more, the less of them an answer needs to hold."""
    apart: float
    """How far the best score stands out from the tenth, in powers of four."""
    together: float
    """The part of the question's neighbouring terms that are neighbours in one passage."""

    @property
    def evidence(self) -> float:
        """Return the log-odds that the passages are about the question, but for ``ENOUGH``."""
        return (
            COVERED * self.covered
            + SCORE * self.score
            + COUNT * self.count
            + APART * self.apart
            + TOGETHER * self.together
        )


def signs(passages: Sequence[Ranked], weights: Weights) -> Signs:
    """Return what tells whether ``passages``, of which there is one at least, are about a question."""
    scores = sorted((passage.parts.words for passage in passages), reverse=True)
    return Signs(
        covered=max(weights.part(words(passage.text), headings(passage)) for passage in passages),
        score=scores[0] / weights.total,
        count=weights.many,
        apart=_apart(scores),
        together=max(weights.together(words(passage.text)) for passage in passages),
    )


def about(passages: Sequence[Ranked], weights: Weights, *, even: float | None = None) -> bool:
    """Whether ``passages`` are about the question that ``weights`` are of.

    Where cosines are known, and the one that is ``even``, the nearest passage speaks for or against it, too.
    """
    if not passages or not weights.total:
        return False
    evidence = signs(passages, weights).evidence
    nearest = max((p.parts.dense for p in passages if p.parts.dense is not None), default=None)
    if even is not None and nearest is not None:
        evidence += NEAREST * (nearest - even)
    return evidence >= ENOUGH


def headings(passage: Ranked) -> Words:
    """Return the words of the title and headings that ``passage`` stands under."""
    return words("\n".join([passage.title, *passage.heading_path]))


def _apart(scores: Sequence[float]) -> float:
    if len(scores) <= TENTH or scores[TENTH] <= 0:
        return APART_OF_FEW
    return min(math.log(scores[0] / scores[TENTH], 4), 1.0)


def _rarity(term: str, rarity: Mapping[str, float], most: float) -> float:
    if term in rarity:
        return rarity[term]
    if UNSPACED.match(term):
        return UNSEEN_PAIR * most
    # What is written together counts by its parts where nobody writes it so.
    return UNSEEN * most if term.isalnum() else 0.0


def _held(term: str, text: Words) -> float:
    if term in text.places:
        return 1.0
    return LIKE if term[:BEGINNING] in text.beginnings else 0.0


def _beside(ones: Sequence[int], others: Sequence[int]) -> bool:
    return any(abs(one - other) <= NEAR for one in ones for other in others)
