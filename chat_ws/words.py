"""The words a conversation is searched by.

Pure. Cuts what is asked as the database cuts what is stored (``carrel_words`` in the migrations): punctuation
parts words, also inside identifiers and addresses, and in scripts that write no spaces each character is a
word. Owns no language: words are neither stemmed nor left out.
"""

import re
import unicodedata
from collections.abc import Sequence

MAX_QUERY_CHARS = 200
_MAX_WORD_CHARS = 200
"""More is expanded from few characters only, and no index holds it."""
SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u055a-\u055f\u0589\u05be\u060c\u061b\u061f\u06d4\u0964\u0965\u1680"
    r"\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ufe30-\ufe4f"
)
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana and Han."""
_SEPARATORS = re.compile(f"[{SEPARATORS}]+")
_UNSPACED = re.compile(f"([{UNSPACED}])")


def terms(asked: str) -> tuple[str, ...]:
    """Return what is looked for, each of it words that stand together: ``wick_length`` is ``wick length``."""
    found = (" ".join(cut(part)) for part in unicodedata.normalize("NFKC", asked).split())
    return tuple(term for term in found if term)


def cut(text: str) -> list[str]:
    """Return the words of ``text`` in their order."""
    apart = _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text))
    return [word[:_MAX_WORD_CHARS] for word in _UNSPACED.sub(r" \1 ", apart).split()]


def tsquery(looked_for: Sequence[str]) -> str:
    """Return the text search query that finds all of ``looked_for``, each as the beginning of words."""
    return " & ".join(f"{lexeme(term)}:*" for term in looked_for)


def lexeme(text: str) -> str:
    """Return ``text`` quoted as one operand of a text search query."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
