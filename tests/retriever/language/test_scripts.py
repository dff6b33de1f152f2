"""The table of languages with a script of their own is whole, and no script is told twice."""

import re

import pytest

from retriever.language.scripts import SCRIPTS


@pytest.mark.parametrize("code", SCRIPTS)
def test_an_entry_is_whole(code: str) -> None:
    """Each is told by letters that its refusal is written in, and has a pattern for each kind."""
    letters, language = SCRIPTS[code]
    assert re.search(f"[{letters}]", language.refusal)
    assert list(language.asks) == ["number", "when", "where", "who", "why", "how"]
    assert all(re.compile(pattern) for pattern in (*language.asks.values(), language.idle, language.refers))


def test_japanese_is_looked_for_before_chinese() -> None:
    """They share characters, and only Japanese has its syllables."""
    assert list(SCRIPTS).index("ja") < list(SCRIPTS).index("zh")
