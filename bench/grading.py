"""What an answer in the documents' own words is worth.

Pure. Owns when an answer holds what was looked for, what is wrong with its citations, and which half of a
set a query belongs to: one half is for choosing by, the other is only looked at to confirm.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from bench.figures import percentile

HALVES = ("choosing", "confirming")
MAX_SENTENCES = 3
_ARTICLES = frozenset(("a", "an", "the"))
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


@dataclass(frozen=True)
class Graded:
    """One answer."""

    refused: bool
    right: bool | None
    """Whether it holds what was looked for; nothing where that is not known."""
    sentences: int
    words: int
    flaws: tuple[str, ...] = ()
    elapsed_ms: float = 0.0


def half(query_id: str) -> str:
    """Return the half that a query belongs to, always the same."""
    return HALVES[hashlib.sha256(query_id.encode()).digest()[0] % 2]


def tokens(text: str) -> list[str]:
    """Return the words of ``text`` without case, punctuation and articles.

    In scripts without spaces each character is a word.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    bare = "".join(letter for letter in text if not unicodedata.category(letter).startswith("P"))
    return [token for token in _TOKEN.findall(bare) if token not in _ARTICLES]


def contained(gold: Sequence[str], answer: str) -> bool:
    """Whether one of ``gold`` stands in ``answer`` as whole words."""
    held = f" {' '.join(tokens(answer))} "
    return any(f" {' '.join(words)} " in held for words in map(tokens, gold) if words)


def words(answer: str) -> int:
    """Return how many words ``answer`` has."""
    return len(_TOKEN.findall(answer))


def flaws(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an answer of ``POST /v1/answer`` that claims to be word for word."""
    text, refused = answer["answer"], answer["finish_reason"] == "refused"
    passages = {passage["id"]: passage["text"] for passage in answer["passages"]}
    if refused == bool(answer["citations"]):
        yield "a refusal that cites, or an answer that does not"
    if len(answer["citations"]) > MAX_SENTENCES:
        yield "too many sentences"
    said = [False] * len(text)
    for citation in answer["citations"]:
        start, end = citation["start"], citation["end"]
        said[start:end] = [True] * (end - start)
        if text[start:end] != citation["text"]:
            yield "an offset"
        for source in citation["sources"]:
            held = passages.get(source["passage_id"], "")
            if citation["text"] not in held or source["quote"] not in held:
                yield "not verbatim"
    if not refused and any(
        letter not in " \n-" for letter, cited in zip(text, said, strict=True) if not cited
    ):
        yield "words that nobody is cited for"


def told(graded: Sequence[Graded]) -> dict[str, str]:
    """Return the figures of the answers to questions that the documents hold the answer to."""
    answered = [one for one in graded if not one.refused]
    known = [one for one in graded if one.right is not None]
    took = [one.elapsed_ms for one in graded]
    return {
        "right": _share(one.right is True for one in known),
        "refused": _share(one.refused for one in graded),
        "sentences": f"{mean([one.sentences for one in answered] or [0]):.2f}",
        "words": f"{mean([one.words for one in answered] or [0]):.0f}",
        "flaws": str(sum(len(one.flaws) for one in graded)),
        "p50": f"{percentile(took, 0.5):.1f} ms",
        "p95": f"{percentile(took, 0.95):.1f} ms",
        "queries": str(len(graded)),
    }


def refused(graded: Sequence[Graded]) -> str:
    """Return the share of ``graded`` that were refused, and of how many."""
    return f"{_share(one.refused for one in graded)} of {len(graded)}"


def _share(held: Iterable[bool]) -> str:
    values = list(held)
    return f"{sum(values) / len(values):.3f}" if values else "-"
