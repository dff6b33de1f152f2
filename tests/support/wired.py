"""Carrel with a proxy on every way between its parts, over a database, a Redis and a Cohere of the tests."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import book
from tests.support.fake_cohere import KEY, FakeCohere, app_of
from tests.support.in_thread import in_thread
from tests.support.postgres import PostgresServer
from tests.support.redis_server import RedisServer
from tests.support.server import serving
from tests.support.system import Carrel
from tests.support.tcp_proxy import TcpProxy


@dataclass
class Wired:
    """What there is, and the ways between: each is a proxy that misbehaves on demand."""

    carrel: Carrel
    postgres: PostgresServer
    redis: RedisServer
    cohere: FakeCohere
    ways: dict[str, TcpProxy]
    """By where they lead to: ``chat_ws``, ``retriever``, ``postgres``, ``redis``, ``cohere``."""
    hand: ThreadPoolExecutor
    """The thread that starts the database, which ends with the thread that started it."""


@contextmanager
def cohere_in_thread() -> Iterator[FakeCohere]:
    """Serve a fake Cohere from a thread of its own, so that tests in any loop may use it."""
    fake = FakeCohere()
    with in_thread(lambda: serving(app_of(fake))) as (port, _):
        fake.url = f"http://127.0.0.1:{port}"
        yield fake


@contextmanager
def wired(folder: Path, postgres: PostgresServer, **variables: str) -> Iterator[Wired]:
    """Run it within the block, with the small book in it."""
    with ExitStack() as stack:
        redis = RedisServer(folder)
        stack.callback(redis.kill)
        redis.start()
        hand = stack.enter_context(ThreadPoolExecutor(1))
        stack.callback(lambda: postgres.stop() if postgres.runs else None)
        hand.submit(postgres.start).result()
        cohere = stack.enter_context(cohere_in_thread())
        carrel = Carrel(folder)
        upstreams: dict[str, int | str] = {
            "chat_ws": int(carrel.env["CHAT_PORT"]),
            "retriever": int(carrel.env["RETRIEVER_PORT"]),
            "postgres": postgres.socket,
            "redis": str(folder / "redis.sock"),
            "cohere": int(cohere.url.rpartition(":")[2]),
        }
        ways = {name: stack.enter_context(TcpProxy(end).running()) for name, end in upstreams.items()}
        carrel.env |= {
            "CHAT_URL": f"http://127.0.0.1:{ways['chat_ws'].port}",
            "RETRIEVER_URL": f"http://127.0.0.1:{ways['retriever'].port}",
            "DATABASE_URL": postgres.url_at(ways["postgres"].port, postgres.url()),
            "REDIS_URL": f"redis://127.0.0.1:{ways['redis'].port}",
            "COHERE_BASE_URL": f"http://127.0.0.1:{ways['cohere'].port}",
            "COHERE_API_KEY": KEY,
            "COHERE_MONTHLY_CALLS": "0",
            # A retriever that says nothing is given up after a minute; here nobody waits so long.
            "ANSWER_TIMEOUT_S": "6",
            **QUIET,
            **LIMITED,
            **variables,
        }
        stack.callback(carrel.close)
        carrel.start(within=90)
        carrel.carrel("ingest", book.write(folder / "book"))
        yield Wired(carrel, postgres, redis, cohere, ways, hand)


QUIET = {"LIMITS": "off", "LOG_LEVEL": "warning", "EMBEDDING_MODEL_DIR": "no-model"}
"""Settings under which a fleet from one address is not limited, and a start is quick."""
_RATES = ("ASK", "SEARCH", "SOCKET", "READ")
_OF_ADDRESSES = (*_RATES, "SESSION", "OWNER", "PUBLIC", "REFUSED")
LIMITED = {
    "LIMITS": "on",
    "MESSAGES_PER_MINUTE": "100000",
    **{f"RATE_{name}_VISITOR": "10000/s" for name in _RATES},
    **{f"RATE_{name}_ADDRESS": "10000/s" for name in _OF_ADDRESSES},
}
"""Every request is counted, in Redis, and none is too many."""
