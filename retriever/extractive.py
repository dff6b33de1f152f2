"""An answer without a language model: the best sentences of the passages, word for word.

Owns which sentences are said, in what order, and when nothing is said because nothing fits. Every sentence
is a slice of its passage. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from retriever.language import cues
from retriever.language.questions import Question
from retriever.language.sentences import Sentence, sentences
from retriever.language.tokens import term_set
from retriever.ranking import Ranked
from retriever.relevance import Weights, about, headings, words

MAX_SENTENCES = 3
MAX_ANSWER_CHARS = 1200
# What counts for a sentence. From a regression of which sentences held the gold answer (see bench/README.md);
# headings and definitions, of which those sets have few, weigh more than it says.
COVERED = 0.75
COVERED_OF_MANY = 0.45
COVERED_TWICE = 0.3
"""How much of the question a sentence covers tells more of a long one, and the more the more it is."""
HEADING_CREDIT = 0.2
TITLED_CREDIT = 0.9
TITLED_BONUS = 0.25
"""A section whose heading is the question says it for its sentences."""
PREVIOUS_CREDIT = 0.3
AROUND_CREDIT = 0.2
"""What its neighbours cover besides: an answer goes on where the question's words stand."""
PASSAGE_CREDIT = 0.45
PASSAGE_COVERED = 0.25
PASSAGE_TOGETHER = 0.25
TOGETHER_CREDIT = 0.05
LENGTH_CREDIT = 0.05
LONG = 40
"""Terms; a sentence says more the longer it is, up to here."""
CONTEXT_CREDIT = 0.25

FURTHER_SENTENCE = 0.5
"""A further sentence must score this part of the best one's score."""
SAME_SENTENCE = 0.75
MIN_SENTENCE = 0.3
LOOKED_AT = 40
"""Of so many sentences, the best by their words, more is looked at than those."""


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


def choose(question: Question, passages: Sequence[Ranked], rarity: Mapping[str, float]) -> list[Quote]:
    """Return the sentences that answer, in the order to say them; none where nothing fits."""
    weights = Weights(question.asked, rarity)
    if not about(passages, weights):
        return []
    best = max(passage.score for passage in passages)
    context = Weights(question.context, rarity)
    candidates = [
        candidate
        for passage in passages
        for candidate in _candidates(question, passage, weights, context, passage.score / best)
    ]
    candidates.sort(key=lambda candidate: -candidate.score)
    looked_at = [_with_cues(candidate, question) for candidate in candidates[:LOOKED_AT]]
    looked_at.sort(key=lambda candidate: -candidate.score)
    if not looked_at or looked_at[0].score < MIN_SENTENCE:
        return []
    return _in_order(_selected(looked_at))


def _with_cues(candidate: Candidate, question: Question) -> Candidate:
    text = candidate.quote.sentence.text
    signs = cues.definition(text, question) + cues.kind(text, question) + cues.form(text)
    return replace(candidate, score=candidate.score + signs)


def _candidates(
    question: Question, passage: Ranked, weights: Weights, context: Weights, standing: float
) -> Iterator[Candidate]:
    found = sentences(passage.text, code=passage.code)
    held = [words(sentence.text) for sentence in found]
    above = headings(passage)
    credit, shared = _shared(question, passage, weights, standing)
    steep = COVERED + COVERED_OF_MANY * weights.many
    for place, sentence in enumerate(found):
        own = held[place]
        covered = weights.part(own)
        before = held[place - 1] if place else own
        after = held[place + 1] if place + 1 < len(found) else own
        score = shared + covered * (steep + COVERED_TWICE * covered)
        score += credit * (weights.part(own, above) - covered)
        score += PREVIOUS_CREDIT * (weights.part(own, before) - covered)
        score += AROUND_CREDIT * (weights.part(own, before, after) - covered)
        score += TOGETHER_CREDIT * weights.together(own) + CONTEXT_CREDIT * context.part(own, above)
        score += LENGTH_CREDIT * min(len(own.places), LONG) / LONG
        yield Candidate(Quote(sentence, passage), frozenset(own.places), score, found, place)


def _shared(question: Question, passage: Ranked, weights: Weights, standing: float) -> tuple[float, float]:
    """What the headings count for the sentences of a passage, and what those have in common."""
    whole = words(passage.text)
    shared = PASSAGE_CREDIT * standing + PASSAGE_TOGETHER * weights.together(whole)
    shared += PASSAGE_COVERED * weights.part(whole, headings(passage))
    if _is_titled(question, passage):
        return TITLED_CREDIT, shared + TITLED_BONUS
    return HEADING_CREDIT, shared


def _is_titled(question: Question, passage: Ranked) -> bool:
    heading = term_set(passage.heading_path[-1] if passage.heading_path else passage.title)
    return bool(heading) and heading == frozenset(t for t, asked in question.asked.items() if asked == 1.0)


def _selected(candidates: Sequence[Candidate]) -> list[Quote]:
    chosen: list[Quote] = []
    said: list[frozenset[str]] = []
    floor = candidates[0].score * FURTHER_SENTENCE
    for candidate in candidates:
        if candidate.score < floor or len(chosen) == MAX_SENTENCES:
            break
        if candidate.quote in chosen or any(_same(candidate.words, other) for other in said):
            continue
        quotes = [quote for quote in _whole(candidate, alone=not chosen) if quote not in chosen]
        if len(chosen) + len(quotes) > MAX_SENTENCES:
            quotes = [candidate.quote]
        if chosen and _length(chosen) + _length(quotes) > MAX_ANSWER_CHARS:
            continue
        chosen += quotes
        said += [frozenset(words(quote.sentence.text).places) for quote in quotes]
    return chosen


def _length(quotes: Sequence[Quote]) -> int:
    return sum(len(quote.sentence.text) for quote in quotes)


def _whole(candidate: Candidate, *, alone: bool) -> list[Quote]:
    """The sentence; when it is the first, with what it needs: the one it leans on, or its short list."""
    sentence, around, place = candidate.quote.sentence, candidate.around, candidate.place
    first, last = place, place + 1
    if alone and _leans_on(around, place):
        first = place - 1
    if alone and sentence.item:
        listed = [at for at, other in enumerate(around) if other.paragraph == sentence.paragraph]
        if len(listed) <= MAX_SENTENCES:
            first, last = listed[0], listed[-1] + 1
    elif alone and sentence.text.endswith(":"):
        last = _list_end(around, place + 1)
    return [Quote(other, candidate.quote.passage) for other in around[first:last]]


def _leans_on(around: Sequence[Sentence], place: int) -> bool:
    """Whether the sentence at ``place`` is not understood without the one before, of its paragraph."""
    if not place or around[place - 1].paragraph != around[place].paragraph:
        return False
    return cues.leans_back(around[place].text)


def _list_end(around: Sequence[Sentence], start: int) -> int:
    """Where the items from ``start`` on end, as many as may be said with their lead."""
    end = start
    while end < len(around) and end - start < MAX_SENTENCES - 1 and around[end].item:
        end += 1
    return end


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
