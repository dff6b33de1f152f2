"""Grounded answers as the run events of the chat protocol.

Owns the order of the events and the offsets of citations; which sentences are said is decided in
``extractive``, what a model writes in ``generated``. A model that fails before its first word is
replaced by the documents' own sentences, and the answer says so.
"""

import logging
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from retriever.admission import Asker
from retriever.cache import AnswerCache, cache_key
from retriever.condensing import Condenser
from retriever.documents.facets import conditions
from retriever.documents.links import page_addresses
from retriever.extractive import Quote, choose, separator
from retriever.generated import reranked, written
from retriever.guard.guarded import GuardedModel
from retriever.language.languages import refusal
from retriever.language.questions import Question, understand
from retriever.outcomes import Outcomes
from retriever.ports import AnyOf, Condition
from retriever.ranking import Ranked, source
from retriever.search import Found, Search, passage
from shared.contracts.retriever import (
    AnswerRequest,
    Citation,
    CitationStart,
    ContentDelta,
    Delta,
    FinishReason,
    GroundedAnswer,
    MessageEnd,
    MessageStart,
    PageContext,
    RunEnd,
    RunEvent,
    RunStart,
    SearchQueries,
    SearchResults,
    Usage,
)
from shared.errors import CarrelError, InvalidRequestError

_log = logging.getLogger(__name__)
MODEL = "extractive"
PASSAGES = 12
LASTING = frozenset({"grounding"})
"""What an answer would lack again: it may be kept all the same."""
DELTA_WORDS = 6
_WORD_GROUP = re.compile(rf"(?:\s*\S+){{1,{DELTA_WORDS}}}\s*|\s+")


@dataclass(frozen=True)
class Grounds:
    """What an answer stands on."""

    question: Question
    """As it is searched for: condensed, where that was needed and could be done."""
    found: Found
    degraded: list[str]
    """What this much was done without."""
    quotes: list[Quote] | None = None
    """The sentences that answer, where no model is to be asked."""


class Answers:
    """Answers ``POST /v1/answer``."""

    def __init__(self, search: Search, model: GuardedModel | None = None) -> None:
        self._search, self._model, self._cache = search, model, AnswerCache()
        self._condenser = Condenser(model)
        self.outcomes = Outcomes()

    async def events(self, request: AnswerRequest, asker: Asker | None = None) -> AsyncIterator[RunEvent]:
        """Yield the events of one answer; ``asker`` is who waits for a turn.

        What can fail fails before the first of them, but for a model that breaks off in the middle.
        """
        try:
            async for event in self._events(request, asker):
                self.outcomes.note([event])
                yield event
        except CarrelError as error:
            self.outcomes.failed(error)
            raise

    async def _events(self, request: AnswerRequest, asker: Asker | None) -> AsyncIterator[RunEvent]:
        async for event in self._told(request, await self._grounds(request, asker)):
            yield event

    def _told(self, request: AnswerRequest, grounds: Grounds) -> AsyncIterator[RunEvent]:
        model = self._models(grounds.found)
        if model is None:
            return self._extracted(grounds, grounds.degraded)
        return self._modelled(model, request, grounds)

    async def whole(self, request: AnswerRequest) -> GroundedAnswer:
        """Return the answer at once; nothing was sent, so one that broke off is given by the documents."""
        try:
            grounds = await self._grounds(request)
        except CarrelError as error:
            self.outcomes.failed(error)
            raise
        try:
            events = [event async for event in self._told(request, grounds)]
        except CarrelError as error:
            _log.warning("not generated: %s", error.detail)
            events = [event async for event in self._extracted(grounds, [*grounds.degraded, "generation"])]
        self.outcomes.note(events)
        return gathered(events)

    async def _grounds(self, request: AnswerRequest, asker: Asker | None = None) -> Grounds:
        messages, lacking = await self._condenser.standalone(_checked(request))
        question = understand(messages, request.context)
        # All that keeps the cores at work is one turn; what a model takes is not.
        async with self._search.admission.turn(asker):
            found, degraded = await self._find(question, request)
            quotes = None if self._models(found) else await self._choose(question, found)
        return Grounds(question, found, [*lacking, *found.degraded, *degraded], quotes)

    def _models(self, found: Found) -> GuardedModel | None:
        """Return the model, where there is one and something for it to read."""
        return self._model if found.passages else None

    async def _modelled(
        self, model: GuardedModel, request: AnswerRequest, grounds: Grounds
    ) -> AsyncIterator[RunEvent]:
        """From the cache, else by the model, else, where it does not begin, from the documents alone."""
        question, found = grounds.question, grounds.found
        key = cache_key(request, model=model.name, index_version=found.index_version)
        if not request.fresh and (kept := self._cache.get(key)):
            for event in kept:
                yield event
            return
        ranked, lacking = await reranked(model, question.text, found.passages)
        lacking = [*grounds.degraded, *lacking]
        speech = written(model, request, ranked)
        try:
            first = await anext(speech)
        except CarrelError as error:
            _log.warning("not generated: %s", error.detail)
            why = [*lacking, "generation", *(["budget"] if model.exhausted else [])]
            async for event in self._extracted(grounds, why):
                yield event
            return
        said: list[RunEvent] = [*_opening(model.name, question, found, ranked), first]
        for event in said:
            yield event
        async for event in speech:
            said.append(event)
            yield event
        end = RunEnd(status="completed", degraded=lacking)
        if LASTING.issuperset(lacking):
            self._cache.put(key, [_free(event) for event in (*said, end)])
        yield end

    async def _find(self, question: Question, request: AnswerRequest) -> tuple[Found, list[str]]:
        """The passages: of the visitor's page where that is asked for, else of all documents."""
        where = conditions(request.filters)
        narrowed = _narrowing(request.context)
        if narrowed:
            found = await self._look(question, (*where, *narrowed))
            if await self._choose(question, found):
                return found, []
        return await self._look(question, where), ["grounding"] if narrowed else []

    async def _look(self, question: Question, where: Sequence[Condition]) -> Found:
        return await self._search.find(question.weights, text=question.meaning, where=where, limit=PASSAGES)

    async def _choose(self, question: Question, found: Found) -> list[Quote]:
        """The sentences of the passages that answer. How rare terms are is asked only where it decides."""
        measured = list(dict.fromkeys([*question.asked, *question.context]))
        rarity = await self._search.rarity(measured, where=found.where)
        return choose(question, found.passages, rarity, even=found.even)

    async def _extracted(self, grounds: Grounds, degraded: list[str]) -> AsyncIterator[RunEvent]:
        """The answer in the documents' own sentences."""
        question, found = grounds.question, grounds.found
        quotes = grounds.quotes
        if quotes is None:
            quotes = await self._choose(question, found)
        for event in _opening(MODEL, question, found, found.passages):
            yield event
        for event in _spoken(quotes) if quotes else _deltas(refusal(question.text)):
            yield event
        yield MessageEnd(finish_reason="complete" if quotes else "refused")
        yield RunEnd(status="completed", degraded=degraded)


def _opening(model: str, question: Question, found: Found, shown: Sequence[Ranked]) -> list[RunEvent]:
    return [
        RunStart(model=model, index_version=found.index_version),
        SearchQueries(queries=[question.text]),
        SearchResults(passages=[passage(ranked) for ranked in shown]),
        MessageStart(),
    ]


def _free(event: RunEvent) -> RunEvent:
    """The event as it is told again: it costs nothing then."""
    match event:
        case MessageEnd():
            return event.model_copy(update={"usage": Usage()})
        case RunEnd():
            return event.model_copy(update={"cached": True})
        case _:
            return event


def gathered(events: Sequence[RunEvent]) -> GroundedAnswer:
    """Return the events of one answer as the answer that they stream."""
    text: list[str] = []
    citations: list[Citation] = []
    fields: dict[str, object] = {}
    finish: FinishReason = "complete"
    for event in events:
        match event:
            case RunStart(model=model, index_version=version):
                fields |= {"model": model, "index_version": version}
            case SearchQueries(queries=queries):
                fields["queries"] = queries
            case SearchResults(passages=passages):
                fields["passages"] = passages
            case ContentDelta(delta=delta):
                text.append(delta.text)
            case CitationStart(citation=citation):
                citations.append(citation)
            case MessageEnd(finish_reason=reason, usage=usage):
                finish = reason
                fields["usage"] = usage
            case RunEnd(degraded=degraded, cached=cached):
                fields |= {"degraded": degraded, "cached": cached}
            case MessageStart():
                pass
    return GroundedAnswer.model_validate(
        {**fields, "answer": "".join(text), "citations": citations, "finish_reason": finish}
    )


def _checked(request: AnswerRequest) -> AnswerRequest:
    last = request.messages[-1]
    if last.role != "user" or not last.content.strip():
        raise InvalidRequestError("The last message must be the user's question", param="messages")
    return request


def _narrowing(context: PageContext | None) -> tuple[Condition, ...]:
    if context is None or context.grounding == "all" or not context.page_url:
        return ()
    return (AnyOf("url", page_addresses(context.page_url)),)


def _spoken(quotes: Sequence[Quote]) -> Iterator[RunEvent]:
    length = 0
    before: Quote | None = None
    for quote in quotes:
        lead = separator(before, quote)
        yield from _deltas(lead + quote.sentence.text)
        start = length + len(lead)
        length = start + len(quote.sentence.text)
        yield CitationStart(citation=_citation(quote, start, length))
        before = quote


def _deltas(text: str) -> Iterator[ContentDelta]:
    for match in _WORD_GROUP.finditer(text):
        yield ContentDelta(delta=Delta(text=match.group()))


def _citation(quote: Quote, start: int, end: int) -> Citation:
    words = quote.sentence.text
    return Citation(start=start, end=end, text=words, sources=[source(quote.passage, quote=words)])
