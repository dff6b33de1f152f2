"""Whether a question can be understood without the turns before it, and one that was made so.

Owns the cheap test that saves a call, how a conversation is shown to a model, and whether what came back is
the same question. Pure; asks nobody.
"""

import json
import re
from collections.abc import Sequence

from retriever.language.tokens import terms
from shared.contracts.retriever import Turn

TURNS = 6
TURN_CHARS = 800
MAX_CHARS = 400
ENOUGH_TERMS = 4
KNOWN_PART = 0.5
"""So much of what a model says must be the conversation's own words: it is to word a question, not answer."""
_REFERS = re.compile(
    r"\b(?:it|its|that|this|these|those|they|them|their|theirs|one|ones|there|he|she|him|his|her|hers|same|former|"
    r"latter|above|previous|other|another|else|instead|too|also|again|such|more|both|either|neither|then)\b",
    re.I,
)
_GOES_ON = re.compile(
    r"^\W*(?:and|or|but|so|because|yes|no|ok|okay|what about|how about|why not|why)\b", re.I
)
_ENGLISH = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|should|the|of|to|in)\b",
    re.I,
)


def stands_alone(messages: Sequence[Turn]) -> bool:
    """Return whether the last of ``messages`` surely needs none before it.

    There are none, or it is too long to be said in one line, or it is an English question that points at
    nothing outside and names enough. Of other languages nothing is sure.
    """
    text = messages[-1].content
    if len(messages) == 1 or len(text) > MAX_CHARS:
        return True
    if _REFERS.search(text) or _GOES_ON.search(text):
        return False
    return bool(_ENGLISH.search(text)) and len(set(terms(text))) >= ENOUGH_TERMS


def shown(messages: Sequence[Turn]) -> str:
    """Return the last turns as JSON, so that nothing in them can be taken for what stands around them."""
    turns = [{"role": turn.role, "text": turn.content[:TURN_CHARS]} for turn in messages[-TURNS - 1 :]]
    return json.dumps(turns, ensure_ascii=False)


def accepted(said: str, messages: Sequence[Turn]) -> str:
    """Return the question that a model made of ``messages``; empty where it is none to search for."""
    lines = [line.strip().strip('"“”').strip() for line in said.splitlines() if line.strip()]
    if len(lines) != 1 or not 0 < len(lines[0]) <= MAX_CHARS:
        return ""
    asked = set(terms(lines[0]))
    known = {term for turn in messages for term in terms(turn.content)}
    return lines[0] if asked and len(asked & known) >= KNOWN_PART * len(asked) else ""
