"""What many chat connections cost, and how late their words and heartbeats are.

``python -m bench.chat_connections`` puts a chat service on core 1, and PostgreSQL, Redis, the retriever and
the clients on core 0. Ends everything it started.
"""

import argparse
import asyncio
import gc
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.clients.chats import Chat, opened
from bench.process import Launch, Process, free_port
from tests.support.chat_processes import TOKEN, until_ready
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer

HEARTBEAT_S = 5.0
_SETTLE_S = 2.0


@dataclass(frozen=True)
class Plan:
    """How many connections, how fast each active one is answered, and for how long."""

    idle: int
    active: int
    interval_ms: float
    seconds: float


def percentile(values: list[float], share: float) -> float:
    """Return the value that ``share`` of ``values`` do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def measure(plan: Plan, chat: Process) -> None:
    """Open the connections, let them talk, and print what came of it."""
    await until_ready(chat.port)
    # What every first connection opens and imports is no connection's.
    for one in await opened(chat.port, 20, token=TOKEN, active=False):
        one.close()
    before = chat.memory_kb()
    idle = await opened(chat.port, plan.idle, token=TOKEN, active=False)
    await asyncio.sleep(_SETTLE_S)
    a_connection = (chat.memory_kb() - before) / plan.idle
    active = await opened(chat.port, plan.active, token=TOKEN, active=True)
    for one in active:
        one.ask()
        await asyncio.sleep(plan.interval_ms / 1000 / plan.active)
    cpu = chat.cpu_s()
    await asyncio.sleep(plan.seconds)
    cpu = chat.cpu_s() - cpu
    report(plan, idle, active, a_connection, cpu, chat.memory_kb())
    for one in [*idle, *active]:
        one.close()


def report(
    plan: Plan, idle: list[Chat], active: list[Chat], a_connection: float, cpu: float, memory_kb: float
) -> None:
    """Print the figures."""
    delays = [delay for one in active for delay in one.delays_ms]
    late = [
        (after - before - HEARTBEAT_S) * 1000
        for one in idle
        for before, after in zip(one.beats, one.beats[1:], strict=False)
    ]
    ended = sum((one.ended for one in active), Counter[str]())
    lost = sum(one.lost for one in [*idle, *active])
    print(
        f"{plan.idle} idle, {plan.active} active, a word each {plan.interval_ms:.0f} ms, {plan.seconds:.0f} s"
    )
    print(f"memory: {a_connection:.1f} KB an idle connection, {memory_kb / 1024:.0f} MB in the end")
    print(f"words: {len(delays)}, {len(delays) / plan.seconds:.0f}/s; retriever to client", end=" ")
    print(
        " ".join(f"p{share * 100:g} {percentile(delays, share):.1f}" for share in (0.5, 0.95, 0.99, 0.999)),
        "ms",
    )
    print(f"heartbeats: {len(late)}; late p99 {percentile(late, 0.99):.0f}, at most {max(late):.0f} ms")
    print(
        f"runs: {dict(ended)}; connections lost: {lost}; chat_ws: {cpu / plan.seconds:.2f} of a core",
        flush=True,
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=int, default=2000)
    parser.add_argument("--active", type=int, default=200)
    parser.add_argument("--interval-ms", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--without-redis", action="store_true")
    arguments = parser.parse_args()
    plan = Plan(arguments.idle, arguments.active, arguments.interval_ms, arguments.seconds)
    os.sched_setaffinity(0, {0})
    gc.disable()  # its pauses here would be told as the service's
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as name:
        folder = Path(name)
        database, store = PostgresServer(folder / "data"), RedisServer(folder)
        database.start()
        store.start()
        started: list[Process] = []
        try:
            for launch, core in _launches(plan, database.url(), "" if arguments.without_redis else store.url):
                started.append(Process(launch, core=core, folder=folder))
                started[-1].wait()
            asyncio.run(measure(plan, started[-1]))
        finally:
            for process in started:
                process.stop()
            store.kill()
            database.stop()


def _launches(plan: Plan, database_url: str, redis_url: str) -> list[tuple[Launch, int]]:
    retriever, chat = free_port(), free_port()
    pace = ["--words", "100", "--interval-ms", str(plan.interval_ms)]
    answers = [sys.executable, "-m", "bench.upstreams.answers", "--port", str(retriever), *pace]
    env = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RETRIEVER_URL": f"http://127.0.0.1:{retriever}",
        "INTERNAL_TOKEN": TOKEN,
        "CHAT_PORT": str(chat),
        "LIMITS": "off",
        "MAX_RUNS": "200",
        "HEARTBEAT_INTERVAL_S": str(HEARTBEAT_S),
    }
    return [
        (Launch("retriever", answers, retriever), 0),
        (Launch("chat_ws", [sys.executable, "-m", "chat_ws"], chat, env), 1),
    ]


if __name__ == "__main__":
    main()
