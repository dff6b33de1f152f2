"""The limiter over a real Redis: shared by replicas, and in nobody's way when it is lost."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.limits.memory import MemoryLimiter
from gateway.limits.rates import Asked, Rate, Verdict
from gateway.limits.redis import COMMAND_S, CONNECTIONS, PAUSE_S, PREFIX, RedisLimiter
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

TEN = Asked("ask-visitor:v_1", "ask-visitor", Rate(10, 86_400))
THREE = Asked("ask-address:192.0.2.1", "ask-address", Rate(3, 86_400))
MANY = Asked("read-visitor:v_1", "read-visitor", Rate(1000, 366 * 86_400))
PASSWORD = "nobody-must-read-this"
PATIENT_S = 20.0
"""A machine that is busy with others is no lost Redis."""
SLACK_S = 5.0


class Clock:
    """Stands still until it is moved; the pause of a lost Redis is counted by it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def limiting(
    url: str,
    *,
    count: int = 1,
    clock: Clock | None = None,
    deadline_s: float = PATIENT_S,
    memory: MemoryLimiter | None = None,
) -> AsyncIterator[list[RedisLimiter]]:
    """So many replicas, each with a count of its own unless it is given."""
    clock = clock or Clock()
    limiters = [
        RedisLimiter(url, memory=memory or MemoryLimiter(), deadline_s=deadline_s, clock=clock)
        for _ in range(count)
    ]
    try:
        yield limiters
    finally:
        for limiter in limiters:
            await limiter.close()


def allowed(verdicts: list[Verdict]) -> int:
    """How many passed."""
    return sum(verdict.allowed for verdict in verdicts)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of Redis: lost, or back."""
    return [
        record.getMessage().split(" ")[2].strip(":")
        for record in caplog.records
        if record.name == "gateway.limits.redis"
    ]


async def test_two_replicas_share_one_limit(server: RedisServer) -> None:
    """However requests fall on the replicas, also at once, the quota passes and no more."""
    async with limiting(server.url, count=2) as (one, two):
        verdicts = await asyncio.gather(*(n.take((TEN, MANY)) for _ in range(40) for n in (one, two)))
        assert allowed(verdicts) == 10
        assert (await one.take((MANY,))).remaining == 1000 - 11
        assert (await two.take((MANY,))).remaining == 1000 - 12


async def test_what_another_replica_refuses_costs_nothing_here(server: RedisServer) -> None:
    """A request refused by Redis leaves this process's own count as it was."""
    memory = MemoryLimiter()
    async with limiting(server.url) as (one,), limiting(server.url, memory=memory) as (two,):
        for _ in range(3):
            await one.take((THREE,))
        for _ in range(5):
            assert not (await two.take((THREE, TEN))).allowed
    assert (memory.take_now((THREE,)).remaining, memory.take_now((TEN,)).remaining) == (2, 9)


async def test_keys_expire_with_their_bucket(server: RedisServer) -> None:
    """A key lives until its bucket is full, and no longer; nothing else is written."""
    async with limiting(server.url) as (limiter,):
        await limiter.take((TEN, THREE))
        assert sorted(server.ask("KEYS", "*")) == sorted(
            f"{PREFIX}{ask.key}".encode() for ask in (TEN, THREE)
        )
        left = [server.ask("PTTL", PREFIX + ask.key) for ask in (TEN, THREE)]
        assert 8_580_000 < left[0] <= 8_640_000
        assert 28_740_000 < left[1] <= 28_800_000


async def test_a_refused_request_is_not_asked_of_redis_again(server: RedisServer) -> None:
    """What this process alone has to refuse costs Redis no command: a flood ends here."""
    async with limiting(server.url) as (limiter,):
        for _ in range(3):
            await limiter.take((THREE,))
        before = commands(server)
        for _ in range(100):
            assert not (await limiter.take((THREE,))).allowed
        assert commands(server) == before


def commands(server: RedisServer) -> int:
    """How many scripts the server has run."""
    calls = server.ask("INFO", "commandstats")
    return sum(entry["calls"] for name, entry in calls.items() if name.startswith("cmdstat_eval"))


async def test_a_forgotten_script_is_told_again(server: RedisServer) -> None:
    """SCRIPT FLUSH, or a server that is new behind the same address, is no failure."""
    async with limiting(server.url) as (limiter,):
        await limiter.take((TEN,))
        server.ask("SCRIPT", "FLUSH")
        assert (await limiter.take((TEN,))).remaining == 8
        assert limiter.check().status == "ok"


async def test_what_cannot_be_a_bucket_is_not_believed(server: RedisServer) -> None:
    """A time far ahead (a clock was set back) is an empty bucket, one long past or none at all a full one."""
    server.ask("SET", PREFIX + THREE.key, "9007199254740991")
    async with limiting(server.url) as (limiter,):
        refused = await limiter.take((THREE,))
        assert (refused.allowed, refused.retry_after_s) == (False, 28_800)
        for written in ("rubbish", "1"):
            server.ask("SET", PREFIX + THREE.key, written)
            verdict = await limiter.take((THREE,))
            assert (verdict.remaining, verdict.full_in) == (2, THREE.rate.interval)
            limiter._memory.give_back((THREE,))


async def test_connections_are_bounded(server: RedisServer) -> None:
    """However many ask at once, so many connections are open."""
    async with limiting(server.url) as (limiter,):
        await asyncio.gather(*(limiter.take((MANY,)) for _ in range(200)))
        # The one that counts them is one, too.
        assert server.ask("INFO", "clients")["connected_clients"] <= CONNECTIONS + 1


async def test_a_killed_redis_is_missed_by_nobody(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed and started again: requests go on, counted here; loss and return are said once each."""
    clock = Clock()
    with caplog.at_level(logging.INFO):
        async with limiting(server.url, clock=clock) as (limiter,):
            assert (await limiter.take((TEN,))).remaining == 9
            server.kill()
            left = [(await limiter.take((TEN,))).remaining for _ in range(4)]
            assert left == [8, 7, 6, 5]
            assert limiter.check().status == "degraded"
            clock.now += PAUSE_S
            await limiter.take((TEN,))
            await settled(limiter)
            assert said(caplog) == ["lost"]
            server.start()
            await found_again(limiter, clock)
            assert said(caplog) == ["lost", "back"]
            # The new server knows nothing, this process still does.
            assert server.ask("DBSIZE") == 0
            assert allowed([await limiter.take((TEN,)) for _ in range(9)]) == 4
            assert server.ask("KEYS", "*") == [(PREFIX + TEN.key).encode()]


async def test_a_lost_redis_is_tried_once_a_pause(tmp_path: Path) -> None:
    """While it is lost requests do not even try: one trial a pause, which no request waits for."""
    clock = Clock()
    tried = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        await reader.read()
        writer.close()

    async with (
        pretending(hang, tmp_path) as url,
        limiting(url, clock=clock, deadline_s=COMMAND_S) as (limiter,),
    ):
        for expected in (1, 2, 3):
            async with asyncio.timeout(COMMAND_S + SLACK_S):
                for _ in range(200):
                    assert (await limiter.take((MANY,))).allowed
            await settled(limiter)
            assert tried == expected
            clock.now += PAUSE_S


async def test_a_hung_redis_delays_nobody_by_more_than_its_deadline(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Frozen in the middle of many requests: all are answered by the deadline, the later ones at once."""
    clock = Clock()
    with caplog.at_level(logging.INFO):
        async with limiting(server.url, clock=clock, deadline_s=1.0) as (limiter,):
            await limiter.take((MANY,))
            server.signal(signal.SIGSTOP)
            async with asyncio.timeout(1.0 + SLACK_S):
                verdicts = await asyncio.gather(*(limiter.take((MANY,)) for _ in range(100)))
            assert allowed(list(verdicts)) == 100
            coroutine = limiter.take((MANY,))
            with pytest.raises(StopIteration) as finished:
                coroutine.send(None)
            assert finished.value.value.remaining == 1000 - 102
            server.signal(signal.SIGCONT)
            await found_again(limiter, clock)
            # Each answer is its own question's, not one that came too late.
            assert (await limiter.take((THREE,))).remaining == 2
            assert (await limiter.take((TEN,))).remaining == 9
    assert said(caplog) == ["lost", "back"]


async def test_a_request_that_ends_leaves_no_answer_behind(server: RedisServer) -> None:
    """A client that left while Redis was asked: its late answer is nobody else's."""
    async with limiting(server.url) as (limiter,):
        await limiter.take((TEN,))
        server.signal(signal.SIGSTOP)
        leaving = asyncio.get_running_loop().create_task(limiter.take((TEN,)))
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.wait([leaving])
        server.signal(signal.SIGCONT)
        assert leaving.cancelled()
        assert (await limiter.take((THREE,))).remaining == 2
        assert limiter.check().status == "ok"


RUBBISH = (
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"+OK\r\n",
    b":1\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*1\r\n:1\r\n",
    b"*2\r\n:1\r\n$2\r\nab\r\n",
    b"*2\r\n:7\r\n:1\r\n",
    b"*2\r\n:1\r\n:-1\r\n",
    b"*2\r\n:1\r\n:9999999999999\r\n",
    b"*3\r\n:1\r\n:1\r\n:1\r\n",
    b"*x\r\n",
    b":\xff\xfe\r\n",
    b"$99999999999\r\nab\r\n",
    b"-ERR unknown command 'AUTH' with args beginning with: '" + PASSWORD.encode() + b"'\r\n",
    b"-NOSCRIPT no\r\n",
    b"\x00" * 100,
    b"*1\r\n" * 3000,
    b"\r\n",
    b"",
)


@pytest.mark.parametrize("rubbish", RUBBISH, ids=lambda rubbish: repr(rubbish[:20]))
async def test_rubbish_is_no_answer(rubbish: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A server that says anything but what the script says is a lost one, and is never quoted."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096) and rubbish:
            writer.write(rubbish)
        writer.close()

    async with (
        pretending(answer, tmp_path) as url,
        limiting(f"{url}?password={PASSWORD}", deadline_s=COMMAND_S) as (limiter,),
    ):
        async with asyncio.timeout(COMMAND_S + SLACK_S):
            assert (await limiter.take((TEN,))).remaining == 9
        assert limiter.check().status == "degraded"
        assert (await limiter.take((TEN,))).remaining == 8
    assert PASSWORD not in caplog.text


@asynccontextmanager
async def pretending(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], folder: Path
) -> AsyncIterator[str]:
    """A server that is no Redis; give its address."""
    server = await asyncio.start_unix_server(answer, folder / "pretender.sock")
    async with server:
        yield f"unix://{folder}/pretender.sock"


async def test_a_password_is_used_and_a_wrong_one_is_a_loss(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The right one lets us in; the wrong one means counting here, and neither is told."""
    server = RedisServer(tmp_path, "--requirepass", PASSWORD)
    server.start()
    try:
        for password, status in ((PASSWORD, "ok"), ("wrong-" + PASSWORD, "degraded")):
            url = server.url.replace("unix://", f"unix://:{password}@")
            async with limiting(url) as (limiter,):
                assert (await limiter.take((TEN,))).allowed
                assert limiter.check().status == status
    finally:
        server.kill()
    assert PASSWORD not in caplog.text


async def test_over_tcp_and_where_nobody_listens() -> None:
    """A refused connection is a lost Redis at the first request."""
    async with limiting("redis://127.0.0.1:1/0") as (limiter,):
        assert (await limiter.take((TEN,))).remaining == 9
        assert limiter.check().status == "degraded"


async def settled(limiter: RedisLimiter) -> None:
    """Wait for the end of a trial that is going on."""
    if limiter._trial is not None:
        await asyncio.wait([limiter._trial])


async def found_again(limiter: RedisLimiter, clock: Clock) -> None:
    """Go on asking, a pause later, until Redis is back."""
    async with asyncio.timeout(20):
        while limiter.check().status != "ok":
            clock.now += PAUSE_S
            await limiter.take((MANY,))
            await settled(limiter)
    await eventually(lambda: limiter.check().status == "ok")
