"""From the hits of several signals to the passages a question gets.

Owns how scores are fused, which neighbours are read as one and what counts as the same text twice. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise

from retriever.documents.links import deep_link
from retriever.documents.records import Record
from retriever.ports import Hit, Payload
from shared.contracts.retriever import CitationSource

TITLE_WEIGHT = 0.4
"""Documentation with headings gains most from .3 to .5 (nDCG@10 .75 to .80); elsewhere it is under .01."""
DENSE_WEIGHT = 1.2
MAX_JOINED_CHARS = 2400
SAME_TEXT = 0.9
"""Two passages that share this part of their distinct words are the same text twice."""
LONG_WORD = 20
"""Where words are longer than this on average, they are not parted by spaces."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Parts:
    """What each signal found a chunk to be worth; None where it was not among that signal's best."""

    text: float | None = None
    title: float | None = None
    dense: float | None = None
    """The cosine to the question."""
    rerank: float | None = None
    """A model's own score, from 0 to 1; where there is one, it is the score."""

    @property
    def words(self) -> float:
        """What its words are worth, in the engine's BM25."""
        return (self.text or 0.0) + TITLE_WEIGHT * (self.title or 0.0)


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk that was found: where it lies, and what it is worth."""

    id: str
    document_id: str
    revision: int
    ordinal: int
    section: int
    start: int
    end: int
    score: float
    parts: Parts


@dataclass(slots=True)
class _Group:
    """Neighbours, from the ``first`` ordinal to the ``last``, and where they begin and end."""

    first: int
    last: int
    start: int
    end: int
    chunks: list[Scored] = field(default_factory=list)

    def adjoins(self, chunk: Scored) -> bool:
        """Whether ``chunk`` follows or comes before, and all are short enough together."""
        near = chunk.ordinal in (self.first - 1, self.last + 1)
        return near and max(chunk.end, self.end) - min(chunk.start, self.start) <= MAX_JOINED_CHARS

    def add(self, chunk: Scored) -> None:
        self.chunks.append(chunk)
        self.first, self.last = min(self.first, chunk.ordinal), max(self.last, chunk.ordinal)
        self.start, self.end = min(self.start, chunk.start), max(self.end, chunk.end)


PLACE_KEYS = ("document_id", "revision", "ordinal", "section", "start", "end")
"""What of a chunk's payload says where it lies."""


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
    parts: Parts = Parts()
    """As of its best chunk, like ``score``."""


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


def fuse(text: Sequence[Hit], title: Sequence[Hit], dense: Sequence[Hit] = ()) -> list[Scored]:
    """Return every hit once, best first.

    Words count by their text's score and a part of their headings' score. Where vectors were compared, the
    cosine is added to what the words are worth of the best words; what the vectors did not find counts as
    their last find.
    """
    ways = [{hit.id: hit.score for hit in hits} for hits in (text, title, dense)]
    places = {hit.id: hit.payload for hit in (*dense, *title, *text)}
    parts = {id: Parts(*[way.get(id) for way in ways]) for id in places}
    scores = _scores(parts)
    found = [
        Scored(
            id,
            place["document_id"],
            place["revision"],
            place["ordinal"],
            place["section"],
            place["start"],
            place["end"],
            scores[id],
            parts[id],
        )
        for id, place in places.items()
    ]
    # Ids hold the revision: of equals the same one must be first however often a document was taken in.
    found.sort(key=lambda chunk: (-chunk.score, chunk.document_id, chunk.ordinal, chunk.id))
    return found


def _scores(parts: Mapping[str, Parts]) -> dict[str, float]:
    cosines = [part.dense for part in parts.values() if part.dense is not None]
    if not cosines:
        return {id: part.words for id, part in parts.items()}
    most, least = max(part.words for part in parts.values()) or 1.0, min(cosines)
    return {
        id: part.words / most + DENSE_WEIGHT * (least if part.dense is None else part.dense)
        for id, part in parts.items()
    }


def grouped(scored: Sequence[Scored]) -> list[list[Scored]]:
    """Return neighbours of one section together, where they are not too long to be read as one.

    Groups stand in the order of their best, which is each one's first.
    """
    groups: list[_Group] = []
    of_section: dict[tuple[str, int, int], list[_Group]] = {}
    for chunk in scored:
        near = of_section.setdefault((chunk.document_id, chunk.revision, chunk.section), [])
        group = next((group for group in near if group.adjoins(chunk)), None)
        if group is None:
            group = _Group(chunk.ordinal, chunk.ordinal, chunk.start, chunk.end)
            near.append(group)
            groups.append(group)
        group.add(chunk)
    return [group.chunks for group in groups]


def read(
    groups: Sequence[Sequence[Scored]], payloads: Mapping[str, Payload], records: Mapping[str, Record]
) -> tuple[list[Ranked], bool]:
    """Return those of standing revisions with their words, and their document's title and address.

    The second is whether a document was replaced between the search and the reading, so that the search may
    have seen only a part of what stands now.
    """
    kept: list[Ranked] = []
    moved = False
    for group in groups:
        record = records.get(group[0].document_id)
        if record is None:
            continue
        moved = moved or group[0].revision < record.revision
        if record.revision == group[0].revision and all(chunk.id in payloads for chunk in group):
            parts = (_ranked(chunk, payloads[chunk.id]) for chunk in group)
            kept.append(replace(reduce(_joined, parts), title=record.title, url=record.url))
    return kept, moved


def distinct(ranked: Sequence[Ranked], *, limit: int) -> list[Ranked]:
    """Return the best ``limit``, the same text only once."""
    kept: list[Ranked] = []
    seen: list[frozenset[str]] = []
    for passage in ranked:
        if len(kept) == limit:
            break
        words = _words(passage.text)
        if not any(_same(words, other) for other in seen):
            kept.append(passage)
            seen.append(words)
    return kept


def _ranked(chunk: Scored, payload: Payload) -> Ranked:
    return Ranked(
        id=chunk.id,
        document_id=chunk.document_id,
        revision=chunk.revision,
        ordinals=(chunk.ordinal, chunk.ordinal),
        section=chunk.section,
        heading_path=tuple(payload["heading_path"]),
        anchor=payload["anchor"],
        start=chunk.start,
        end=chunk.end,
        text=payload["text"],
        code=tuple((start, end) for start, end in payload["code"]),
        score=chunk.score,
        parts=chunk.parts,
    )


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


def _words(text: str) -> frozenset[str]:
    """What two texts are compared by: words as written; of a script without spaces, pairs of characters."""
    folded = text.casefold()
    words = folded.split()
    if len(words) * LONG_WORD >= len(folded):
        return frozenset(words)
    return frozenset(map("".join, pairwise(folded)))


def _same(words: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(words & other)
    return shared >= SAME_TEXT * max(len(words), len(other), 1)
