"""The pool of connections to one service."""

import asyncio
import socket
from contextlib import ExitStack

import pytest

from gateway.upstream.exchange import Timeouts
from gateway.upstream.pool import Pool, get
from shared.errors import OverloadedError, UpstreamTimeoutError, UpstreamUnavailableError
from tests.support.gateway_upstream import Wire, reply, upstream

TIMEOUTS = Timeouts(connect=0.2, first_byte=5, idle=5, keep_alive=5)


def pool(url: str, *, most: int = 4) -> Pool:
    """A small pool."""
    return Pool(url, timeouts=TIMEOUTS, max_connections=most)


async def test_get_returns_the_whole_answer() -> None:
    """Status and body, however it was framed; what is asked carries the given headers."""

    async def chunks(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 203 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")
        await wire.send(b"1\r\nb\r\n0\r\n\r\n")

    async with upstream(chunks) as service:
        services = pool(service.url)
        assert await get(services, "/health", headers=[("x-a", "1")]) == (203, b"ab")
        services.close()
    assert service.asked[0].line == b"GET /health HTTP/1.1"
    assert service.asked[0].get(b"x-a") == b"1"


async def test_get_takes_only_so_much() -> None:
    """An answer larger than was meant is an error, not memory."""

    async def large(wire: Wire) -> None:
        await wire.reply(b"x" * 1000)

    async with upstream(large) as service:
        with pytest.raises(UpstreamUnavailableError):
            await get(pool(service.url), "/", max_bytes=999)


async def test_one_that_waits_for_a_connection_gets_the_next_free_one() -> None:
    """Past the limit a request waits, and only for so long."""
    free = asyncio.Event()

    async def hold(wire: Wire) -> None:
        await free.wait()
        await wire.reply()

    async with upstream(hold) as service:
        services = pool(service.url, most=1)
        first = asyncio.get_running_loop().create_task(get(services, "/1"))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await get(services, "/2")
        third = asyncio.get_running_loop().create_task(get(services, "/3"))
        await asyncio.sleep(0)
        free.set()
        assert await first == await third == (200, b"ok")
        services.close()


async def test_a_cancelled_request_gives_its_place_back() -> None:
    """Neither a place nor a connection is lost when whoever asked is cancelled."""

    async def never(wire: Wire) -> None:
        asked.set()
        await wire.gone()
        gone.set()

    asked, gone = asyncio.Event(), asyncio.Event()
    async with upstream(never) as service:
        services = pool(service.url, most=1)
        for _ in range(3):
            asked.clear()
            task = asyncio.get_running_loop().create_task(get(services, "/"))
            await asked.wait()
            task.cancel()
            await asyncio.wait([task])
            await gone.wait()
        service.script = reply
        assert (await get(services, "/"))[0] == 200
        services.close()


async def test_a_service_that_takes_no_connection_is_a_timeout() -> None:
    """A full queue of connections is not waited for longer than a connection may take."""
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = waiting.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        with pytest.raises(UpstreamTimeoutError):
            await get(pool(f"http://127.0.0.1:{full.getsockname()[1]}"), "/")


async def test_nobody_there_is_unavailable() -> None:
    """A refused connection says when to try again."""
    with pytest.raises(UpstreamUnavailableError) as caught:
        await get(pool("http://127.0.0.1:9"), "/")
    assert caught.value.retry_after_ms


async def test_closing_closes_what_is_idle() -> None:
    """After the pool is closed, the service has no connection of it left."""
    gone = asyncio.Event()

    async def watch(wire: Wire) -> None:
        await wire.reply()
        await wire.gone()
        gone.set()

    async with upstream(watch) as service:
        services = pool(service.url)
        await get(services, "/")
        services.close()
        await asyncio.wait_for(gone.wait(), 5)


def test_a_service_is_called_by_its_name() -> None:
    """Host and port are the URL's."""
    assert pool("http://retriever:8001").authority == b"retriever:8001"
    assert pool("https://carrel.test").authority == b"carrel.test"
