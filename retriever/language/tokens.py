"""Text to the terms it is found by.

Owns what a term is: words stemmed and in one spelling, identifiers whole and by their parts, languages
written without spaces as pairs of syllables. Pure. A change here or in what it stands on changes every stored
vector, so it changes ``TOKENS_VERSION``.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from retriever.language.letters import LETTER, fold, seen
from retriever.language.stems import stem
from retriever.language.unspaced import UNSPACED, pairs

TOKENS_VERSION = "2"
MAX_TOKEN_CHARS = 64

STOP_WORDS = frozenset(
    "a about an and any are as at be been being but by can could did do does doing for from had has have "
    "having he her hers him his how i if in into is it its itself just me my no nor not of on or our ours "
    "ourselves out over own same she should so some such than that the their theirs them then there these "
    "they this those through to too up us very was we were what when where which while who whom why will "
    "with would you your yours also may might must shall".split()
)

_NUMBER = r"v?\d+(?:[.,]\d+)+"
_WORD = re.compile(
    rf"(?<![\w.,]){_NUMBER}|[A-Za-z](?:\+\+|#(?!\w))"
    rf"|(?:(?<![\w.])\.(?=[A-Za-z]))?{LETTER}+(?:(?:::|->|[.\-‐‑/\\@'’\u200c]){LETTER}+)*"
)
_IS_NUMBER = re.compile(_NUMBER)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ELISION = re.compile(
    r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|dell|nell|dall|sull|all|un)'(?=\w\w)", re.IGNORECASE
)
_JOINTS = tuple(map(re.compile, (r"::|->|[/\\@]", r"\.", r"[-‐‑\u200c]")))
"""What parts a name, the widest first: a path's names, then a name's ending, then its words."""
_PART = re.compile(rf"(?:(?!_){LETTER})+(?:'(?:(?!_){LETTER})+)*")
_HUMP = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+(?:st|nd|rd|th)(?![a-z])|\d+")
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s")
_GREEK = {
    chr(code): unicodedata.name(chr(code)).split()[-1].lower().replace("lamda", "lambda")
    for code in range(0x3B1, 0x3CA)
}


def terms(text: str) -> Iterator[str]:
    """Yield the terms of ``text``, in order, with repetitions."""
    for match in _WORD.finditer(seen(text)):
        yield from _word_terms(match.group()[: 4 * MAX_TOKEN_CHARS])


@lru_cache(maxsize=4096)
def term_set(text: str) -> frozenset[str]:
    """Return the distinct terms of ``text``; kept for the texts that many questions meet."""
    return frozenset(terms(text))


@lru_cache(maxsize=100_000)
def _word_terms(word: str) -> tuple[str, ...]:
    if word.isascii() and word[1:].islower() and word.isalpha():
        return tuple(_plain(word))
    if _IS_NUMBER.fullmatch(word):
        return tuple(_number(word.removeprefix("v")))
    if word[-1] in "+#":
        return (word.lower(), word[0].lower())
    if UNSPACED.search(word):
        return tuple(_unspaced(word))
    return tuple(_spaced(word))


def _number(word: str) -> Iterator[str]:
    """A version is found by what it begins with: 3.11.4 by 3.11."""
    numbers = [word.replace(",", "")] if _THOUSANDS.fullmatch(word) else word.split(",")
    for number in numbers:
        parts = number.split(".")
        for end in range(len(parts), min(2, len(parts)) - 1, -1):
            yield ".".join(parts[:end])[:MAX_TOKEN_CHARS]


def _spaced(word: str) -> Iterator[str]:
    if word[0] == ".":
        yield fold(word)[:MAX_TOKEN_CHARS]
    yield from _named(_ELISION.sub("", word.replace("’", "'")))


def _named(word: str) -> Iterator[str]:
    """What is made of several names is these, and all of them joined: ``e-mail`` is also ``email``."""
    pieces = [piece for part in _PART.findall(word) for piece in _humps(part)]
    if len(pieces) == 1:
        yield from _plain(pieces[0])
    if len(pieces) > 1:
        yield _stemmed(fold(_joined(pieces)))
        inner = next((names for joint in _JOINTS if len(names := joint.split(word)) > 1), pieces)
        for name in inner:
            if len(name) > 1 or name.isdigit() or not name.isascii():
                yield from _plain(name) if inner is pieces else _named(name)


def _humps(part: str) -> list[str]:
    if not part.isascii():
        return [_GREEK.get(part.lower(), part)]
    return [part] if "'" in part else _HUMP.findall(part)


def _joined(pieces: list[str]) -> str:
    """Two numbers stay apart, so that 1-23 is not 12-3."""
    following = [*pieces[1:], ""]
    return "".join(
        f"{piece}-" if piece[-1].isdigit() and after[:1].isdigit() else piece
        for piece, after in zip(pieces, following, strict=True)
    )


def _plain(word: str) -> Iterator[str]:
    """One word; in capitals it is no stop word: IT, US, WHO."""
    if _PLURAL_ACRONYM.fullmatch(word):
        word = word[:-1]
    named = len(word) > 1 and word.isupper()
    word = fold(word).removesuffix("'s").replace("'", "")
    if word and (named or word not in STOP_WORDS):
        yield _stemmed(word)


def _stemmed(word: str) -> str:
    return stem(word[:MAX_TOKEN_CHARS])


def _unspaced(word: str) -> Iterator[str]:
    position = 0
    for match in UNSPACED.finditer(word):
        yield from _spaced_part(word[position : match.start()])
        yield from pairs(match.group())
        position = match.end()
    yield from _spaced_part(word[position:])


def _spaced_part(word: str) -> Iterator[str]:
    return _spaced(word) if word else iter(())
