"""What is asked and what is answered badly, as the owner reads it: ``/v1/insights``."""

from typing import Literal

from shared.contracts.chat_ws import Rating
from shared.contracts.wire import Answer, Instant, Page

Outcome = Literal["answered", "weak", "unanswered", "failed", "running"]
"""Of the latest answer: ``unanswered`` says that the documents hold none, ``weak`` cites nothing."""
Gap = Literal["unanswered", "weak", "down_voted"]
Rated = Literal["", "any", "up", "down"]
"""Which questions are wanted by the votes on their answers, of several the worst; empty for all."""


class AskedQuestion(Answer):
    """One question, as it was asked and answered. Nobody's name stands with it."""

    id: str
    """Of the message."""
    question: str
    asked_at: Instant
    outcome: Outcome
    degraded: list[str] = []
    """What the answer was made without."""
    rating: Rating | None = None
    """Of its answers the worst."""
    comment: str | None = None
    page_url: str = ""
    """Where it was asked, without query and fragment; empty where that is not known."""
    page_title: str = ""


class Counts(Answer):
    """How many questions came to what, in a time."""

    asked: int = 0
    answered: int = 0
    weak: int = 0
    unanswered: int = 0
    failed: int = 0
    running: int = 0
    down_voted: int = 0
    """Whatever came of them."""


class Questions(Page[AskedQuestion]):
    """Questions, newest first."""

    since: Instant
    until: Instant
    counts: Counts


class PageCount(Answer):
    """How many of some questions were asked on a page."""

    page_url: str
    count: int


class GapGroup(Answer):
    """Questions that say alike and got no answer, a weak one, or one that was voted down."""

    question: str
    """The latest."""
    count: int
    kinds: dict[Gap, int]
    """How many are what; one may be weak and voted down."""
    last_asked_at: Instant
    pages: list[PageCount]
    """Where they were asked, the most first; where that is known."""
    examples: list[AskedQuestion]
    """The latest of them."""


class Gaps(Page[GapGroup]):
    """Groups, the largest first."""

    since: Instant
    until: Instant
    questions: int
    """How many questions the groups are made of."""
    truncated: bool
    """Whether there are more: the latest are grouped."""
    pages: list[PageCount]
    """Where all of them were asked, the most first."""
    degraded: list[str] = []
    """``groups``: the retriever cannot be asked, so only the same words are together."""
