"""``python -m bench.database``: message writes a second on the embedded PostgreSQL, beside bare psycopg2.

The service's own code path: the pool, its threads, the lookup of duplicates, the history that goes with a
question. The bare loop writes the same rows, with as many connections and threads, and does nothing else.
Both sides take turns over the same server, which waits for its disk as in production (fsync).
"""

import argparse
import asyncio
import itertools
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg2
import uvloop

from chat_ws.app import new_id
from chat_ws.database.history import PostgresHistory
from chat_ws.database.migrate import migrate
from chat_ws.database.postgres import Database, json
from chat_ws.database.queries import load
from chat_ws.ports import Ending
from shared.contracts.chat_ws import MessageCreate
from tests.support.postgres import PostgresServer

CONNECTIONS = 8
ASKING = 64
"""Visitors that ask at the same time."""
FLOOR, RATIO = 1500, 0.5
_QUESTION = "How often is the wick of the lamp trimmed, and by whom? " * 2
_ANSWER = "The wick of a lamp is trimmed every four hours by the keeper on watch. " * 6


@dataclass
class Count:
    """What one side did in one turn."""

    writes: int = 0
    """Commits: one for a question with the place of its answer, one for the finished answer."""
    seconds: float = 0.0
    cpu_s: float = 0.0
    """Of this process, over all threads: what another load on the machine changes least."""

    @property
    def cpu_us(self) -> float:
        """Processor time a write."""
        return self.cpu_s / self.writes * 1e6

    @property
    def rate(self) -> float:
        """Writes a second."""
        return self.writes / self.seconds


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


async def service(url: str, seconds: float) -> Count:
    """Write as the chat service does, for ``seconds``."""
    database = Database(url, connections=CONNECTIONS)
    history = PostgresHistory(database, clock=now, new_id=new_id, replica_id="replica_1")
    count, begun, cpu = Count(), time.perf_counter(), time.process_time()

    async def visitor(name: str) -> None:
        while time.perf_counter() - begun < seconds:
            frame = MessageCreate(client_message_id=uuid4(), content=_QUESTION)
            stored = await history.create_message(name, frame)
            await history.end_run(
                Ending(stored.run_id, stored.answer_id, _ANSWER, (), "completed", "complete", (), 9, None)
            )
            count.writes += 2

    await asyncio.gather(*(visitor(f"visitor_{number}") for number in range(ASKING)))
    count.seconds, count.cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    await database.close()
    return count


def bare(url: str, seconds: float) -> Count:
    """Write the same rows with psycopg2 alone, for ``seconds``."""
    sql = load()
    inserts = ("insert_conversation", "insert_user_message", "insert_assistant_message", "insert_run")
    ask, end = "".join(sql[name] for name in inserts), sql["end_run"]
    count, guard = Count(), threading.Lock()
    begun, cpu = time.perf_counter(), time.process_time()

    def loop() -> None:
        connection = psycopg2.connect(url)
        for number in itertools.count():
            if time.perf_counter() - begun >= seconds:
                break
            values = _row(number)
            for statement in (ask, end):
                with connection.cursor() as cursor:
                    cursor.execute(statement, values)
                connection.commit()
        connection.close()
        with guard:
            count.writes += 2 * number

    threads = [threading.Thread(target=loop) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count.seconds, count.cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    return count


def _row(number: int) -> dict[str, object]:
    names = ("conversation_id", "message_id", "answer_id", "run_id", "client_message_id")
    return {name: str(uuid4()) for name in names} | {
        "visitor_id": f"bare_{number % ASKING}",
        "replica_id": "replica_1",
        "title": _QUESTION[:80],
        "content": _QUESTION,
        "fingerprint": "f" * 64,
        "asked": json({}),
        "again_id": None,
        "again_fingerprint": None,
        "citations": json([]),
        "status": "completed",
        "finish_reason": "complete",
        "degraded": json([]),
        "last_sequence": 9,
        "error": None,
        "added": 2,
        "now": now(),
    }


def measure(url: str, *, reps: int, seconds: float) -> dict[str, list[Count]]:
    """Return each side's counts; the sides take turns, each begins every other repetition."""
    sides: list[tuple[str, Callable[[], Count]]] = [
        ("service", lambda: uvloop.run(service(url, seconds))),
        ("bare", lambda: bare(url, seconds)),
    ]
    for _, side in sides:
        side()  # warms the server up
    counts: dict[str, list[Count]] = {name: [] for name, _ in sides}
    for number in range(reps):
        for name, side in sides if number % 2 else reversed(sides):
            counts[name].append(side())
    return counts


def main() -> None:
    """Measure and print; exit code 1 when a bound is not met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            uvloop.run(_prepare(server.url()))
            counts = measure(server.url(), reps=wanted.reps, seconds=wanted.seconds)
        finally:
            server.stop()
    raise SystemExit(not report(counts))


def report(counts: dict[str, list[Count]]) -> bool:
    """Print the figures; return whether the bounds are met."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{cores} cores, load {load:.1f}, Python {platform.python_version()}, {CONNECTIONS} connections")
    for name, found in counts.items():
        rates = [count.rate for count in found]
        cpu = statistics.median(count.cpu_us for count in found)
        print(
            f"{name:8} {statistics.median(rates):6.0f} message writes/s"
            f" ({min(rates):.0f} to {max(rates):.0f}), {cpu:.0f} us of CPU each"
        )
    pairs = zip(counts["service"], counts["bare"], strict=True)
    ratio = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
    met = statistics.median(count.rate for count in counts["service"]) >= FLOOR and ratio >= RATIO
    print(f"service / bare {ratio:.2f}, bounds {FLOOR}/s and {RATIO}: {'met' if met else 'NOT MET'}")
    return met


async def _prepare(url: str) -> None:
    database = Database(url, connections=1)
    await migrate(database, now=now())
    await database.close()


if __name__ == "__main__":
    main()
