"""One spelling for letters that people write in several ways.

Owns what counts as the same letter when a text is searched: case, accents, forms of a letter within a
script, digits of other scripts, characters that are not seen. Pure.
"""

import re
import unicodedata


def _marks() -> str:
    ranges: list[list[int]] = []
    for code in range(0x300, 0x20000):
        if unicodedata.category(chr(code)).startswith("M"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


MARKS = _marks()
"""The combining marks, for a character class: ``\\w`` leaves them out and cuts Indic words."""
LETTER = rf"[\w{MARKS}]"
"""A letter, digit or mark."""
_UNSEEN = dict.fromkeys(
    [
        0xAD,
        0x34F,
        0x61C,
        0x200B,
        0x200D,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    ]
)
"""Soft hyphens, breaks without width, marks of direction; the non-joiner stays, it parts Persian words."""
_OWN_BASE = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ħ": "h",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
    "ð": "d",
    "þ": "th",
    "ё": "е",
}
_ARABIC = {
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("ىیې", "ي"),
    "ک": "ك",
    **dict.fromkeys("ةۀە", "ه"),
    "ؤ": "و",
    "ئ": "ي",
    "ـ": "",
}


def _table() -> dict[int, str]:
    table = {ord(letter): base for letter, base in (_OWN_BASE | _ARABIC).items()}
    table |= dict.fromkeys(range(0x300, 0x370), "")  # accents that stand apart
    table |= dict.fromkeys([*range(0x591, 0x5C8), *range(0x64B, 0x660), 0x670], "")  # Hebrew, Arabic vowels
    table |= dict.fromkeys([0x93C, 0x9BC, 0xA3C, 0xABC], "")  # nukta
    table[0x901] = "\u0902"  # Devanagari: both signs of a nasal
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0x370, 0x400), *range(0x1F00, 0x2000)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base != chr(code):
            table.setdefault(code, base)
    for code in range(0x660, 0x1FBFA):
        digit = unicodedata.digit(chr(code), None)
        if digit is not None and unicodedata.category(chr(code)) == "Nd":
            table[code] = str(digit)
    return table


_SAME = _table()
_NASAL_BEFORE_CONSONANT = re.compile("[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u0939])")
_DEVANAGARI = re.compile("[\u0900-\u097f]")


def seen(text: str) -> str:
    """Return ``text`` in compatibility form without what is not seen."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_UNSEEN)


def fold(word: str) -> str:
    """Return ``word`` in the one spelling by which it is found."""
    word = word.casefold()
    if word.isascii():
        return word
    word = unicodedata.normalize("NFC", word).translate(_SAME)
    if _DEVANAGARI.search(word):
        word = _NASAL_BEFORE_CONSONANT.sub("\u0902", word)
    return word
