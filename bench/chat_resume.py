"""How answers fare when sockets are cut and chat services killed: whole, or honestly incomplete.

``python -m bench.chat_resume`` starts PostgreSQL, Redis, a scripted retriever and one or two chat services;
many conversations at once are told over sockets that live 50 to 500 ms. Ends everything it started. Exit code
1 when anything came that must not.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.chat_processes import TOKEN, ChatProcess, chat_processes, retriever, words_of
from tests.support.dropping import Dropping, Told
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer

LIFE_S = (0.05, 0.5)


@dataclass(frozen=True)
class Plan:
    """What is asked for: so many conversations with so many questions each, answered in so many words."""

    name: str
    conversations: int
    questions: int
    words: int
    interval_s: float
    replicas: int
    kills: int
    seed: int


async def converse(client: Dropping, number: int, plan: Plan) -> list[str]:
    """Ask question after question; return how each fared."""
    lines = []
    for turn in range(plan.questions):
        question = f"Conversation {number}, question {turn}?"
        told = await client.ask(question)
        lines.append(await verdict(client, told, "".join(words_of(question, plan.words))))
    return lines


async def verdict(client: Dropping, told: Told, whole: str) -> str:
    """Return how an answer fared, in few words; one that begins with ``wrong`` must not be."""
    message = await client.message(told)
    if told.wrong:
        return f"wrong: {told.wrong[0]}"
    if message["status"] != told.status or not whole.startswith(message["content"]):
        return f"wrong: told {told.status}, stored {message['status']}"
    if told.status == "completed" and (message["content"] != whole or (not told.gaps and told.text != whole)):
        return "wrong: completed, and not whole"
    return f"{told.status}{', with a gap' if told.gaps else ''}"


async def kill(processes: list[ChatProcess], plan: Plan, over: asyncio.Event) -> int:
    """Kill one service after another, each once the last is back; return how many were."""
    chosen, killed = random.Random(plan.seed), 0
    while killed < plan.kills and not over.is_set():
        await asyncio.sleep(1.0)
        victim = chosen.choice(processes)
        victim.kill()
        victim.launch()
        await victim.ready()
        killed += 1
    return killed


async def measure(plan: Plan, folder: Path, database_url: str, redis_url: str) -> bool:
    """Carry out ``plan`` and print what came of it; return whether all was as it must be."""
    began = time.monotonic()
    async with (
        retriever(words=plan.words, interval_s=plan.interval_s) as retriever_url,
        chat_processes(
            plan.replicas,
            folder,
            DATABASE_URL=database_url,
            RETRIEVER_URL=retriever_url,
            REDIS_URL=redis_url,
            MAX_RUNS="200",
        ) as processes,
    ):
        ports = [process.port for process in processes]
        clients = [
            Dropping(f"visitor_{number}", ports, token=TOKEN, life_s=LIFE_S, seed=plan.seed)
            for number in range(plan.conversations)
        ]
        over = asyncio.Event()
        killing = asyncio.get_running_loop().create_task(kill(processes, plan, over))
        found = await asyncio.gather(
            *(converse(client, number, plan) for number, client in enumerate(clients))
        )
        over.set()
        killed = await killing
    fared = Counter(line for lines in found for line in lines)
    sockets = sum(client.sockets for client in clients)
    print(f"{plan.name}: {plan.conversations} conversations, {sockets} sockets, {killed} kills,", end=" ")
    print(f"{time.monotonic() - began:.0f} s: {dict(fared)}", flush=True)
    return not any(line.startswith("wrong") for line in fared)


def plans(arguments: argparse.Namespace) -> list[Plan]:
    """Return what is to be carried out."""
    shape = (arguments.conversations, arguments.questions, arguments.words, arguments.interval_ms / 1000)
    return [
        Plan("one service", *shape, replicas=1, kills=0, seed=arguments.seed),
        Plan("two services", *shape, replicas=2, kills=0, seed=arguments.seed),
        Plan("two services, killed", *shape, replicas=2, kills=arguments.kills, seed=arguments.seed),
    ]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--questions", type=int, default=2)
    parser.add_argument("--words", type=int, default=100)
    parser.add_argument("--interval-ms", type=float, default=100)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as name:
        folder = Path(name)
        database, store = PostgresServer(folder / "data"), RedisServer(folder)
        database.start()
        store.start()
        try:
            well = [
                asyncio.run(measure(plan, folder, database.url(), store.url)) for plan in plans(arguments)
            ]
        finally:
            store.kill()
            database.stop()
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
