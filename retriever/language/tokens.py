"""Text to the terms it is found by.

Owns what a term is: words stemmed and without accents, identifiers whole and by their parts, languages
written without spaces as pairs of characters. Pure. A change here changes every stored vector, so it
changes ``TOKENS_VERSION``.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

TOKENS_VERSION = "1"
MAX_TOKEN_CHARS = 64

STOP_WORDS = frozenset(
    "a about an and any are as at be been being but by can could did do does doing for from had has have "  # noqa: SIM905
    "having he her hers him his how i if in into is it its itself just me my no nor not of on or our ours "
    "ourselves out over own same she should so some such than that the their theirs them then there these "
    "they this those through to too up us very was we were what when where which while who whom why will "
    "with would you your yours also may might must shall".split()
)


def _marks() -> str:
    """The combining marks as a character class: ``\\w`` leaves them out and cuts Indic words."""
    ranges: list[list[int]] = []
    for code in range(0x300, 0x20000):
        if unicodedata.category(chr(code)).startswith("M"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


LETTER = rf"[\w{_marks()}]"
_WORD = re.compile(
    rf"[A-Za-z](?:\+\+|#(?!\w))|{LETTER}+(?:(?:::|[.\-/'’]){LETTER}+)*",
)
_PART = re.compile(rf"{LETTER}+(?:['’]{LETTER}+)*")
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]*")
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_stem = Stemmer.Stemmer("english").stemWord


def terms(text: str) -> Iterator[str]:
    """Yield the terms of ``text``, in order, with repetitions."""
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text)):
        yield from _word_terms(match.group()[: 4 * MAX_TOKEN_CHARS])


@lru_cache(maxsize=4096)
def term_set(text: str) -> frozenset[str]:
    """Return the distinct terms of ``text``; kept for the texts that many questions meet."""
    return frozenset(terms(text))


@lru_cache(maxsize=50_000)
def _word_terms(word: str) -> tuple[str, ...]:
    if not word.isascii() and UNSPACED.search(word):
        return tuple(_unspaced(word))
    parts = [part.strip("_") for part in _PART.findall(word)]
    names = tuple(term for part in parts if part for term in _part_terms(part))
    if parts == [word]:
        return names
    return (_fold(word)[:MAX_TOKEN_CHARS], *names)


def _part_terms(part: str) -> Iterator[str]:
    """A plain word is one term; ``snake_case`` and ``CamelCase`` are themselves and their words."""
    humps = _HUMP.findall(part) if part.isascii() else []
    if len(humps) > 1 and "'" not in part and "’" not in part:
        yield _fold(part)[:MAX_TOKEN_CHARS]
        for hump in humps:
            yield from _plain_terms(hump.lower())
    else:
        yield from _plain_terms(_fold(part))


def _plain_terms(word: str) -> Iterator[str]:
    word = word.removesuffix("'s")[:MAX_TOKEN_CHARS]
    if word in STOP_WORDS:
        return
    if word.isascii():
        yield _stem(word.replace("'", ""))
        return
    yield word
    if len(word) > 5:
        yield f"{word[:5]}*"


def _unspaced(word: str) -> Iterator[str]:
    position = 0
    for match in UNSPACED.finditer(word):
        yield from _spaced(word[position : match.start()])
        run = match.group()
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
        position = match.end()
    yield from _spaced(word[position:])


def _spaced(word: str) -> Iterator[str]:
    for part in _PART.findall(word):
        yield from _part_terms(part)


def _fold(word: str) -> str:
    """Lower case; accents off Latin letters, since people leave them out when they ask."""
    word = word.casefold().replace("’", "'")
    if word.isascii():
        return word
    return "".join(_fold_letter(letter) for letter in unicodedata.normalize("NFC", word))


def _fold_letter(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter
