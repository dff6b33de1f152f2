"""What is measured of one system at a time, and in which order."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from bench.compare.found import Cut, Found, Step
from bench.compare.page import Page, numbers
from bench.compare.systems.carrel import DOCUMENTS
from bench.compare.visiting import System, Visitor
from bench.figures import percentile
from bench.overhead import questions
from bench.process import CannotMeasureError, pss_kb
from tests.support.chat_client import LOST

START_S = 180.0
IDLE_S = 10.0
SHORT_WORDS = 20
PACE_S = 0.2
CUT_S = (2.0, 6.0)
CUT_WORDS = 50
OPENING = 20
"""So many connect at the same time."""
BROKEN = (*LOST, CannotMeasureError, httpx.HTTPError)


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    repetitions: int = 3
    questions: int = 100
    words: int = 100
    """Of an answer, where many are told at once."""
    steps: tuple[int, ...] = (25, 50, 100, 200, 400, 800)
    cuts: int = 20
    seed: int = 1


@dataclass
class Bench:
    """One system, and the model that it asks."""

    system: System
    model: str
    """The fake's address."""
    plan: Plan
    found: Found
    _asked: Iterator[str] = field(default_factory=lambda: _questions())

    async def measure(self) -> None:
        """Measure everything; raise :class:`CannotMeasureError` when something breaks."""
        try:
            await self._everything()
        except (*LOST, httpx.HTTPError, ExceptionGroup) as error:
            raise CannotMeasureError(f"{self.system.name}: {_innermost(error)!r}") from error

    async def _everything(self) -> None:
        await self._first_start()
        for _ in range(self.plan.repetitions):
            await self._cold()
            await self._idle()
        async with self._started():
            await self._first_words()
            await self._at_once()
            await self._cut()

    async def _first_start(self) -> None:
        async with self._started() as began:
            self.found.first_start_s = time.monotonic() - began
            await self.system.prepare()

    async def _cold(self) -> None:
        """Start, and ask at once."""
        await self._tell(SHORT_WORDS, 0.0)
        async with self._started() as began, _entered(await self.system.visitors(1)) as (visitor,):
            page = await self._answer(visitor, SHORT_WORDS)
            assert page.first_ns is not None
            self.found.answered_s.append(page.first_ns / 1e9 - began)

    async def _idle(self) -> None:
        """Start, and leave it alone."""
        async with self._started() as began:
            self.found.ready_s.append(time.monotonic() - began)
            await asyncio.sleep(IDLE_S)
            self.found.idle_mb.append(sum(map(pss_kb, self.system.pids())) / 1024)

    async def _first_words(self) -> None:
        """Ask one question after another, over one connection a repetition."""
        await self._tell(SHORT_WORDS, 0.0)
        for _ in range(self.plan.repetitions):
            async with _entered(await self.system.visitors(1)) as (visitor,):
                pages = [await self._answer(visitor, SHORT_WORDS) for _ in range(self.plan.questions)]
            self.found.lacking += visitor.lacking
            self.found.first_ms.append([page.first_ms for page in pages if page.first_ms is not None])

    async def _at_once(self) -> None:
        """Try more and more streams until it does not hold them, then the middle of the last two."""
        for count in self.plan.steps:
            if not await self._holds(count):
                await self._holds((self.found.held + count) // 2)
                return

    async def _holds(self, count: int) -> bool:
        """Try twice: a machine has its moments."""
        return await self._step(count) or await self._step(count)

    async def _step(self, count: int) -> bool:
        visitors = await self.system.visitors(count)
        await self._tell(self.plan.words, PACE_S)
        async with _entered(visitors):
            pages = await asyncio.gather(*(self._late(one, count, at) for at, one in enumerate(visitors)))
            late_ms = [late for page in pages if page is not None for late in page.late_ms]
            step = Step(
                clients=count,
                whole=sum(page is not None and page.whole for page in pages),
                at_once=(await self._told())["most"],
                late_p95_ms=percentile(late_ms, 0.95),
                failed=sum(page is None for page in pages),
                lacking=sum(visitor.lacking for visitor in visitors),
            )
        self.found.steps.append(step)
        return step.held

    async def _late(self, visitor: Visitor, count: int, at: int) -> Page | None:
        """Ask in turn; nothing for an answer that failed, or whose connection was lost.

        All have asked when the first answer is half told.
        """
        await asyncio.sleep(self.plan.words * PACE_S / 2 * at / count)
        try:
            async with asyncio.timeout(3 * self.plan.words * PACE_S):
                page = await visitor.ask(next(self._asked), words=self.plan.words)
        except (*BROKEN, ExceptionGroup):
            return None
        return page if not visitor.breaks else None

    async def _cut(self) -> None:
        """Cut many answers, each in its middle."""
        chance = random.Random(self.plan.seed)
        visitors = await self.system.visitors(self.plan.cuts)
        await self._tell(CUT_WORDS, PACE_S)
        async with _entered(visitors):
            cuts = [self._one_cut(visitor, chance.uniform(*CUT_S)) for visitor in visitors]
            self.found.cuts += await asyncio.gather(*cuts)

    async def _one_cut(self, visitor: Visitor, after_s: float) -> Cut:
        asyncio.get_running_loop().call_later(after_s, visitor.cut)
        try:
            page = await self._answer(visitor, CUT_WORDS)
        except TimeoutError:
            page = visitor.page  # it was never told that the answer has ended
        if not visitor.breaks:
            raise CannotMeasureError(f"{self.system.name}: an answer was not cut")
        stored = numbers(await visitor.reloaded())
        whole = stored == numbers(page.text) and page.whole
        return Cut(page.lost if page.holes is None else page.holes, page.lost, page.doubled, whole)

    async def _answer(self, visitor: Visitor, words: int) -> Page:
        async with asyncio.timeout(60):
            return await visitor.ask(next(self._asked), words=words)

    async def _tell(self, words: int, pace_s: float) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.put(f"{self.model}/telling", json={"words": words, "pace_s": pace_s})

    async def _told(self) -> dict[str, int]:
        async with httpx.AsyncClient(trust_env=False) as http:
            told: dict[str, int] = (await http.get(f"{self.model}/telling")).json()
            return told

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[float]:
        """Start the system, and end it; give when it was begun, as soon as it answers."""
        began = time.monotonic()
        try:
            self.system.begin()
            while not await self._ready():
                if time.monotonic() > began + START_S:
                    raise CannotMeasureError(f"{self.system.name} did not start")
                await asyncio.sleep(0.05)
            yield began
        finally:
            self.system.end()

    async def _ready(self) -> bool:
        self.system.check()
        try:
            return await self.system.ready()
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def _entered(visitors: list[Visitor]) -> AsyncIterator[list[Visitor]]:
    """Let ``visitors`` come, a few at a time, and go."""
    gate = asyncio.Semaphore(OPENING)

    async def enter(visitor: Visitor) -> None:
        async with gate:
            await visitor.enter()

    try:
        await asyncio.gather(*(enter(visitor) for visitor in visitors))
        yield visitors
    finally:
        await asyncio.gather(*(visitor.leave() for visitor in visitors))


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _questions() -> Iterator[str]:
    """Yield questions about Carrel's documents, no two alike."""
    texts = [path.read_text() for path in DOCUMENTS]
    some = questions(texts, count=100)
    for number in itertools.count():
        yield f"{some[number % len(some)]} ({number})"
