"""Requests, counted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client.metrics_core import HistogramMetricFamily, Metric

from shared.counting import BOUNDS, CountingMiddleware, Durations, Requests

Found = dict[tuple[str, ...], float]


def values(families: Any, name: str) -> Found:
    """The samples called ``name``, by the values of their labels as the family orders them."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def application(requests: Requests) -> FastAPI:
    """An application that counts, with a few routes."""
    app = FastAPI(openapi_url=None)

    @app.get("/things/{id:path}")
    async def thing(id: str) -> str:
        return id

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(3):
                assert requests.in_progress == 1
                assert not values(requests.collect(), "carrel_t_requests_total")
                yield b"four"

        return StreamingResponse(parts())

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    app.add_middleware(CountingMiddleware, requests=requests)
    return app


@pytest.fixture
def requests() -> Requests:
    """A counter of a service called t."""
    return Requests("t")


@pytest.fixture
async def client(requests: Requests) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    transport = httpx.ASGITransport(application(requests), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as found:
        yield found


async def test_a_route_is_its_template(client: httpx.AsyncClient, requests: Requests) -> None:
    """However many documents are asked for, there is one series of each method and status."""
    for id in ("a", "b/c", "d"):
        await client.get(f"/things/{id}")
    await client.post("/things/a")
    assert values(requests.collect(), "carrel_t_requests_total") == {
        ("/things/{id}", "GET", "200"): 3,
        ("/things/{id}", "POST", "405"): 1,
    }
    assert values(requests.collect(), "carrel_t_sent_bytes_total")["/things/{id}", "GET", "200"] == 11


async def test_what_no_route_takes_is_one_series(client: httpx.AsyncClient, requests: Requests) -> None:
    """Paths and methods that somebody made up make no series."""
    for path in ("/x", "/y", "/z"):
        await client.request("BREW", path)
    assert values(requests.collect(), "carrel_t_requests_total") == {("unmatched", "other", "404"): 3}


async def test_a_stream_is_counted_at_its_end(client: httpx.AsyncClient, requests: Requests) -> None:
    """While it runs it is in progress; then its whole length and time are counted."""
    answer = await client.get("/stream")
    assert answer.content == b"four" * 3
    assert requests.in_progress == 0
    assert values(requests.collect(), "carrel_t_sent_bytes_total") == {("/stream", "GET", "200"): 12}
    assert values(requests.collect(), "carrel_t_request_duration_seconds_count") == {("/stream",): 1}


async def test_what_breaks_is_counted(client: httpx.AsyncClient, requests: Requests) -> None:
    """An error of ours is a 500, whoever turns it into an answer."""
    assert (await client.get("/broken")).status_code == 500
    assert list(values(requests.collect(), "carrel_t_requests_total")) == [("/broken", "GET", "500")]
    assert requests.in_progress == 0


async def test_a_client_that_left_is_counted(requests: Requests) -> None:
    """A request that ends without an answer has no status of ours."""

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def unused(*_: Any) -> Any: ...

    asked = CountingMiddleware(waiting, requests=requests)({"type": "http", "method": "GET"}, unused, unused)
    task = asyncio.get_running_loop().create_task(asked)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert list(values(requests.collect(), "carrel_t_requests_total")) == [("unmatched", "GET", "499")]


async def test_sockets_and_the_lifespan_pass_through(requests: Requests) -> None:
    """What is no request is not counted."""
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def unused(*_: Any) -> Any: ...

    for kind in ("websocket", "lifespan"):
        await CountingMiddleware(inner, requests=requests)({"type": kind}, unused, unused)
    assert seen == ["websocket", "lifespan"]
    assert values(requests.collect(), "carrel_t_requests_total") == {}


def test_methods_nobody_knows_are_one(requests: Requests) -> None:
    """A thousand made-up methods are one series, and nothing grows with them."""
    for number in range(1000):
        requests.add("/", f"M{number}", 405, 0.0, 0)
    requests.add("/", "GET", 200, 0.0, 7)
    assert values(requests.collect(), "carrel_t_requests_total") == {
        ("/", "other", "405"): 1000,
        ("/", "GET", "200"): 1,
    }
    assert len(requests._cells) == 2


def test_durations_fall_into_buckets() -> None:
    """A bucket holds what took at most its bound; the last holds all; the sum is the sum."""
    durations = Durations()
    for seconds in (0.001, 0.0011, 0.5, 61.0):
        durations.add(seconds)
    family: Metric = HistogramMetricFamily("x", "", labels=())
    durations.add_to(family)  # type: ignore[arg-type]
    buckets = {bounds[0]: value for bounds, value in values([family], "x_bucket").items()}
    assert (buckets["0.001"], buckets["0.0025"], buckets["0.5"], buckets["60.0"]) == (1, 2, 3, 3)
    assert (buckets["+Inf"], len(buckets)) == (4, len(BOUNDS) + 1)
    assert values([family], "x_sum") == {(): pytest.approx(61.5021)}
