"""What the fake Cohere says: the same for the same words. Talks to nobody."""

import hashlib
import json
import math
import random
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any


def shared_words(query: str, text: str) -> float:
    """Return which part of the words of ``query`` stands in ``text``."""
    asked = _words(query)
    return len(asked & _words(text)) / len(asked) if asked else 0.0


def int8_vector(text: str, size: int) -> list[int]:
    """Return a vector that is near that of a text with the same words: the sum of a random one for each."""
    sums = [0.0] * size
    for word in sorted(_words(text)) or [""]:
        sums = [total + value for total, value in zip(sums, _of_word(word, size), strict=True)]
    largest = max(map(abs, sums))
    return [round(127 * value / largest) for value in sums]


def condensed(conversation: str) -> str:
    """Return the last question with the capitalised words of the turns before, as far as it lacks them."""
    turns = json.loads(conversation)
    question: str = turns[-1]["text"].strip().rstrip("?")
    before = " ".join(turn["text"] for turn in turns[:-1] if turn["role"] == "user")
    names = [
        name for name in re.findall(r"\b[A-Z]\w+(?: \w+)?", before) if name.lower() not in question.lower()
    ]
    return f"{question} ({', '.join(dict.fromkeys(names)) or before[:60]})?"


def first_sentence(text: str) -> str:
    """Return the first sentence of a document, a heading's line not counted."""
    return re.split(r"(?<=\.)\s", text)[0]


def content(type: str, kind: str, text: str) -> dict[str, Any]:
    """Return a ``content-start`` or ``content-delta``; its ``kind`` is text or thinking."""
    inner = {kind: text} | ({"type": kind} if type == "content-start" else {})
    return {"type": type, "index": 0, "delta": {"message": {"content": inner}}}


def citation(text: str, document: dict[str, Any], start: int, index: int = 0) -> dict[str, Any]:
    """Return the citation ``index`` of an answer: of ``text``, said to begin at ``start``."""
    source = {"type": "document", "id": document["id"], "document": {"id": document["id"]}}
    cited = {"start": start, "end": start + len(text), "text": text, "sources": [source]}
    cited["type"] = "TEXT_CONTENT"
    return {"type": "citation-start", "index": index, "delta": {"message": {"citations": cited}}}


def end(reason: str) -> dict[str, Any]:
    """Return a ``message-end``."""
    usage = {"billed_units": {"input_tokens": 11, "output_tokens": 7}}
    return {"type": "message-end", "id": "m", "delta": {"finish_reason": reason, "usage": usage}}


def deltas(text: str) -> Iterator[dict[str, Any]]:
    """Yield ``text``, word by word."""
    for match in re.finditer(r"\S+\s*|\s+", text):
        yield content("content-delta", "text", match.group())


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


@lru_cache(maxsize=20_000)
def _of_word(word: str, size: int) -> tuple[float, ...]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
    drawn = random.Random(seed)
    values = [drawn.gauss() for _ in range(size)]
    length = math.hypot(*values)
    return tuple(value / length for value in values)
