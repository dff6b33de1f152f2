"""Takes out of a text what a reader cannot see.

Hidden characters can carry instructions past a person who checks a document, or break a quotation that
looks right. Owns what counts as hidden; must not change anything a reader sees.
"""

import re

_HIDDEN = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, all but tab and line end
    "\xad"  # soft hyphen
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidi controls, invisible operators
    "\ufeff\ufff9-\ufffb"  # byte order mark, interlinear annotation
    "\U0001d173-\U0001d17a\U000e0000-\U000e01ef"  # musical controls, tags, variation selectors 17 to 256
    "\ud800-\udfff"  # lone surrogates
    "]"
)
_JOINERS = re.compile("[\u200c\u200d]+")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")


def visible(text: str) -> str:
    """Return ``text`` without hidden characters and with ``\\n`` as its only line end.

    A joiner stays between two characters beyond ASCII: Persian, Hindi and emoji are spelt with it.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _HIDDEN.sub("", text)
    return _JOINERS.sub(_joiner, text)


def _joiner(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    spelt = start > 0 and end < len(text) and not text[start - 1].isascii() and not text[end].isascii()
    return match.group()[0] if spelt else ""
