"""An answer as its events tell it, and how it reads in a terminal.

Pure: events in, text out. Sources are numbered in the order in which they are first cited.
"""

from dataclasses import dataclass, field
from typing import assert_never

from shared.contracts.retriever import (
    Citation,
    CitationSource,
    CitationStart,
    ContentDelta,
    FinishReason,
    GroundedAnswer,
    MessageEnd,
    MessageStart,
    RunEnd,
    RunEvent,
    RunStart,
    SearchQueries,
    SearchResults,
)

_MAX_QUOTE_CHARS = 400


@dataclass
class Source:
    """One cited passage, and all that was quoted from it."""

    source: CitationSource
    quotes: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it stands: title, headings, address."""
        title = self.source.title or self.source.document_id
        headings = self.source.heading_path
        path = headings[1:] if headings[:1] == [title] else headings
        return f"{' › '.join((title, *path))} — {self.source.url or self.source.document_id}"


@dataclass
class Transcript:
    """The answer so far."""

    answer: str = ""
    sources: list[Source] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    _start: RunStart = field(default_factory=lambda: RunStart(model="", index_version=""))
    _queries: SearchQueries = field(default_factory=lambda: SearchQueries(queries=[]))
    _results: SearchResults = field(default_factory=lambda: SearchResults(passages=[]))
    _message_end: MessageEnd = field(default_factory=lambda: MessageEnd(finish_reason="error"))
    end: RunEnd = field(default_factory=lambda: RunEnd(status="incomplete"))

    def take(self, event: RunEvent) -> str:
        """Take ``event`` in and return what it adds to a terminal."""
        match event:
            case ContentDelta():
                self.answer += event.delta.text
                return event.delta.text
            case CitationStart():
                self.citations.append(event.citation)
                return self._mark(event.citation)
            case RunStart():
                self._start = event
            case SearchQueries():
                self._queries = event
            case SearchResults():
                self._results = event
            case MessageEnd():
                self._message_end = event
            case RunEnd():
                self.end = event
            case MessageStart():
                pass
            case _:
                assert_never(event)
        return ""

    @property
    def finish_reason(self) -> FinishReason:
        """Why the message ended."""
        return self._message_end.finish_reason

    def marked(self) -> str:
        """Return the answer with each mark where its cited span ends."""
        text = self.answer
        for citation in reversed(sorted(self.citations, key=lambda c: c.end)):
            text = text[: citation.end] + self._mark(citation) + text[citation.end :]
        return text

    def bibliography(self) -> str:
        """Return the sources, numbered, each with where it stands and what was quoted."""
        entries = (
            "\n".join((f"[{number}] {source.place}", *(f"    “{_shortened(q)}”" for q in source.quotes)))
            for number, source in enumerate(self.sources, start=1)
        )
        return "\n".join(entries)

    def whole(self) -> GroundedAnswer:
        """Return the answer as the API gives it without streaming."""
        return GroundedAnswer(
            answer=self.answer,
            citations=self.citations,
            passages=self._results.passages,
            queries=self._queries.queries,
            model=self._start.model,
            index_version=self._start.index_version,
            finish_reason=self._message_end.finish_reason,
            usage=self._message_end.usage,
            degraded=self.end.degraded,
            cached=self.end.cached,
        )

    def _mark(self, citation: Citation) -> str:
        numbers = sorted({self._number(source) for source in citation.sources})
        return "".join(f" [{number}]" for number in numbers)

    def _number(self, cited: CitationSource) -> int:
        key = (cited.document_id, cited.passage_id)
        known = self._numbers.setdefault(key, len(self.sources) + 1)
        if known > len(self.sources):
            self.sources.append(Source(cited))
        quotes = self.sources[known - 1].quotes
        if cited.quote not in quotes:
            quotes.append(cited.quote)
        return known


def _shortened(quote: str) -> str:
    text = " ".join(quote.split())
    return text if len(text) <= _MAX_QUOTE_CHARS else text[:_MAX_QUOTE_CHARS].rstrip() + "…"
