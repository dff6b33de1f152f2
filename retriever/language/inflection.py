"""What the forms of one word have in common, for languages that inflect more than English.

Owns which words get a beginning to be found by, besides themselves, and which texts: those in English are
found by stems alone. Pure.
"""

import re

from retriever.language.letters import MARKS, fold
from retriever.language.stems import stem
from retriever.language.unspaced import UNSPACED

BEGINNING = 5
_LETTERS = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{MARKS}])*")
_ENGLISH = tuple(f" {word} " for word in "the of and to is that for with are this by be you".split())
ENGLISH_SHARE = 0.1
"""The part of a text's words that are these, from which it is English."""
_FUNCTION_WORDS = (
    "der das und ist nicht ein eine einen dem auf für zu im von wie sie werden oder kann wird sich "
    "le les des et est une du que qui dans pour sur vous au avec quel quelle el la los las del por "
    "con para una cómo qué cuál il che di della sono gli nel não uma quando het een dat och att det "
    "som av hur til ikke ei tai kun ovat että jos miten na się nie jest jak że lub az egy és nem "
    "hogy hogyan ve bir bu için ile olarak nasıl je jsou pentru yang untuk dengan"
)
FUNCTION_WORDS = frozenset(stem(fold(word)) for word in _FUNCTION_WORDS.split())
"""Terms by which a question is known to be in another language of Latin letters; not those of code."""


def beginning(term: str) -> str:
    """Return the term for all words that begin as ``term`` does; empty for one that is no word."""
    if len(term) < BEGINNING or not _LETTERS.fullmatch(term) or UNSPACED.search(term):
        return ""
    return f"{term[:BEGINNING]}*"


def is_english(text: str) -> bool:
    """Whether a text of some length is English prose."""
    return sum(map(text.count, _ENGLISH)) > ENGLISH_SHARE * text.count(" ")
