"""What is to be said of a Qdrant server and of the collection in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cli.findings import Finding

GROUP = "Qdrant"
SERVER, COLLECTION = "Qdrant server", "Qdrant collection"
OLDEST = (1, 12)
_FAR_MS = 100.0


@dataclass(frozen=True)
class Facts:
    """What a server told."""

    status: int
    """Of HTTP; 0 where there was no answer."""
    version: str = ""
    ms: float = 0.0
    collection: int = 404
    """The status of HTTP that the question for the collection was answered with."""
    size: int | None = None
    """Of the dense vectors in the collection; None where it has none."""
    points: int = 0


def verdicts(facts: Facts, *, wanted: int | None, needs: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what is to be said; ``wanted`` is the size of the embedding model's vectors, None without one."""
    if facts.status in (401, 403):
        fix = "set QDRANT_API_KEY to a key of this very cluster that may write"
        yield Finding(GROUP, SERVER, "red", "QDRANT_API_KEY is refused, or missing", fix, needs)
    elif facts.status == 0:
        fix = "see that QDRANT_URL names a server that runs, with http or https as it speaks"
        yield Finding(GROUP, SERVER, "red", "it does not answer", fix, needs)
    elif facts.status != 200 or not facts.version:
        told = f"what answers (HTTP {facts.status}) is not Qdrant"
        yield Finding(GROUP, SERVER, "red", told, "correct QDRANT_URL: it ends before /collections", needs)
    else:
        yield _server(facts, needs)
        yield _collection(facts, wanted)


def _server(facts: Facts, needs: tuple[str, ...]) -> Finding:
    told = f"Qdrant {facts.version} answers in {facts.ms:.0f} ms"
    if _version(facts.version) < OLDEST:
        return Finding(GROUP, SERVER, "red", told, "upgrade it: 1.12 is the oldest that will do", needs)
    if facts.ms > _FAR_MS:
        fix = "each question waits for it: put it into a region near this machine"
        return Finding(GROUP, SERVER, "yellow", told, fix, needs)
    return Finding(GROUP, SERVER, "green", told, needs=needs)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def _collection(facts: Facts, wanted: int | None) -> Finding:
    name = COLLECTION
    if facts.collection in (401, 403):
        fix = "give QDRANT_API_KEY the right to the collection QDRANT_COLLECTION, for writing"
        return Finding(GROUP, name, "red", "QDRANT_API_KEY may not see it", fix)
    if facts.collection == 404:
        return Finding(GROUP, name, "green", "not there yet: it is made at the first start")
    if facts.collection != 200:
        fix = "look into Qdrant's own log"
        return Finding(GROUP, name, "red", f"asked for it, Qdrant answers HTTP {facts.collection}", fix)
    return suits(f"{facts.points} points, {_vectors(facts.size)}", facts.size, wanted)


def embedded(size: int | None, *, wanted: int | None) -> Finding:
    """Return the line of an embedded index with dense vectors of ``size``; None is without any."""
    return suits(_vectors(size), size, wanted)


def suits(told: str, size: int | None, wanted: int | None) -> Finding:
    """Return the line of a collection of ``size`` beside a model that makes vectors of ``wanted`` numbers."""
    if size == wanted:
        return Finding(GROUP, COLLECTION, "green", f"{told}, as the embedding model makes them")
    fix = "Carrel builds the index anew beside it and switches; or set the model that it was made with"
    return Finding(GROUP, COLLECTION, "yellow", f"{told}; the embedding model makes {_vectors(wanted)}", fix)


def _vectors(size: int | None) -> str:
    return "no vectors of meaning" if size is None else f"vectors of {size} numbers"
