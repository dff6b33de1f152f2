"""What is known of how a language asks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["definition", "how", "who", "when", "where", "number", "why", "other"]
NUMBER: Kind = "number"
WHEN: Kind = "when"
WHERE: Kind = "where"
WHO: Kind = "who"
WHY: Kind = "why"
HOW: Kind = "how"


@dataclass(frozen=True)
class Language:
    """How one language asks; every pattern is for folded text."""

    common: str
    """Words that most questions hold; nothing where the language has a script of its own."""
    asks: Mapping[Kind, str]
    """The question words by kind, in this order: "how many" is no "how"."""
    refusal: str
    """That the documents do not hold an answer."""
    idle: str = "(?!)"
    """What asks besides, without saying of what."""
    refers: str = "(?!)"
    """What stands for something that was named before."""
    spaced: bool = True
    """Whether spaces stand between words."""
