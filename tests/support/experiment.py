"""One fault under a fleet: what clients saw, whether health told, how long it took, what the ledger says."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.support.fleet import Client, audit
from tests.support.librarian import Librarian
from tests.support.truth import TRUTH_S, HealthWatch, lies
from tests.support.waiting import eventually

CLIENTS = 4
PAUSE_S = 0.3
RECOVERY_S = 60.0
"""How long anything may take at most to be as before; what it took is printed."""
RESULTS = "FAULTS_RESULTS"
"""The variable that names the file to which each experiment adds its row."""


@dataclass
class Row:
    """What came of one experiment."""

    fault: str
    seen: str = ""
    told_s: float | None = None
    """After how long ``/health`` told of it; nothing where it is not to."""
    recovery_s: float | None = None
    """From the end of the fault (for what is gone: from its beginning) until everybody is answered again."""
    ledger: str = "not compared"


@dataclass
class Experiment:
    """A fault to be made under clients at work. Times are of the monotonic clock, in seconds."""

    address: str
    row: Row
    clients: list[Client]
    librarian: Librarian
    health: HealthWatch
    began: float = 0.0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def begins(self) -> None:
        """The fault is made now."""
        self.began = time.monotonic()

    async def told(self, *parts: str) -> None:
        """Wait until ``/health`` says that each of ``parts`` (or one of its alternatives, ``a|b``) is ill."""
        for part in parts:
            said = await self.health.says(lambda s, p=part: any(map(s.ill, p.split("|"))), since=self.began)  # type: ignore[misc]  # a lambda with a default
            self.row.told_s = max(self.row.told_s or 0.0, said.at - self.began)

    async def told_or_back(self, *parts: str) -> None:
        """Wait for :meth:`told`; where all are answered again before that, there was nothing to tell."""
        told = asyncio.ensure_future(self.told(*parts))
        back = asyncio.ensure_future(self.works(since=self.began))
        first, others = await asyncio.wait({told, back}, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        await asyncio.gather(*first)

    async def works(self, *, since: float, within: float = RECOVERY_S) -> float:
        """Wait until every client was answered whole what it asked from ``since`` on; return when."""

        def all_answered() -> bool:
            return all(_first_end(client, since) is not None for client in self.clients)

        try:
            await eventually(all_answered, within=within)
        except TimeoutError:
            raise AssertionError(f"not all were answered within {within:.0f} s: {self.seen()}") from None
        ends = [_first_end(client, since) for client in self.clients]
        return max(end for end in ends if end is not None)

    async def recovered(self, *, since: float | None = None, told: bool = True) -> None:
        """Wait until all is as before the fault, which ended at ``since`` (now), and ``/health`` says so.

        Unless ``told`` health is not waited for: a breaker leaves what failed alone for a while.
        """
        since = time.monotonic() if since is None else since
        self.row.recovery_s = await self.works(since=since) - since
        if told:
            await self.health.says(lambda s: s.status == "ok", since=time.monotonic(), within=RECOVERY_S)

    async def sees(self, *words: str, within: float = 30.0) -> None:
        """Wait until clients have met each of ``words`` from now on."""
        before = self.seen()
        await eventually(lambda: all(self.seen()[word] > before[word] for word in words), within=within)

    def seen(self) -> Counter[str]:
        """Return what all of them met so far."""
        found: Counter[str] = Counter()
        for client in self.clients:
            found.update(client.seen)
        return found + self.librarian.seen

    async def compare(self) -> list[str]:
        """Return how what is stored differs from what was promised; and what health said wrongly."""
        others = tuple(self.clients)
        problems = [
            f"health: {lie}"
            for lie in lies(self.health.samples, [end for client in others for _, end in client.answered])[:3]
        ]
        for client in others:
            problems += await audit(client, tuple(other for other in others if other is not client)[:1])
        return problems + await self.librarian.audit()


@asynccontextmanager
async def experiment(address: str, admin_key: str, fault: str) -> AsyncIterator[Experiment]:
    """The fleet at work within the block; afterwards the ledger is compared, and the row written."""
    here = Experiment(
        address,
        Row(fault),
        [Client(address, pause_s=PAUSE_S) for _ in range(CLIENTS)],
        Librarian(address, admin_key),
        HealthWatch(address),
    )
    stop = asyncio.Event()
    works = [client.run(stop) for client in here.clients]
    fleet = [asyncio.ensure_future(work) for work in (*works, here.librarian.run(stop))]
    watch = asyncio.ensure_future(here.health.run(stop))
    try:
        await here.works(since=time.monotonic())
        yield here
        stop.set()
        async with asyncio.timeout(2 * RECOVERY_S):
            await asyncio.gather(*fleet, watch)
        await _judge(here)
    finally:
        for task in (*fleet, watch):
            task.cancel()
        await asyncio.wait([*fleet, watch], timeout=10)
        for client in here.clients:
            client.part()
        _write(here.row)


def _first_end(client: Client, since: float) -> float | None:
    return next((end for asked, end in client.answered if asked >= since), None)


async def _judge(here: Experiment) -> None:
    here.row.seen = ", ".join(f"{word} {count}" for word, count in sorted(here.seen().items()))
    problems = await here.compare()
    questions = sum(len(client.promises) for client in here.clients)
    documents = len(here.librarian.acknowledged)
    here.row.ledger = f"{questions} questions and {documents} documents: " + (
        f"{len(problems)} PROBLEMS" if problems else "none missing, none doubled"
    )
    assert not problems, "\n".join(problems[:20])


def _write(row: Row) -> None:
    if path := os.environ.get(RESULTS):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def table(rows: Sequence[Row]) -> str:
    """Return ``rows`` as a table in Markdown."""
    lines = ["| fault | what clients saw | told after | recovered after | ledger |", "|---|---|---|---|---|"]
    for row in rows:
        told, recovered = (
            "" if seconds is None else f"{seconds:.1f} s" for seconds in (row.told_s, row.recovery_s)
        )
        lines.append(f"| {row.fault} | {row.seen} | {told} | {recovered} | {row.ledger} |")
    return "\n".join(lines) + "\n"


__all__ = ["TRUTH_S", "Experiment", "Row", "experiment", "table"]
