"""Scripts that are written without spaces, as pairs of syllables.

Owns which characters these are and what a syllable is: a Chinese, Japanese or Korean character is one; in
Thai, Lao, Burmese and Khmer it is a consonant with all that is written around it. Pure.
"""

import re
from collections.abc import Iterator

from retriever.language.letters import MARKS

_ALPHABETIC = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_SYLLABIC = (
    "\u1100-\u11ff\u3005\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
UNSPACED = re.compile(f"[{_ALPHABETIC}]+|[{_SYLLABIC}]+")
_CLUSTER = re.compile(
    f"[\u0e40-\u0e44\u0ec0-\u0ec4]?.(?:[{MARKS}\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]|(?<=[\u17d2\u1039]).)*",
    re.DOTALL,
)


def pairs(run: str) -> Iterator[str]:
    """Yield each syllable of ``run``, a match of ``UNSPACED``, with the next; a single one by itself."""
    syllables = _CLUSTER.findall(run)
    for first in range(max(1, len(syllables) - 1)):
        yield "".join(syllables[first : first + 2])
