"""What the owner is shown of questions that were answered badly: groups, their pages, and where a page ends.

Pure. Rows and groups of positions in, what is answered out. Owns the cursors of ``/v1/insights``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.contracts.insights import AskedQuestion, Gap, GapGroup, PageCount
from shared.errors import InvalidRequestError

MAX_EXAMPLES = 3
MAX_PAGES = 10
DEFAULT_DAYS = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,16})\.(\d{1,18})")


@dataclass(frozen=True)
class Span:
    """From ``since`` up to ``until``, which is not in it."""

    since: datetime
    until: datetime


def span(
    since: datetime | None, until: datetime | None, *, now: datetime, retention_days: int | None
) -> Span:
    """Return the time that is asked for, the last thirty days unless said otherwise.

    What should be gone by now is not shown, though it may be there still.

    Raises
    ------
    InvalidRequestError
        When it ends before it begins.
    """
    end = now if until is None else _plain(until)
    begin = end - timedelta(days=DEFAULT_DAYS) if since is None else _plain(since)
    if begin > end:
        raise InvalidRequestError("since is after until", param="since")
    if retention_days is not None:
        begin = max(begin, now - timedelta(days=retention_days))
    return Span(begin, end)


def _plain(given: datetime) -> datetime:
    # In UTC and this side of 10000: databases know neither every offset nor every year that can be written.
    return min(max(given, _EPOCH), _LAST).astimezone(UTC)


def cursor(time: datetime, number: int) -> str:
    """Return where the next page begins: an instant, and a position or how many were shown."""
    return f"{(time - _EPOCH) // timedelta(microseconds=1)}.{number}"


def place(cursor: str) -> tuple[datetime, int]:
    """Return what :func:`cursor` made one of.

    Raises
    ------
    InvalidRequestError
        When it is none of ours.
    """
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidRequestError("cursor is not one that was given", param="cursor")
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def same_words(questions: Sequence[AskedQuestion]) -> list[list[int]]:
    """Return the groups of questions in the same words, the largest first, where nobody can tell better."""
    found: dict[str, list[int]] = {}
    for position, asked in enumerate(questions):
        found.setdefault(" ".join(asked.question.casefold().split()), []).append(position)
    return sorted(found.values(), key=lambda group: (-len(group), group[0]))


def is_partition(groups: Sequence[Sequence[int]], of: int) -> bool:
    """Return whether every position below ``of`` is in exactly one group."""
    return sorted(position for group in groups for position in group) == list(range(of))


def group(questions: Sequence[AskedQuestion]) -> GapGroup:
    """Return ``questions``, newest first and not none, as one group."""
    return GapGroup(
        question=questions[0].question,
        count=len(questions),
        kinds=dict(Counter(kind for asked in questions for kind in kinds(asked))),
        last_asked_at=questions[0].asked_at,
        pages=pages(questions),
        examples=list(questions[:MAX_EXAMPLES]),
    )


def kinds(asked: AskedQuestion) -> Iterable[Gap]:
    """Yield what was bad about the answer."""
    if asked.outcome == "unanswered" or asked.outcome == "weak":
        yield asked.outcome
    if asked.rating == "down":
        yield "down_voted"


def pages(questions: Iterable[AskedQuestion]) -> list[PageCount]:
    """Return where they were asked, the most first."""
    counted = Counter(asked.page_url for asked in questions if asked.page_url)
    ordered = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
    return [PageCount(page_url=url, count=count) for url, count in ordered[:MAX_PAGES]]
