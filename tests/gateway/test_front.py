"""What every request meets: malformed ones, other pages' ones, those of nobody; and the access line."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.limits.rates import Rate
from tests.support.gateway_server import ADMIN_KEY, OWNER, Gateway, gateway
from tests.support.gateway_upstream import Upstream, Wire, upstream
from tests.support.redis_server import RedisServer
from tests.support.waiting import eventually

POST = f"POST /v1/documents HTTP/1.1\r\nHost: carrel.test\r\n{OWNER}"
GET = POST.replace("POST", "GET")


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    """A service that answers well."""

    async def answer(wire: Wire) -> None:
        await wire.read_body()
        await wire.reply()

    async with upstream(answer) as running:
        yield running


@pytest.fixture(params=[False, True], ids=["long way", "short way"])
async def door(service: Upstream, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    """The gateway in front of ``service``, for both services."""
    async with gateway(warm=request.param, retriever_url=service.url, chat_url=service.url) as running:
        yield running


async def logged(door: Gateway, count: int) -> list[dict[str, Any]]:
    """Return the access log once it has ``count`` lines."""
    await eventually(lambda: len(door.log) >= count)
    assert len(door.log) == count
    return door.log


# ---- Who may call


@pytest.mark.parametrize("headers", ["", "X-API-Key: wrong\r\n", "Authorization: Bearer nonsense\r\n"])
@pytest.mark.parametrize(
    "path", ["/v1/documents", "/v1/conversations", "/v1/me", "/v1/insights/gaps", "/v1/chat"]
)
async def test_nobody_gets_in(path: str, headers: str, door: Gateway, service: Upstream) -> None:
    """Without credentials, or with wrong ones, a route is 401 and its service is not asked."""
    answer = await door.ask("GET", path, headers)
    assert answer.status == (426 if path == "/v1/chat" else 401)
    assert answer.get("content-type") == "application/problem+json"
    assert service.asked == []


async def test_a_visitor_is_not_the_owner(door: Gateway, service: Upstream) -> None:
    """A visitor's token opens visitors' routes and no owner's route."""
    token = f"Authorization: Bearer {await door.session()}\r\n"
    assert (await door.ask("GET", "/v1/conversations", token)).status == 200
    assert (await door.ask("GET", "/v1/documents", token)).status == 403
    assert (await door.ask("DELETE", "/v1/documents/a", token)).status == 403
    assert (await door.ask("GET", "/v1/conversations", OWNER)).status == 200
    assert len(service.asked) == 2


async def test_unknown_and_wrong_are_told_apart(door: Gateway) -> None:
    """404 for a path that is not there, 405 with Allow for a method that is not."""
    assert (await door.ask("GET", "/v1/nothing")).json["code"] == "not_found"
    wrong = await door.ask("PATCH", "/v1/documents")
    assert (wrong.status, wrong.get("allow")) == (405, "GET, POST, PUT, DELETE, HEAD, OPTIONS")
    assert (await door.ask("POST", "/", "")).status == 405


async def test_bodies_that_are_too_large_are_not_asked_for(service: Upstream) -> None:
    """A declared length over the limit is 413 before a byte of it is read."""
    async with gateway(retriever_url=service.url, max_body_bytes=1024) as door, door.client() as client:
        await client.send(POST + "Content-Length: 1025\r\nExpect: 100-continue\r\n\r\n")
        assert (await client.reply()).status == 413
    assert service.asked == []


async def test_the_chat_asks_for_its_upgrade(door: Gateway) -> None:
    """A plain GET of the WebSocket's path is told what it is."""
    answer = await door.ask("GET", "/v1/chat", "")
    assert (answer.status, answer.get("upgrade")) == (426, "websocket")


# ---- Pages


ALLOWED = "https://docs.test"


async def test_pages_of_other_origins_are_refused(service: Upstream) -> None:
    """A page that is not allowed gets 403, and no header that would let it read more than why."""
    async with gateway(retriever_url=service.url, allowed_origins=ALLOWED) as door:
        for origin in ("https://evil.test", "null", f"{ALLOWED}.evil.test"):
            answer = await door.ask("GET", "/v1/documents", f"{OWNER}Origin: {origin}\r\n")
            assert (answer.status, answer.get("access-control-allow-origin")) == (403, None)
            # The first call of a chat is refused in a way that it can read, to say so.
            first = await door.ask("POST", "/v1/sessions", f"Origin: {origin}\r\n")
            assert (first.status, first.get("access-control-allow-origin")) == (403, "*")
            assert "ALLOWED_ORIGINS" in first.json["detail"]
    assert service.asked == []


async def test_allowed_pages_may_read_answers_and_refusals(service: Upstream) -> None:
    """Every answer to an allowed page says so, the refused ones too."""
    async with gateway(retriever_url=service.url, allowed_origins=ALLOWED) as door:
        page = f"Origin: {ALLOWED}\r\n"
        for answer in (
            await door.ask("GET", "/v1/documents", OWNER + page),
            await door.ask("GET", "/v1/documents", page),
            await door.ask("PATCH", "/v1/documents", page),
            await door.ask("POST", "/v1/sessions", page),
        ):
            assert answer.get("access-control-allow-origin") == ALLOWED
            assert answer.get("vary") == "Origin"
            assert answer.get("access-control-allow-credentials") is None


async def test_a_preflight_needs_no_token(service: Upstream) -> None:
    """A page is told what it may send before it has a token; another page is told nothing."""
    async with gateway(retriever_url=service.url, allowed_origins=ALLOWED) as door:
        asked = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n"
        answer = await door.ask("OPTIONS", "/v1/search", f"Origin: {ALLOWED}\r\n{asked}")
        assert answer.status == 204
        assert answer.get("access-control-allow-methods") == "POST, OPTIONS"
        assert "authorization" in (answer.get("access-control-allow-headers") or "")
        assert (
            await door.ask("OPTIONS", "/v1/search", f"Origin: https://evil.test\r\n{asked}")
        ).status == 403
    assert service.asked == []


async def test_a_page_of_our_own_host_needs_no_setting(door: Gateway) -> None:
    """Same host as the request: the gateway's own page, under whatever name."""
    assert (await door.ask("POST", "/v1/sessions", "Origin: https://carrel.test\r\n")).status == 200


async def test_a_token_taken_to_another_page_is_no_good(service: Upstream) -> None:
    """Even another allowed page cannot use it."""
    async with gateway(chat_url=service.url, allowed_origins=f"{ALLOWED}, https://b.test") as door:
        token = await door.session(f"Origin: {ALLOWED}\r\n")
        bearer = f"Authorization: Bearer {token}\r\n"
        assert (await door.ask("GET", "/v1/me", f"{bearer}Origin: {ALLOWED}\r\n")).status == 200
        assert (await door.ask("GET", "/v1/me", f"{bearer}Origin: https://b.test\r\n")).status == 401


async def test_every_answer_is_guarded(door: Gateway) -> None:
    """Browsers neither guess types nor run anything in what is not the page."""
    for answer in (await door.ask("GET", "/v1/documents"), await door.ask("GET", "/v1/nothing")):
        assert answer.get("x-content-type-options") == "nosniff"
        assert answer.get("referrer-policy") == "strict-origin-when-cross-origin"
        assert answer.get("content-security-policy") == "default-src 'none'; frame-ancestors 'none'"
        assert answer.get("x-frame-options") is None
        assert answer.get("x-request-id")


# ---- How often


def limited(**rates: str) -> Any:
    """Settings with rates that are soon used up."""
    return {f"rate_{name}": Rate.parse(rate) for name, rate in rates.items()}


@pytest.mark.parametrize("warm", [False, True], ids=["long way", "short way"])
async def test_a_visitor_who_asks_too_often_is_told_when_to_come_again(warm: bool) -> None:
    """429 with the policy, what is left, the time to wait; neither another visitor nor the owner is held."""
    async with (
        upstream() as service,
        gateway(warm=warm, retriever_url=service.url, **limited(search_visitor="2/min")) as door,
    ):
        one, other = [f"Authorization: Bearer {await door.session()}\r\n" for _ in range(2)]
        first, second, third = [await door.ask("POST", "/v1/search", one, b"{}") for _ in range(3)]
        assert (first.status, second.status, third.status) == (200, 200, 429)
        policy = '"search-visitor";q=2;w=60'
        assert [answer.get("ratelimit-policy") for answer in (first, second, third)] == [policy] * 3
        assert first.get("ratelimit") == '"search-visitor";r=1;t=30'
        assert (third.json["code"], third.json["retryable"]) == ("rate_limited", True)
        assert 0 < int(third.get("retry-after") or 0) <= 30
        assert third.json["retry_after_ms"] == int(third.get("retry-after") or 0) * 1000
        assert (await door.ask("POST", "/v1/search", other, b"{}")).status == 200
        assert (await door.ask("POST", "/v1/search", OWNER, b"{}")).status == 200
    assert len(service.asked) == 4


@pytest.mark.parametrize("warm", [False, True], ids=["long way", "short way"])
async def test_an_address_is_held_whoever_it_says_it_is(warm: bool) -> None:
    """New visitors and other lists of proxies give no more requests; the trusted hop's address does."""
    rates = limited(read_address="3/min")
    async with (
        upstream() as service,
        gateway(warm=warm, chat_url=service.url, trusted_proxy_hops=1, **rates) as door,
    ):
        statuses, who = [], [f"Authorization: Bearer {await door.session()}\r\n" for _ in range(4)]
        for number, visitor in enumerate(who):
            forged = f"X-Forwarded-For: 6.6.6.{number}, 2.2.2.2\r\n"
            statuses.append((await door.ask("GET", "/v1/conversations", visitor + forged)).status)
        elsewhere = await door.ask("GET", "/v1/conversations", who[0] + "X-Forwarded-For: 3.3.3.3\r\n")
    assert statuses == [200, 200, 200, 429]
    assert elsewhere.status == 200


async def test_keys_are_not_tried_by_the_thousand(service: Upstream) -> None:
    """So many wrong ones are 401, the next are 429; the right one is still let in."""
    async with gateway(retriever_url=service.url, **limited(refused_address="3/min")) as door:
        tried = [await door.ask("GET", "/v1/documents", f"X-API-Key: wrong-{n}\r\n") for n in range(5)]
        assert [answer.status for answer in tried] == [401, 401, 401, 429, 429]
        assert tried[-1].get("retry-after")
        assert (await door.ask("GET", "/v1/documents", "")).status == 401
        assert (await door.ask("GET", "/v1/documents", OWNER)).status == 200


async def test_sessions_and_pages_have_their_rates_and_probes_have_none() -> None:
    """Platforms' probes share an address with visitors, and a refused one would look like an outage."""
    async with gateway(**limited(session_address="1/min", public_address="1/min")) as door:
        for method, path in (("POST", "/v1/sessions"), ("GET", "/version")):
            first, second = [await door.ask(method, path, "") for _ in range(2)]
            assert (first.status, second.status) == (200, 429)
            assert second.get("content-type") == "application/problem+json"
        for _ in range(5):
            answer = await door.ask("GET", "/health/live", "")
            assert (answer.status, answer.get("ratelimit")) == (200, None)


async def test_limits_off_holds_nobody(service: Upstream) -> None:
    """For load tests: nothing is counted, nothing is told."""
    rates = limited(search_visitor="1/min", search_address="1/min")
    async with gateway(retriever_url=service.url, limits="off", **rates) as door:
        token = f"Authorization: Bearer {await door.session()}\r\n"
        answers = [await door.ask("POST", "/v1/search", token, b"{}") for _ in range(3)]
    assert [(answer.status, answer.get("ratelimit")) for answer in answers] == [(200, None)] * 3


@pytest.mark.integration
async def test_two_gateways_with_one_redis_count_together(service: Upstream, tmp_path: Path) -> None:
    """What one has let pass the other knows; without Redis each goes on by itself, and says so."""
    redis = RedisServer(tmp_path)
    await asyncio.to_thread(redis.start)
    shared = {"retriever_url": service.url, "redis_url": redis.url, **limited(search_visitor="2/min")}

    async def ask(*doors: Gateway, token: str) -> list[int]:
        return [(await door.ask("POST", "/v1/search", token, b"{}")).status for door in doors]

    async with gateway(**shared) as one, gateway(**shared) as two:
        first, second = [f"Authorization: Bearer {await one.session()}\r\n" for _ in range(2)]
        assert await ask(one, two, one, token=first) == [200, 200, 429]
        health = (await one.ask("GET", "/health/gateway", "")).json
        assert (health["status"], health["checks"]["redis"]["status"]) == ("ok", "ok")
        await asyncio.to_thread(redis.kill)
        assert await ask(one, two, one, token=second) == [200, 200, 200]
        assert (await one.ask("GET", "/health/gateway", "")).json["status"] == "degraded"


# ---- The log


async def test_one_line_a_request(door: Gateway) -> None:
    """The line says what was asked, without the query, by whom, and what came of it."""
    token = await door.session()
    await door.ask("GET", "/v1/documents/a%20b?secret=query")
    await door.ask("GET", "/v1/nothing")
    await door.ask("GET", "/v1/conversations", f"Authorization: Bearer {token}\r\n")
    session, document, nothing, list_ = await logged(door, 4)
    assert (session["method"], session["path"], session["status"]) == ("POST", "/v1/sessions", 200)
    assert (document["method"], document["path"], document["route"]) == (
        "GET",
        "/v1/documents/a%20b",
        "/v1/documents",
    )
    assert (document["status"], document["bytes"], document["visitor"]) == (200, 2, "owner")
    assert document["duration_ms"] >= document["upstream_ms"] > 0
    assert (nothing["status"], nothing["route"], "upstream_ms" in nothing) == (404, "", False)
    assert re.fullmatch("[0-9a-f]{12}", list_["visitor"])
    assert "secret" not in str(door.written)


async def test_probes_that_find_nothing_are_not_worth_a_line() -> None:
    """Health is asked for ever; a line says only that it was not well."""
    async with gateway() as door:
        await door.ask("GET", "/health/live", "")
        await door.ask("GET", "/health", "")
        assert [line["status"] for line in await logged(door, 1)] == [503]


@pytest.mark.parametrize("warm", [False, True])
async def test_a_client_that_left_is_noted(warm: bool) -> None:
    """A request nobody waited for is 499 in the log."""
    asked = asyncio.Event()

    async def never(wire: Wire) -> None:
        asked.set()
        await wire.gone()
        gone.set()

    gone = asyncio.Event()
    async with upstream(never) as service, gateway(warm=warm, retriever_url=service.url) as door:
        async with door.client() as client:
            await client.send(GET + "\r\n")
            await asked.wait()
        await gone.wait()
        assert [line["status"] for line in await logged(door, 1)] == [499]


async def test_no_secret_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the owner's key nor a visitor's token is in any line of any logger, also when things break."""

    async def break_off(wire: Wire) -> None:
        wire.drop()

    with caplog.at_level(logging.DEBUG):
        async with (
            upstream(break_off) as service,
            gateway(retriever_url=service.url, chat_url=service.url) as door,
        ):
            token = await door.session()
            for headers in (
                OWNER,
                f"Authorization: Bearer {token}\r\n",
                f"Authorization: Bearer {ADMIN_KEY}\r\n",
            ):
                for path in ("/v1/documents", "/v1/conversations", "/v1/nothing", "/v1/sessions"):
                    await door.ask("GET", path, headers)
            await door.ask("POST", "/v1/sessions", f"Authorization: Bearer {token}\r\n")
            await door.ask("GET", "/v1/documents", OWNER + "Bad_Name: 1\r\n")
            lines = "".join(door.written)
    said = lines + caplog.text + json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert "gateway.access" in said
    assert ADMIN_KEY not in said
    assert token not in said
