"""Which language a question is in, what kind of question it is there, and what it is about.

Owns how that is told: by script, or by the commonest words where languages share one. In a language that the
tables do not have, a question is answered all the same, as if it asked in English. Pure.
"""

import re
import unicodedata
from functools import lru_cache

from retriever.language.asking import Kind, Language
from retriever.language.latin import LATIN
from retriever.language.letters import LETTER
from retriever.language.scripts import SCRIPTS

_ACCENTED = re.compile("[a-zα-ωا]")
_WORD = re.compile(rf"{LETTER}+")
_COMMON = {code: frozenset(language.common.split()) for code, language in LATIN.items()}
_LETTERS = {code: re.compile(f"[{letters}]") for code, (letters, _) in SCRIPTS.items()}
_LATIN = re.compile("[A-Za-zÀ-ɏ]+")
WORTH = {code: 1 if language.spaced else 4 for code, (_, language) in SCRIPTS.items()}
"""A letter of a script without spaces is worth about as much as a syllable of Latin ones."""
ALL = {**LATIN, **{code: language for code, (_, language) in SCRIPTS.items()}}


@lru_cache(maxsize=256)
def language(text: str) -> str:
    """Return the language of ``text`` as its two letters; ``en`` where nothing tells."""
    letters = {code: WORTH[code] * len(pattern.findall(text)) for code, pattern in _LETTERS.items()}
    if letters["ja"]:
        return "ja"
    if "¿" in text:
        return "es"
    script = max(letters, key=lambda code: letters[code])
    if letters[script] > sum(map(len, _LATIN.findall(text))):
        return script
    words = _WORD.findall(folded(text))
    return max(LATIN, key=lambda code: sum(word in _COMMON[code] for word in words))


def folded(text: str) -> str:
    """Return ``text`` in small letters without the accents of Latin, Greek and Arabic, letter for letter."""
    return text.lower() if text.isascii() else "".join(map(_fold, text))


def kind(text: str) -> Kind:
    """Return what kind of question ``text`` is; never a definition, which takes more to tell."""
    spoken, plain = language(text), folded(text)
    return next((kind for kind in ALL[spoken].asks if _asks(spoken, kind).search(plain)), "other")


def matter(text: str) -> str:
    """Return ``text`` without the words that ask, which say nothing about what an answer holds.

    English keeps them: they are no terms there.
    """
    spoken = language(text)
    if spoken == "en":
        return text
    text = unicodedata.normalize("NFC", text)
    kept = list(text)
    for match in _asking(spoken).finditer(folded(text)):
        kept[match.start() : match.end()] = " " * len(match.group())
    return "".join(kept)


def refers_back(text: str) -> bool:
    """Whether ``text`` speaks of something that it does not name."""
    return _refers(language(text)).search(folded(text)) is not None


def refusal(text: str) -> str:
    """Return, in the language of the question ``text``, that there is no answer to it."""
    return ALL[language(text)].refusal


@lru_cache(maxsize=4096)
def _fold(letter: str) -> str:
    """One letter for one, so that what is found in the folded text stands there in the text."""
    base = unicodedata.normalize("NFD", letter)[0].lower()
    return base if _ACCENTED.match(base) else letter.lower()[0]


@lru_cache
def _asks(spoken: str, kind: Kind) -> re.Pattern[str]:
    return _standing(ALL[spoken], ALL[spoken].asks[kind])


@lru_cache
def _asking(spoken: str) -> re.Pattern[str]:
    return _standing(ALL[spoken], "|".join([*ALL[spoken].asks.values(), ALL[spoken].idle]))


@lru_cache
def _refers(spoken: str) -> re.Pattern[str]:
    return _standing(ALL[spoken], ALL[spoken].refers)


def _standing(language: Language, words: str) -> re.Pattern[str]:
    """``words`` as whole words, where spaces stand between those."""
    words = words.replace(r"\w", LETTER)
    return re.compile(rf"(?<!{LETTER})(?:{words})(?!{LETTER})" if language.spaced else words)
