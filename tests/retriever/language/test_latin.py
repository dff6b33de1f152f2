"""The table of languages in Latin letters can be told apart and asks in every kind."""

import re

import pytest

from retriever.language.languages import folded
from retriever.language.latin import LATIN


@pytest.mark.parametrize("code", LATIN)
def test_an_entry_is_whole(code: str) -> None:
    """Each has its commonest words, folded, a pattern for each kind, "how" last, and a refusal."""
    language = LATIN[code]
    assert language.spaced
    assert len(language.common.split()) >= 15
    assert folded(language.common) == language.common
    assert list(language.asks) == ["number", "when", "where", "who", "why", "how"]
    assert all(re.compile(pattern) for pattern in (*language.asks.values(), language.idle, language.refers))
    assert language.refusal.endswith(".")
