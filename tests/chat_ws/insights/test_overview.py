from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from chat_ws.database.history import PostgresHistory
from chat_ws.database.postgres import Database
from chat_ws.insights.overview import Insights
from chat_ws.ports import Ending, Stored
from shared.contracts.chat_ws import FeedbackGiven, RunRegenerate
from shared.contracts.insights import Questions, Rated
from shared.contracts.retriever import Citation
from shared.errors import UpstreamUnavailableError
from tests.support.chat_fakes import CITATION, NOW, Clock, question

pytestmark = pytest.mark.integration


class Groups:
    """Groups as it is told, or fails."""

    def __init__(self, *groups: list[int]) -> None:
        self.answer: list[list[int]] | Exception = list(groups)
        self.texts: list[str] = []

    async def groups(self, texts: Sequence[str]) -> list[list[int]]:
        self.texts = list(texts)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def insights(database: Database, clock: Clock, *groups: list[int], days: int | None = None) -> Insights:
    return Insights(database, Groups(*groups), clock=clock, retention_days=days)


async def ask(
    history: PostgresHistory,
    content: str,
    *,
    status: str = "completed",
    finish: str = "complete",
    cited: bool = True,
    url: str = "",
    degraded: Sequence[str] = (),
) -> Stored:
    """Ask, and answer with that outcome."""
    fields = {"context": {"page_url": url, "page_title": "A page"}} if url else {}
    stored = await history.create_message("v1", question(content, **fields))
    await end(history, stored, status=status, finish=finish, cited=cited, degraded=degraded)
    return stored


async def end(
    history: PostgresHistory,
    stored: Stored,
    *,
    status: str = "completed",
    finish: str = "complete",
    cited: bool = True,
    degraded: Sequence[str] = (),
) -> None:
    citations: tuple[Citation, ...] = (CITATION.citation,) if cited else ()
    await history.end_run(
        Ending(stored.run_id, stored.answer_id, "A.", citations, status, finish, degraded, 9, None)  # type: ignore[arg-type]  # plain strings of the test
    )


async def test_questions_come_with_what_came_of_them(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """Newest first, each with its outcome, what was lacking, its rating and its page; all are counted."""
    good = await ask(stored_history, "good", url="https://d.test/a?utm=1#x")
    await ask(stored_history, "weak", cited=False, degraded=("rerank",))
    await ask(stored_history, "refused", finish="refused", cited=False)
    await ask(stored_history, "broken", status="failed", finish="error")
    await stored_history.create_message("v2", question("running"))
    await stored_history.rate_message("v1", good.answer_id, FeedbackGiven(rating="down", comment="Old."))
    clock.move(1)

    found = await insights(database, clock).questions(None, None, page_url="", limit=50, after="")

    assert [(item.question, item.outcome) for item in found.items] == [
        ("running", "running"),
        ("broken", "failed"),
        ("refused", "unanswered"),
        ("weak", "weak"),
        ("good", "answered"),
    ]
    assert found.items[3].degraded == ["rerank"]
    last = found.items[4]
    assert (last.rating, last.comment, last.page_url, last.page_title) == (
        "down",
        "Old.",
        "https://d.test/a",
        "A page",
    )
    assert found.counts.model_dump() == {
        "asked": 5,
        "answered": 1,
        "weak": 1,
        "unanswered": 1,
        "failed": 1,
        "running": 1,
        "down_voted": 1,
    }
    assert (found.since, found.until) == (clock.now - timedelta(days=30), clock.now)
    assert "v1" not in found.model_dump_json()


async def test_questions_are_had_by_their_votes(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """Only those voted on, up or down, page by page; the counts stay those of all."""
    for content, rating in (("a", "up"), ("b", "down"), ("c", None), ("d", "down")):
        stored = await ask(stored_history, content)
        if rating is not None:
            given = FeedbackGiven.model_validate({"rating": rating})
            await stored_history.rate_message("v1", stored.answer_id, given)
        clock.move(1)
    reader = insights(database, clock)

    async def found(rated: Rated, *, limit: int = 50, after: str = "") -> Questions:
        page = await reader.questions(None, None, page_url="", limit=limit, after=after, rated=rated)
        assert (page.counts.asked, page.counts.down_voted) == (4, 2)
        return page

    for rated, wanted in (("", "dcba"), ("any", "dba"), ("up", "a"), ("down", "db")):
        page = await found(rated)  # type: ignore[arg-type]  # plain strings of the test
        assert "".join(item.question for item in page.items) == wanted
    first = await found("any", limit=2)
    second = await found("any", limit=2, after=first.next_cursor or "")
    assert [item.question for item in (*first.items, *second.items)] == ["d", "b", "a"]


async def test_the_latest_answer_counts(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """A question that was answered again is what its last answer is, rated as its worst."""
    first = await ask(stored_history, "Why?", finish="refused", cited=False)
    await stored_history.rate_message("v1", first.answer_id, FeedbackGiven(rating="down"))
    again = RunRegenerate(message_id=first.message_id, client_message_id=uuid4())
    second, _ = await stored_history.regenerate("v1", again)
    await end(stored_history, second)
    await stored_history.rate_message("v1", second.answer_id, FeedbackGiven(rating="up"))
    clock.move(1)

    [item] = (await insights(database, clock).questions(None, None, page_url="", limit=50, after="")).items

    assert (item.outcome, item.rating) == ("answered", "down")


async def test_pages_of_questions_are_stable_under_new_ones(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """Whoever pages on meets each question once, whatever is asked meanwhile, also at the same instant."""
    for number in range(7):
        await ask(stored_history, f"q{number}")
        clock.move(number % 2)
    reader = insights(database, clock)
    seen: list[str] = []
    after, until = "", clock.move(1)
    while True:
        page = await reader.questions(None, until, page_url="", limit=2, after=after)
        seen += [item.question for item in page.items]
        await ask(stored_history, "new")
        if page.next_cursor is None:
            break
        after = page.next_cursor
    assert seen == [f"q{number}" for number in reversed(range(7))]


async def test_only_what_was_asked_then_and_there(
    database: Database, stored_history: PostgresHistory, clock: Clock
) -> None:
    """A time has a beginning and an end, a page is told without query and fragment; retention bounds both."""
    await ask(stored_history, "old", url="https://d.test/a")
    clock.move(10 * 86400)
    await ask(stored_history, "new", url="https://d.test/a#top")
    await ask(stored_history, "elsewhere", url="https://d.test/b")
    clock.move(1)

    async def found(
        reader: Insights, since: datetime | None = None, until: datetime | None = None, page_url: str = ""
    ) -> list[str]:
        page = await reader.questions(since, until, page_url=page_url, limit=50, after="")
        assert page.counts.asked == len(page.items)
        return [item.question for item in page.items]

    reader = insights(database, clock)
    assert await found(reader) == ["elsewhere", "new", "old"]
    assert await found(reader, page_url="https://d.test/a") == ["new", "old"]
    assert await found(reader, until=NOW + timedelta(days=1)) == ["old"]
    assert await found(reader, since=NOW + timedelta(days=1)) == ["elsewhere", "new"]
    assert await found(insights(database, clock, days=5)) == ["elsewhere", "new"]


async def test_gaps_are_grouped(database: Database, stored_history: PostgresHistory, clock: Clock) -> None:
    """Refused, weak and down-voted questions go to the retriever; its groups are paged, the largest first."""
    await ask(stored_history, "well answered")
    down = await ask(stored_history, "voted down", url="https://d.test/a")
    await stored_history.rate_message("v1", down.answer_id, FeedbackGiven(rating="down"))
    await ask(stored_history, "weak", cited=False)
    await ask(stored_history, "refused", finish="refused", cited=False, url="https://d.test/a")
    clock.move(1)
    reader = insights(database, clock, [0, 2], [1])

    first = await reader.gaps(None, None, page_url="", limit=1, after="")
    assert first.next_cursor is not None
    clock.move(1)
    await ask(stored_history, "later", finish="refused")
    second = await reader.gaps(None, None, page_url="", limit=1, after=first.next_cursor)

    assert [one.question for one in first.items[0].examples] == ["refused", "voted down"]
    assert first.items[0].kinds == {"unanswered": 1, "down_voted": 1}
    assert [page.model_dump() for page in first.pages] == [{"page_url": "https://d.test/a", "count": 2}]
    assert (first.questions, first.truncated, first.degraded) == (3, False, [])
    assert [item.question for item in second.items] == ["weak"]
    assert second.next_cursor is None


@pytest.mark.parametrize("answer", [UpstreamUnavailableError("away"), [[0]], [[0, 1, 2, 2]]])
async def test_without_the_retriever_gaps_are_ungrouped(
    database: Database, stored_history: PostgresHistory, clock: Clock, answer: list[list[int]] | Exception
) -> None:
    """A retriever that is away, or makes no sense, costs the grouping and not the answer; it says so."""
    for content in ("Why so?", "why  SO?", "And how?"):
        await ask(stored_history, content, finish="refused")
    clock.move(1)
    groups = Groups()
    groups.answer = answer
    reader = Insights(database, groups, clock=clock, retention_days=None)

    found = await reader.gaps(None, None, page_url="", limit=10, after="")

    assert [item.count for item in found.items] == [2, 1]
    assert found.degraded == ["groups"]
    assert groups.texts == ["And how?", "why  SO?", "Why so?"]


async def test_no_gap_is_no_group(database: Database, stored_history: PostgresHistory, clock: Clock) -> None:
    """Where everything was answered nobody is asked to group anything; what is erased is gone from here."""
    await ask(stored_history, "Why?", finish="refused")
    clock.move(1)
    reader = insights(database, clock, [0])
    assert (await reader.gaps(None, None, page_url="", limit=10, after="")).questions == 1
    await stored_history.erase_visitor("v1")
    found = await reader.gaps(None, None, page_url="", limit=10, after="")
    assert (found.items, found.degraded, found.questions) == ([], [], 0)
