"""From the hits of several signals to the passages a question gets.

Owns how scores are fused, which neighbours are read as one and what counts as the same text twice. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from retriever.documents.links import deep_link
from retriever.documents.records import Record
from retriever.language.tokens import term_set
from retriever.ports import Hit
from shared.contracts.retriever import CitationSource

TITLE_WEIGHT = 0.4
"""Documentation with headings gains most from .3 to .5 (nDCG@10 .75 to .80); elsewhere it is under .01."""
MAX_JOINED_CHARS = 2400
SAME_TEXT = 0.9
"""Two passages that share this part of their distinct terms are the same text twice."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Ranked:
    """A chunk, or neighbouring chunks read as one, with its score."""

    id: str
    document_id: str
    revision: int
    ordinals: tuple[int, int]
    section: int
    heading_path: tuple[str, ...]
    anchor: str
    start: int
    end: int
    text: str
    code: tuple[Span, ...]
    score: float
    title: str = ""
    url: str = ""


def source(passage: Ranked, *, quote: str) -> CitationSource:
    """Return ``passage`` as the source of what is cited, with the address that opens at ``quote``."""
    return CitationSource(
        document_id=passage.document_id,
        passage_id=passage.id,
        title=passage.title,
        url=deep_link(passage.url, anchor=passage.anchor, text=quote),
        quote=quote,
        heading_path=list(passage.heading_path),
    )


def fuse(text: Sequence[Hit], title: Sequence[Hit]) -> list[Ranked]:
    """Return every hit once, best first: its text's score plus a part of its headings' score."""
    scores: dict[str, float] = {}
    payloads = {hit.id: hit.payload for hit in (*title, *text)}
    for weight, hits in ((1.0, text), (TITLE_WEIGHT, title)):
        for hit in hits:
            scores[hit.id] = scores.get(hit.id, 0.0) + weight * hit.score
    # Ids hold the revision: of equals the same one must be first however often a document was taken in.
    places = {id: (str(payload["document_id"]), payload["ordinal"], id) for id, payload in payloads.items()}
    best = sorted(scores, key=lambda id: (-scores[id], places[id]))
    return [_ranked(id, payloads[id], scores[id]) for id in best]


def current(ranked: Sequence[Ranked], records: Mapping[str, Record]) -> tuple[list[Ranked], bool]:
    """Return those that belong to the standing revision of their document, with its title and address.

    The second is whether a document was replaced between the search and the reading of its record, so
    that the search may have seen only a part of what stands now.
    """
    kept: list[Ranked] = []
    moved = False
    for passage in ranked:
        record = records.get(passage.document_id)
        if record is None:
            continue
        if record.revision == passage.revision:
            kept.append(replace(passage, title=record.title, url=record.url))
        moved = moved or passage.revision < record.revision
    return kept, moved


def passages(ranked: Sequence[Ranked], *, limit: int) -> list[Ranked]:
    """Return the best ``limit``: neighbours of one section joined, the same text only once."""
    kept: list[Ranked] = []
    seen: list[frozenset[str]] = []
    for passage in ranked:
        if any(_adjoin(other, passage) for other in kept):
            place = next(i for i, other in enumerate(kept) if _adjoin(other, passage))
            kept[place] = _joined(kept[place], passage)
            continue
        if len(kept) == limit:
            continue
        words = term_set(passage.text)
        if not any(_same(words, other) for other in seen):
            kept.append(passage)
            seen.append(words)
    return kept


def _ranked(id: str, payload: Mapping[str, object], score: float) -> Ranked:
    values = {
        key: payload[key] for key in ("document_id", "revision", "section", "anchor", "start", "end", "text")
    }
    ordinal, path, code = payload["ordinal"], payload["heading_path"], payload["code"]
    return Ranked(
        **values,  # type: ignore[arg-type]
        id=id,
        ordinals=(ordinal, ordinal),  # type: ignore[arg-type]
        heading_path=tuple(path),  # type: ignore[arg-type]
        code=tuple((start, end) for start, end in code),  # type: ignore[attr-defined]
        score=score,
    )


def _adjoin(one: Ranked, other: Ranked) -> bool:
    if (one.document_id, one.section) != (other.document_id, other.section):
        return False
    near = one.ordinals[1] + 1 == other.ordinals[0] or other.ordinals[1] + 1 == one.ordinals[0]
    return near and max(one.end, other.end) - min(one.start, other.start) <= MAX_JOINED_CHARS


def _joined(one: Ranked, other: Ranked) -> Ranked:
    """Both as one slice of the document; what parts chunks that do not overlap is line ends only."""
    first, second = sorted((one, other), key=lambda passage: passage.start)
    gap = "\n" * (second.start - first.end)
    rest = second.text[max(0, first.end - second.start) :]
    shift = second.start - first.start
    code = {*first.code, *((start + shift, end + shift) for start, end in second.code)}
    return replace(
        one,
        ordinals=(first.ordinals[0], second.ordinals[1]),
        start=first.start,
        end=second.end,
        text=first.text + gap + rest,
        code=tuple(sorted(code)),
    )


def _same(words: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(words & other)
    return shared >= SAME_TEXT * max(len(words), len(other), 1)
