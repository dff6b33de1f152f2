"""The stem of a folded word, by the script it is written in.

Owns which stemmer a script gets and what is cut from a word in its stead. Pure.
"""

import re
from bisect import bisect_right

import Stemmer

# The first letter of each script that has a stemmer, and of what follows it.
_SCRIPTS = (
    (0x0, "english"),
    (0x370, "greek"),
    (0x400, "russian"),
    (0x530, "armenian"),
    (0x590, ""),
    (0x600, "arabic"),
    (0x700, ""),
    (0x900, "hindi"),
    (0x980, ""),
    (0xB80, "tamil"),
    (0xC00, ""),
    (0x1F00, "greek"),
    (0x2000, ""),
)
_STARTS = [first for first, _ in _SCRIPTS]
_STEMMERS = {name: Stemmer.Stemmer(name) for _, name in _SCRIPTS if name and name != "arabic"}
_ARTICLE = re.compile("^(?:[وفبك]?ال|و?لل)(?=\\w{3})")


def stem(word: str) -> str:
    """Return the stem of a word that :func:`retriever.language.letters.fold` gave."""
    script = _SCRIPTS[bisect_right(_STARTS, ord(word[0])) - 1][1]
    if script == "arabic":
        return _ARTICLE.sub("", word)
    if not script:
        return word
    return _STEMMERS[script].stemWord(word) or word
