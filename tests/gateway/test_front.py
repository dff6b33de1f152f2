"""What every request meets: malformed ones, other pages' ones, those of nobody; and the access line."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.gateway_server import ADMIN_KEY, OWNER, Gateway, gateway
from tests.support.gateway_upstream import Upstream, Wire, upstream
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
    """A page that is not allowed gets 403, and no header that would let it read that."""
    async with gateway(retriever_url=service.url, allowed_origins=ALLOWED) as door:
        for origin in ("https://evil.test", "null", f"{ALLOWED}.evil.test"):
            answer = await door.ask("GET", "/v1/documents", f"{OWNER}Origin: {origin}\r\n")
            assert (answer.status, answer.get("access-control-allow-origin")) == (403, None)
            assert (await door.ask("POST", "/v1/sessions", f"Origin: {origin}\r\n")).status == 403
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
