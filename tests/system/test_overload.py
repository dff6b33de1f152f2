"""Far more questions than can be answered: what is too much is refused, what was taken is answered."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.clients.visitors import Habits
from bench.load import Load
from tests.support import book
from tests.support.chat_client import ask, opened, session
from tests.support.fake_cohere import KEY
from tests.support.fleet import QUESTIONS
from tests.support.system import Carrel
from tests.support.wired import QUIET, cohere_in_thread

pytestmark = pytest.mark.system
RATE, SECONDS = 80.0, 8.0
SAYS_SO = {"overloaded", "429", "503", "1013"}


@pytest.fixture
def carrel(tmp_path: Path) -> Iterator[Carrel]:
    """A whole Carrel that searches for one question at a time, a tenth of a second each on any machine."""
    with cohere_in_thread() as cohere:
        ways = {"COHERE_API_KEY": KEY, "COHERE_BASE_URL": cohere.url, "COHERE_MONTHLY_CALLS": "0"}
        one = Carrel(tmp_path, **QUIET, **ways, MAX_SEARCHES="1", MAX_SEARCH_WAIT_S="0.1", MAX_WAIT_S="0.1")
        try:
            one.start(within=90)
            one.carrel("ingest", book.write(tmp_path / "book"))
            cohere.latency_s = 0.1
            yield one
        finally:
            one.close()


async def test_what_is_too_much_is_refused(carrel: Carrel) -> None:
    """Refusals say to come again; no process ends, health stays well, nothing that was taken gets lost."""
    before = carrel.pids()
    numbers = itertools.count()
    questions = (f"{question} ({next(numbers)})" for question in itertools.cycle(QUESTIONS))
    load = Load(int(carrel.env["PORT"]), questions, seed=1)
    load.habits = Habits(questions=1.5, cut=0.3)
    coming = asyncio.create_task(load.come())
    await load.at(RATE, SECONDS, settle_s=0.0)
    health = await asyncio.to_thread(carrel.get, "/health")
    await load.leave()
    coming.cancel()

    tally = load.tally
    assert health.json()["status"] in ("ok", "degraded"), health.text
    assert tally.refused
    assert {code for _, code in tally.refused} <= SAYS_SO
    assert sum(one.outcome == "answered" for one in tally.asked) > SECONDS
    assert [one for one in tally.asked if one.lost] == []
    assert {one.outcome for one in tally.asked} <= SAYS_SO | {"answered", "left"}
    assert tally.wrong == []
    assert carrel.pids() == before
    async with opened(carrel.address, await session(carrel.address)) as socket:
        assert (await ask(socket, QUESTIONS[0]))[-1]["status"] == "completed"
