"""The owner's routes of the chat service: what is asked, and what is answered badly."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BeforeValidator
from pydantic.json_schema import SkipJsonSchema

from chat_ws.insights.overview import Insights
from shared.contracts.insights import Gaps, Questions, Rated
from shared.contracts.wire import Text
from shared.http import operation_id, owner

insights = APIRouter(
    prefix="/v1/insights",
    tags=["insights"],
    dependencies=[Depends(owner)],
    generate_unique_id_function=operation_id,
)

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _written_out(value: object) -> object:
    # Left alone, a number would be taken for seconds since 1970.
    if isinstance(value, str) and _RFC_3339.fullmatch(value) is None:
        raise ValueError("must be an instant such as 2026-11-01T00:00:00Z")
    return value


_When = Annotated[AwareDatetime, BeforeValidator(_written_out)] | SkipJsonSchema[None]
Since = Annotated[_When, Query(description="The first instant; 30 days before the last.")]
Until = Annotated[_When, Query(description="The instant behind the last; now.")]
PageUrl = Annotated[
    # Short enough for the longest URL, whatever its characters.
    Text, Query(max_length=600, description="Only what was asked there: without query and fragment.")
]
Limit = Annotated[int, Query(ge=1, le=200)]
WithVotes = Annotated[Rated, Query(description="Only what was voted on like that; the counts are of all.")]
Cursor = Annotated[str, Query(max_length=40, pattern=r"^([0-9]{1,16}\.[0-9]{1,18})?$")]


def reader(request: Request) -> Insights:
    """Return what reads them."""
    found: Insights = request.app.state.insights
    return found


Here = Annotated[Insights, Depends(reader)]


@insights.get("/questions")
async def list_questions(
    here: Here,
    since: Since = None,
    until: Until = None,
    page_url: PageUrl = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    rated: WithVotes = "",
) -> Questions:
    """List what was asked, newest first, and count what came of it."""
    return await here.questions(since, until, page_url=page_url, limit=limit, after=cursor, rated=rated)


@insights.get("/gaps")
async def list_gaps(
    here: Here,
    since: Since = None,
    until: Until = None,
    page_url: PageUrl = "",
    limit: Limit = 20,
    cursor: Cursor = "",
) -> Gaps:
    """List groups of questions that got no answer, a weak or a down-voted one; the largest first.

    Questions that say alike are one group. The latest 1000 of the time are looked at.
    """
    return await here.gaps(since, until, page_url=page_url, limit=limit, after=cursor)
