"""Grounded answers as the run events of the chat protocol.

Owns the order of the events and the offsets of citations; which sentences are said is decided in
``extractive``. Calls no model.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence

from retriever.documents.facets import conditions
from retriever.documents.links import deep_link, page_addresses
from retriever.extractive import Quote, choose, separator
from retriever.language.questions import Question, understand
from retriever.ports import AnyOf, Condition
from retriever.ranking import Ranked
from retriever.search import Found, Search, passage
from shared.contracts.retriever import (
    AnswerRequest,
    Citation,
    CitationSource,
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
)
from shared.errors import InvalidRequestError

MODEL = "extractive"
PASSAGES = 12
REFUSAL = "I could not find an answer to this in the documents."
DELTA_WORDS = 6
_WORD_GROUP = re.compile(rf"(?:\s*\S+){{1,{DELTA_WORDS}}}\s*|\s+")


class Answers:
    """Answers ``POST /v1/answer``."""

    def __init__(self, search: Search) -> None:
        self._search = search

    async def events(self, request: AnswerRequest) -> AsyncIterator[RunEvent]:
        """Yield the events of one answer; everything that can fail fails before the first of them."""
        question = understand(_checked(request).messages, request.context)
        found, degraded = await self._find(question, request)
        yield RunStart(model=MODEL, index_version=found.index_version)
        yield SearchQueries(queries=[question.text])
        yield SearchResults(passages=[passage(ranked) for ranked in found.passages])
        yield MessageStart()
        quotes = choose(question, found.passages, found.rarity)
        for event in _spoken(quotes):
            yield event
        yield MessageEnd(finish_reason="complete" if quotes else "refused")
        yield RunEnd(status="completed", degraded=degraded)

    async def whole(self, request: AnswerRequest) -> GroundedAnswer:
        """Return the answer at once."""
        return gathered([event async for event in self.events(request)])

    async def _find(self, question: Question, request: AnswerRequest) -> tuple[Found, list[str]]:
        """The passages: of the visitor's page where that is asked for, else of all documents."""
        where = conditions(request.filters)
        narrowed = _narrowing(request.context)
        if narrowed:
            found = await self._look(question, (*where, *narrowed))
            if choose(question, found.passages, found.rarity):
                return found, []
        return await self._look(question, where), ["grounding"] if narrowed else []

    async def _look(self, question: Question, where: Sequence[Condition]) -> Found:
        measured = list(dict.fromkeys([*question.asked, *question.context]))
        return await self._search.find(question.weights, where=where, limit=PASSAGES, measured=measured)


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
    if not quotes:
        yield from _deltas(REFUSAL)
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
    source = quote.passage
    return Citation(
        start=start, end=end, text=quote.sentence.text, sources=[_source(source, quote.sentence.text)]
    )


def _source(source: Ranked, words: str) -> CitationSource:
    return CitationSource(
        document_id=source.document_id,
        passage_id=source.id,
        title=source.title,
        url=deep_link(source.url, anchor=source.anchor, text=words),
        quote=words,
        heading_path=list(source.heading_path),
    )
