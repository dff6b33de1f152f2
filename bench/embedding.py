"""``python -m bench.embedding [FOLDER ...]``: what the local model costs, over the adapter the retriever has.

Texts are cut from the Markdown files in the folders, or from this repository's. Prints one line a figure.
Questions are asked alone, and while documents are taken in.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from bench.figures import percentile
from retriever.embedding.local import Absent, LocalEmbedder, find
from retriever.settings import RetrieverSettings

ROOT = Path(__file__).parents[1]
CHARACTERS = 1000
PASSAGES, QUESTIONS = 200, 200
PAUSE_S = 0.05


def main() -> None:
    """Print the figures."""
    found = find(RetrieverSettings(internal_token=SecretStr("t" * 16)))
    if isinstance(found, Absent):
        sys.exit(found.reason)
    folders = [Path(argument) for argument in sys.argv[1:]] or [ROOT / "docs"]
    asyncio.run(measure(found, *texts(folders)))


def texts(folders: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Return passages of ``CHARACTERS`` and the beginnings of others, as questions."""
    whole = "".join(path.read_text() for folder in folders for path in sorted(folder.rglob("*.md")))
    cut = [whole[first : first + CHARACTERS] for first in range(0, len(whole) - CHARACTERS, CHARACTERS)]
    return cut[:PASSAGES], [f"{number} {text[:60]}" for number, text in enumerate(cut * QUESTIONS)][
        :QUESTIONS
    ]


async def measure(embedder: LocalEmbedder, passages: list[str], questions: list[str]) -> None:
    """Load the model, then time it."""
    before = _resident_mb()
    print(f"load        {await _timed(embedder.open):.2f} s, {_resident_mb() - before:.0f} MB")
    took = await _timed(lambda: embedder.passages(passages))
    print(f"passages    {len(passages) / took:.1f} a second, of {CHARACTERS} characters")
    _tell("questions   {} ms", [await _timed(partial(embedder.query, q)) for q in questions])
    taking_in = asyncio.ensure_future(embedder.passages(passages))
    meanwhile = []
    for question in questions:
        if taking_in.done():
            break
        meanwhile.append(await _timed(partial(embedder.query, f"meanwhile {question}")))
        await asyncio.sleep(PAUSE_S)
    _tell("meanwhile   {} ms", meanwhile)
    await taking_in
    print(f"memory      {_resident_mb():.0f} MB at most, of the whole process")
    await embedder.close()


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await call()
    return time.perf_counter() - began


def _tell(line: str, seconds: Sequence[float]) -> None:
    p50, p95 = (percentile(seconds, share) * 1000 for share in (0.5, 0.95))
    print(line.format(f"{p50:.1f} / {p95:.1f}") + " (p50 / p95)")


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
