"""Insights: what visitors ask and what is answered badly, read from what is stored of conversations.

Owns no copy of anything: what a visitor deletes, and what retention removes, is gone from here with it. Who
asked is neither read nor told.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chat_ws.database.postgres import Database
from chat_ws.database.queries import load
from chat_ws.insights.gaps import Span, cursor, group, is_partition, pages, place, same_words, span
from chat_ws.ports import Clock, Grouper
from shared.contracts.groups import MAX_TEXTS
from shared.contracts.insights import AskedQuestion, Counts, Gaps, Questions, Rated
from shared.errors import CarrelError

_log = logging.getLogger(__name__)


class Insights:
    """Reads what the owner asks for; ``retention_days`` bounds how old it may be."""

    def __init__(
        self, database: Database, grouper: Grouper, *, clock: Clock, retention_days: int | None
    ) -> None:
        self._database, self._grouper, self._clock = database, grouper, clock
        self._retention_days = retention_days
        self._sql = load("insights")

    async def questions(
        self,
        since: datetime | None,
        until: datetime | None,
        *,
        page_url: str,
        limit: int,
        after: str,
        rated: Rated = "",
    ) -> Questions:
        """Return a page of what was asked, newest first, and what came of all of it.

        ``rated`` leaves out of the page, not of the counts, what was not voted on like that.
        """
        wanted = self._span(since, until)
        before = place(after) if after else (wanted.until, 0)
        rows = await self._rows(wanted, page_url, limit=limit + 1, before=before, rated=rated)
        values = {"since": wanted.since, "until": wanted.until, "page_url": page_url}
        [counts] = await self._database.rows(self._sql["counts"], values)
        last = rows[limit - 1] if len(rows) > limit else None
        return Questions(
            items=[_asked(row) for row in rows[:limit]],
            next_cursor=cursor(last["created_at"], last["position"]) if last else None,
            since=wanted.since,
            until=wanted.until,
            counts=Counts.model_validate(counts),
        )

    async def gaps(
        self, since: datetime | None, until: datetime | None, *, page_url: str, limit: int, after: str
    ) -> Gaps:
        """Return a page of the groups of badly answered questions, the largest first.

        The following pages are of the questions that there were for the first one.
        """
        wanted, shown = self._span(since, until), 0
        if after:
            end, shown = place(after)
            wanted = Span(wanted.since, end)
        before = (wanted.until, 0)
        rows = await self._rows(wanted, page_url, limit=MAX_TEXTS + 1, before=before, gaps=True)
        asked = [_asked(row) for row in rows[:MAX_TEXTS]]
        groups, degraded = await self._groups(asked)
        items = [group([asked[position] for position in found]) for found in groups]
        following = shown + limit
        return Gaps(
            items=items[shown:following],
            next_cursor=cursor(wanted.until, following) if following < len(items) else None,
            since=wanted.since,
            until=wanted.until,
            questions=len(asked),
            truncated=len(rows) > MAX_TEXTS,
            pages=pages(asked),
            degraded=degraded,
        )

    def _span(self, since: datetime | None, until: datetime | None) -> Span:
        return span(since, until, now=self._clock(), retention_days=self._retention_days)

    async def _rows(
        self,
        wanted: Span,
        page_url: str,
        *,
        limit: int,
        before: tuple[datetime, int],
        gaps: bool = False,
        rated: Rated = "",
    ) -> list[Any]:
        values = {"since": wanted.since, "until": wanted.until, "page_url": page_url, "limit": limit}
        values |= {"before_time": before[0], "before": before[1], "gaps": gaps, "rated": rated}
        return await self._database.rows(self._sql["questions"], values)

    async def _groups(self, asked: list[AskedQuestion]) -> tuple[list[list[int]], list[str]]:
        if not asked:
            return [], []
        try:
            groups = await self._grouper.groups([one.question for one in asked])
        except CarrelError as error:
            _log.warning("insights: questions cannot be grouped: %s", error.detail)
            return same_words(asked), ["groups"]
        if is_partition(groups, len(asked)):
            return groups, []
        _log.error("insights: the retriever's groups are not of the questions")
        return same_words(asked), ["groups"]


def _asked(row: Mapping[str, Any]) -> AskedQuestion:
    outcome = {"outcome": row["outcome"] or "failed", "degraded": row["degraded"] or []}
    return AskedQuestion.model_validate(
        {**row, **outcome, "question": row["content"], "asked_at": row["created_at"]}
    )
