"""An answer without a language model: the best sentences of the passages, word for word.

Owns which sentences are said, in what order, and when nothing is said because nothing fits. Every sentence
is a slice of its passage. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retriever.language import cues
from retriever.language.questions import Question
from retriever.language.sentences import Sentence, sentences
from retriever.language.tokens import term_set
from retriever.ranking import Ranked

MAX_SENTENCES = 3
MAX_ANSWER_CHARS = 900
HEADING_CREDIT = 0.45
TITLED_CREDIT = 0.9
TITLED_BONUS = 0.25
"""A section whose heading is the question says it for its sentences."""
PARAGRAPH_CREDIT = 0.2
PASSAGE_CREDIT = 0.5
FURTHER_SENTENCE = 0.7
"""A further sentence must score this part of the best one's score."""
SAME_SENTENCE = 0.6
CONTEXT_CREDIT = 0.25

# When nothing is said. Chosen on 633 questions whose answer is in the documents and 1,020 from elsewhere:
# 94 % and 5 % are answered. On 778 and 1,100 others, not looked at for it: 95 % and 3 %.
MIN_COVERED = 0.4
"""The part of the question's weight that one passage must hold, for a question of three terms or more."""
MIN_COVERED_SHORT = 0.5
"""What is added for a question of fewer, in proportion: of two terms, one is not enough."""
MANY_TERMS = 3.0
MIN_PASSAGE = 0.6
"""The best passage's score must be this part of the question's weight."""
MIN_SENTENCE = 0.3
UNSEEN = 1.2
"""How much rarer than the rarest known term one is that stands in no document."""
MAX_LIST_ITEMS = 6


@dataclass(frozen=True)
class Quote:
    """One sentence to say, and the passage it stands in."""

    sentence: Sentence
    passage: Ranked


@dataclass(frozen=True)
class Candidate:
    """A sentence with what it is worth for a question."""

    quote: Quote
    words: frozenset[str]
    score: float
    around: Sequence[Sentence]
    """All sentences of the passage."""
    place: int
    """Which of them it is."""


class Weights:
    """How much each term counts: its rarity times how much it is asked for."""

    def __init__(self, asked: Mapping[str, float], rarity: Mapping[str, float]) -> None:
        unseen = UNSEEN * max(rarity.values(), default=1.0)
        self._weights = {term: part * rarity.get(term, unseen) for term, part in asked.items()}
        self.total = sum(self._weights.values())

    def part(self, words: frozenset[str]) -> float:
        """Return how much of the whole ``words`` cover, from 0 to 1."""
        if not self.total:
            return 0.0
        return sum(weight for term, weight in self._weights.items() if term in words) / self.total

    @property
    def count(self) -> float:
        """How many terms of equal weight these are worth."""
        squares = sum(weight * weight for weight in self._weights.values())
        return self.total * self.total / squares if squares else 0.0


def choose(question: Question, passages: Sequence[Ranked], rarity: Mapping[str, float]) -> list[Quote]:
    """Return the sentences that answer, in the order to say them; none where nothing fits."""
    weights = Weights(question.asked, rarity)
    if not _fits(passages, weights):
        return []
    best = max(passage.score for passage in passages)
    context = Weights(question.context, rarity)
    candidates = [
        candidate
        for passage in passages
        for candidate in _candidates(question, passage, weights, context, passage.score / best)
    ]
    candidates.sort(key=lambda candidate: -candidate.score)
    if not candidates or candidates[0].score < MIN_SENTENCE:
        return []
    return _in_order(_selected(candidates))


def _fits(passages: Sequence[Ranked], weights: Weights) -> bool:
    short = max(0.0, MANY_TERMS - weights.count) / MANY_TERMS
    covered = max((weights.part(_all_words(passage)) for passage in passages), default=0.0)
    score = max((passage.score for passage in passages), default=0.0)
    return covered >= MIN_COVERED + MIN_COVERED_SHORT * short and score >= MIN_PASSAGE * weights.total > 0


def _all_words(passage: Ranked) -> frozenset[str]:
    return term_set(passage.text) | _heading_words(passage)


def _heading_words(passage: Ranked) -> frozenset[str]:
    return term_set("\n".join([passage.title, *passage.heading_path]))


def _candidates(
    question: Question, passage: Ranked, weights: Weights, context: Weights, standing: float
) -> Iterator[Candidate]:
    found = sentences(passage.text, code=passage.code)
    words = [term_set(sentence.text) for sentence in found]
    headings = _heading_words(passage)
    paragraphs: dict[int, frozenset[str]] = {}
    for sentence, own in zip(found, words, strict=True):
        paragraphs[sentence.paragraph] = paragraphs.get(sentence.paragraph, frozenset()) | own
    titled = _is_titled(question, passage)
    credit, bonus = (TITLED_CREDIT, TITLED_BONUS) if titled else (HEADING_CREDIT, 0.0)
    for place, sentence in enumerate(found):
        covered = weights.part(words[place])
        headed = weights.part(words[place] | headings) - covered
        near = weights.part(words[place] | headings | paragraphs[sentence.paragraph]) - covered - headed
        score = covered + credit * headed + PARAGRAPH_CREDIT * near + PASSAGE_CREDIT * standing + bonus
        score += CONTEXT_CREDIT * context.part(words[place] | headings)
        score += cues.definition(sentence.text, question) + cues.kind(sentence.text, question)
        score += cues.form(sentence.text)
        yield Candidate(Quote(sentence, passage), words[place], score, found, place)


def _is_titled(question: Question, passage: Ranked) -> bool:
    heading = term_set(passage.heading_path[-1] if passage.heading_path else passage.title)
    return bool(heading) and heading == frozenset(t for t, asked in question.asked.items() if asked == 1.0)


def _selected(candidates: Sequence[Candidate]) -> list[Quote]:
    chosen: list[Quote] = []
    said: list[frozenset[str]] = []
    floor = candidates[0].score * FURTHER_SENTENCE
    for candidate in candidates:
        if candidate.score < floor or len(chosen) >= MAX_SENTENCES:
            break
        if candidate.quote in chosen or any(_same(candidate.words, other) for other in said):
            continue
        quotes = [quote for quote in _whole(candidate, alone=not chosen) if quote not in chosen]
        if chosen and _length(chosen) + _length(quotes) > MAX_ANSWER_CHARS:
            continue
        chosen += quotes
        said += [term_set(quote.sentence.text) for quote in quotes]
    return chosen


def _length(quotes: Sequence[Quote]) -> int:
    return sum(len(quote.sentence.text) for quote in quotes)


def _whole(candidate: Candidate, *, alone: bool) -> list[Quote]:
    """The sentence with what it is not understood without: the one it leans back on, or its list.

    Only the first thing said may be a whole list.
    """
    sentence, around, place = candidate.quote.sentence, candidate.around, candidate.place
    first, last = place, place + 1
    if place and around[place - 1].paragraph == sentence.paragraph and cues.leans_back(sentence.text):
        first = place - 1
    if alone and sentence.item:
        listed = [at for at, other in enumerate(around) if other.paragraph == sentence.paragraph]
        if len(listed) <= MAX_LIST_ITEMS:
            first, last = listed[0], listed[-1] + 1
    elif alone and sentence.text.endswith(":"):
        last = _list_end(around, place + 1)
    return [Quote(other, candidate.quote.passage) for other in around[first:last]]


def _list_end(around: Sequence[Sentence], start: int) -> int:
    end = start
    while end < len(around) and around[end].item and around[end].paragraph == around[start].paragraph:
        end += 1
    return end if end - start <= MAX_LIST_ITEMS else start


def _in_order(chosen: Sequence[Quote]) -> list[Quote]:
    """By passage, the best first; within a passage as it reads."""
    order = list(dict.fromkeys(quote.passage.id for quote in chosen))
    return sorted(chosen, key=lambda quote: (order.index(quote.passage.id), quote.sentence.start))


def _same(words: frozenset[str], other: frozenset[str]) -> bool:
    return len(words & other) >= SAME_SENTENCE * max(1, min(len(words), len(other)))


def separator(before: Quote | None, quote: Quote) -> str:
    """Return what stands between two sentences of the answer."""
    mark = "- " if quote.sentence.item else ""
    if before is None:
        return mark
    if before.passage.id != quote.passage.id:
        return f"\n\n{mark}"
    if quote.sentence.item and before.sentence.end < quote.sentence.start:
        return f"\n{mark}"
    return " " if before.sentence.paragraph == quote.sentence.paragraph else "\n\n"
