"""What a service tells Prometheus."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from shared import __version__
from shared.auth import Principal, Role, signed_headers
from shared.counting import Durations, Requests
from shared.http import IdentityMiddleware, RequestIdMiddleware, install_error_handlers
from shared.metrics import CountingMiddleware, Metrics, router
from tests.support.prometheus import read, read_openmetrics, samples

TOKEN = "t" * 32


def application() -> FastAPI:
    """An application that tells what it does."""
    app = FastAPI(openapi_url=None)
    requests = Requests("t")
    app.state.metrics = Metrics("t", requests)
    app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(IdentityMiddleware, token=TOKEN)
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(CountingMiddleware, requests=requests)
    return app


def signed(role: Role) -> dict[str, str]:
    """Headers of somebody with ``role``."""
    return signed_headers(Principal(role.value, role), token=TOKEN, now=time.time())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, without a name."""
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as found:
        yield found


@pytest.mark.parametrize("role", [Role.OWNER, Role.SERVICE])
async def test_prometheus_reads_it(client: httpx.AsyncClient, role: Role) -> None:
    """The text is what Prometheus's own parser takes: the process, the build, the requests before."""
    await client.get("/metrics")  # refused
    answer = await client.get("/metrics", headers=signed(role))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = read(answer.text)
    assert found["process_resident_memory_bytes",] > 1_000_000
    assert found["process_open_fds",] > 2
    assert abs(found["process_start_time_seconds",] - time.time()) < 86_400
    assert {"process_cpu_seconds_total", "process_max_fds"} <= {name for name, *_ in found}
    assert found["carrel_t_requests_total", "GET", "unmatched", "401"] == 1
    assert [key for key in found if key[0] == "carrel_build_info" and __version__ in key]


async def test_openmetrics_is_for_those_who_ask_for_it(client: httpx.AsyncClient) -> None:
    """An Accept that names OpenMetrics gets it, whatever else it says, and it is right."""
    accept = "application/openmetrics-text;version=nonsense;q=0.9,text/plain;q=0.5"
    answer = await client.get("/metrics", headers={**signed(Role.OWNER), "accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {name for name, *_ in read_openmetrics(answer.text)}
    assert {"process_cpu_seconds_total", "carrel_build_info"} <= names


@pytest.mark.parametrize(("role", "status"), [(Role.VISITOR, 403), (Role.PUBLIC, 403)])
async def test_it_is_the_owners(client: httpx.AsyncClient, role: Role, status: int) -> None:
    """A visitor is forbidden, whoever is not signed is unauthorized."""
    assert (await client.get("/metrics", headers=signed(role))).status_code == status
    assert (await client.get("/metrics")).status_code == 401


async def told(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample of ours, by its name and labels."""
    found = samples(await metrics.families())
    return {
        (name.removeprefix("carrel_t_"), *labels): value
        for (name, *labels), value in found.items()
        if name.startswith("carrel_t_")
    }


async def test_values_are_read_when_somebody_asks() -> None:
    """Numbers, numbers by label, and durations; what is not known is left out."""
    metrics, durations, known = Metrics("t"), Durations(), {("a",): 1.0}
    metrics.gauge("open", "Open.", lambda: len(known))
    metrics.gauge("unknown", "Nobody knows.", lambda: None)
    metrics.counter("ended", "Ended.", lambda: known, labels=("how",))
    metrics.histogram("took_seconds", "Took.", durations)
    known["b",] = 2.0
    durations.add(0.3)
    found = await told(metrics)
    assert (found["open",], found["ended_total", "a"], found["ended_total", "b"]) == (2, 1, 2)
    assert (found["took_seconds_count",], found["took_seconds_sum",]) == (1, 0.3)
    assert not [key for key in found if key[0] == "unknown"]


async def test_what_must_be_asked_for_is_asked_first() -> None:
    """Values that only somebody else knows are fresh when they are read."""
    metrics, seen = Metrics("t"), [0]

    async def ask() -> None:
        seen[0] += 1

    metrics.refreshing.append(ask)
    metrics.gauge("seen", "Seen.", lambda: seen[0])
    assert [(await told(metrics))["seen",] for _ in range(2)] == [1, 2]


def test_a_name_is_given_once() -> None:
    """Two families of one name would be no valid text."""
    metrics = Metrics("t")
    metrics.gauge("open", "Open.", lambda: 0)
    with pytest.raises(ValueError, match="Duplicated"):
        metrics.gauge("open", "Open again.", lambda: 0)


async def test_applications_share_nothing() -> None:
    """Many in one process each tell their own."""
    one, two = Requests("t"), Requests("t")
    one.add("/", "GET", 200, 0.1, 1)
    assert ("requests_total", "GET", "/", "200") in await told(Metrics("t", one))
    assert await told(Metrics("t", two)) == {}


def values(requests: Requests, name: str) -> dict[tuple[str, ...], float]:
    """What ``requests`` tells under ``name``, by the values of the labels."""
    found = samples(requests.collect())
    return {tuple(labels): value for (told, *labels), value in found.items() if told == name}


def counted(requests: Requests) -> FastAPI:
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
                assert not values(requests, "carrel_t_requests_total")
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
async def caller(requests: Requests) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    transport = httpx.ASGITransport(counted(requests), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as found:
        yield found


async def test_a_route_is_its_template(caller: httpx.AsyncClient, requests: Requests) -> None:
    """However many documents are asked for, there is one series of each method and status."""
    for id in ("a", "b/c", "d"):
        await caller.get(f"/things/{id}")
    await caller.post("/things/a")
    assert values(requests, "carrel_t_requests_total") == {
        ("GET", "/things/{id}", "200"): 3,
        ("POST", "/things/{id}", "405"): 1,
    }
    assert values(requests, "carrel_t_sent_bytes_total")["GET", "/things/{id}", "200"] == 11


async def test_what_no_route_takes_is_one_series(caller: httpx.AsyncClient, requests: Requests) -> None:
    """Paths and methods that somebody made up make no series."""
    for path in ("/x", "/y", "/z"):
        await caller.request("BREW", path)
    assert values(requests, "carrel_t_requests_total") == {("other", "unmatched", "404"): 3}


async def test_a_stream_is_counted_at_its_end(caller: httpx.AsyncClient, requests: Requests) -> None:
    """While it runs it is in progress; then its whole length and time are counted."""
    answer = await caller.get("/stream")
    assert answer.content == b"four" * 3
    assert requests.in_progress == 0
    assert values(requests, "carrel_t_sent_bytes_total") == {("GET", "/stream", "200"): 12}
    assert values(requests, "carrel_t_request_duration_seconds_count") == {("/stream",): 1}


async def test_what_breaks_is_counted(caller: httpx.AsyncClient, requests: Requests) -> None:
    """An error of ours is a 500, whoever turns it into an answer."""
    assert (await caller.get("/broken")).status_code == 500
    assert list(values(requests, "carrel_t_requests_total")) == [("GET", "/broken", "500")]
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
    assert list(values(requests, "carrel_t_requests_total")) == [("GET", "unmatched", "499")]


async def test_sockets_and_the_lifespan_pass_through(requests: Requests) -> None:
    """What is no request is not counted."""
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def unused(*_: Any) -> Any: ...

    for kind in ("websocket", "lifespan"):
        await CountingMiddleware(inner, requests=requests)({"type": kind}, unused, unused)
    assert seen == ["websocket", "lifespan"]
    assert values(requests, "carrel_t_requests_total") == {}
