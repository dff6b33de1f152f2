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

HEAD = f"Host: carrel.test\r\n{OWNER}"
POST = "POST /v1/documents HTTP/1.1\r\n" + HEAD
GET = "GET /v1/documents HTTP/1.1\r\n" + HEAD
CANARY = f"GET /v1/documents/smuggled HTTP/1.1\r\n{HEAD}\r\n"

REFUSED = {
    "length twice": POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "same length twice": POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "list of lengths": POST + "Content-Length: 5, 5\r\n\r\nhello",
    "negative length": POST + "Content-Length: -5\r\n\r\nhello",
    "signed length": POST + "Content-Length: +5\r\n\r\nhello",
    "hexadecimal length": POST + "Content-Length: 0x5\r\n\r\nhello",
    "length with a space": POST + "Content-Length: 1 0\r\n\r\nhello",
    "empty length": POST + "Content-Length: \r\n\r\nhello",
    "huge length": POST + "Content-Length: 99999999999999999999999\r\n\r\nhello",
    "length and chunked": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "gzip, chunked": POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity": POST + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, chunked": POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked, cow": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n",
    "xchunked": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked with a tab inside": POST + "Transfer-Encoding: chun\tked\r\n\r\n0\r\n\r\n",
    "vertical tab": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "underscore coding": POST + "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
    "underscore length": POST + "Content_Length: 5\r\n\r\n",
    "underscore identity": GET + "X_Carrel_Role: owner\r\n\r\n",
    "chunked in 1.0": POST.replace("HTTP/1.1", "HTTP/1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "folded header": GET + "X-A: 1\r\n 2\r\n\r\n",
    "folded coding": POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "first header folded": f"GET /v1/documents HTTP/1.1\r\n {HEAD}\r\n",
    "bare LF": GET.replace("\r\n", "\n") + "\n",
    "bare CR in a value": GET + "X-A: 1\r2\r\n\r\n",
    "bare CR after a value": GET + "X-A: 1\r\r\n\r\n",
    "NUL in a value": GET + "X-A: 1\x002\r\n\r\n",
    "control in a value": GET + "X-A: 1\x012\r\n\r\n",
    "NUL in a name": GET + "X-\x00A: 1\r\n\r\n",
    "space in a name": GET + "X A: 1\r\n\r\n",
    "parenthesis in a name": GET + "X(A): 1\r\n\r\n",
    "no name": GET + ": 1\r\n\r\n",
    "no colon": GET + "X-A\r\n\r\n",
    "two hosts": GET + "Host: other.test\r\n\r\n",
    "no host": f"GET /v1/documents HTTP/1.1\r\n{OWNER}\r\n",
    "empty host": GET.replace("carrel.test", "") + "\r\n",
    "host with a path": GET.replace("carrel.test", "carrel.test/a") + "\r\n",
    "host with a user": GET.replace("carrel.test", "a@carrel.test") + "\r\n",
    "host with a space": GET.replace("carrel.test", "carrel.test b") + "\r\n",
    "two keys": GET + "X-API-Key: other\r\n\r\n",
    "two origins": GET + "Origin: http://carrel.test\r\nOrigin: http://evil.test\r\n\r\n",
    "version 2.0": GET.replace("HTTP/1.1", "HTTP/2.0") + "\r\n",
    "version 1.2": GET.replace("HTTP/1.1", "HTTP/1.2") + "\r\n",
    "version 0.9": GET.replace("HTTP/1.1", "HTTP/0.9") + "\r\n",
    "no version": GET.replace(" HTTP/1.1", "") + "\r\n",
    "version in small letters": GET.replace("HTTP/1.1", "http/1.1") + "\r\n",
    "preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "method in small letters": GET.replace("GET", "get") + "\r\n",
    "unknown method": GET.replace("GET", "EVIL") + "\r\n",
    "target *": GET.replace("/v1/documents", "*") + "\r\n",
    "authority form": GET.replace("/v1/documents", "carrel.test:80") + "\r\n",
    "CONNECT": f"CONNECT 127.0.0.1:8001 HTTP/1.1\r\n{HEAD}\r\n",
    "TRACE": GET.replace("GET", "TRACE") + "\r\n",
    "two spaces in the line": GET.replace("GET ", "GET  /x ") + "\r\n",
    "target with a tab": GET.replace("/v1/documents", "/v1/\tdocuments") + "\r\n",
    "target not ASCII": GET.replace("/v1/documents", "/v1/documents/\xe9") + "\r\n",
    "encoded slash": GET.replace("/v1/documents", "/v1/documents%2Fa") + "\r\n",
    "encoded dots": GET.replace("/v1/documents", "/v1/search/%2e%2e/documents") + "\r\n",
    "dots": GET.replace("/v1/documents", "/v1/search/../documents") + "\r\n",
    "dots and a parameter": GET.replace("/v1/documents", "/v1/..;/documents") + "\r\n",
    "two slashes": GET.replace("/v1/documents", "//127.0.0.1:8001/v1/documents") + "\r\n",
    "encoded line end": GET.replace("/v1/documents", "/v1/documents/a%0d%0aX:1") + "\r\n",
    "encoded NUL": GET.replace("/v1/documents", "/v1/documents/a%00") + "\r\n",
    "bad chunk size": POST + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n",
    "negative chunk size": POST + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    "huge chunk size": POST + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "chunk too long": POST + "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
    "chunks with LF": POST + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
    "garbage": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a hundred and one headers": GET + "".join(f"X-{number}: 1\r\n" for number in range(101)) + "\r\n",
    "large headers": GET + f"X-A: {'a' * 40_000}\r\n\r\n",
    "long URL": GET.replace("/v1/documents", "/v1/documents?" + "a" * 9_000) + "\r\n",
}
"""Each must be refused with 4xx, reach no service, and let nothing after it through as its own."""

NORMALISED = {
    "absolute form": GET.replace("/v1/documents", "http://other.test/v1/documents") + "\r\n",
    "1.0": GET.replace("HTTP/1.1", "HTTP/1.0") + "\r\n",
    "1.0 without a host": f"GET /v1/documents HTTP/1.0\r\n{OWNER}\r\n",
    "hop by hop": GET + "Connection: keep-alive, X-A\r\nX-A: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n\r\n",
    "white space around a value": GET + "X-B: \t b \t\r\n\r\n",
    "forged identity": GET
    + "X-Carrel-Principal: v_9\r\nX-Forwarded-For: 1.1.1.1\r\nForwarded: for=1.1.1.1\r\n\r\n",
    "empty line first": "\r\n" + GET + "\r\n",
    "trailers": POST + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n",
    "chunk extension": POST + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
    "coding in capitals": POST + "Transfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "length with zeros": POST + "Content-Length: 005\r\n\r\nhello",
    "encoded letters": GET.replace("/v1/documents", "/v1/%64ocuments") + "\r\n",
    "nominated length": POST + "Connection: content-length\r\nContent-Length: 5\r\n\r\nhello",
    "upgrade to h2c": GET
    + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
    "body with GET": GET + "Content-Length: 5\r\n\r\nhello",
}
"""Each is answered by the service, which sees it only in its plain form."""


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


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
async def test_malformed_requests_are_refused(raw: str, door: Gateway, service: Upstream) -> None:
    """Every one is a 4xx, and nothing of it reaches a service as a request."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(raw.encode("latin-1"))
        answer = await client.head()
    assert 400 <= answer.status < 500
    # A body that went wrong after its first part may have begun to go up; it never ends there.
    assert [asked for asked in service.asked if b"smuggled" in asked.head or asked.body] == []
    if "chunk" not in raw:
        assert service.asked == []


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
async def test_nothing_hides_behind_a_malformed_request(raw: str, door: Gateway, service: Upstream) -> None:
    """What follows is refused with it or answered as a request of its own: never swallowed, never extra."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send((raw + CANARY).encode("latin-1"))
        client.writer.write_eof()
        received = await client.at_end()
    smuggled = [asked for asked in service.asked if b"/smuggled " in asked.line]
    assert received.count(b"HTTP/1.1 200 OK") >= len(smuggled)
    assert not any(b"smuggled" in asked.body for asked in service.asked)


@pytest.mark.parametrize("raw", NORMALISED.values(), ids=NORMALISED.keys())
async def test_odd_requests_are_made_plain(raw: str, door: Gateway, service: Upstream) -> None:
    """They are answered, and what the service sees has one reading."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(raw.encode("latin-1"))
        assert (await client.reply()).status == 200
    (asked,) = service.asked
    names = [name for name, _ in asked.headers]
    assert asked.line.endswith(b" HTTP/1.1")
    assert names.count(b"host") == names.count(b"x-carrel-principal") == 1
    assert not {b"connection", b"upgrade", b"te", b"keep-alive", b"http2-settings", b"forwarded"} & set(names)
    assert not {b"content-length", b"transfer-encoding"} <= set(names)
    assert asked.get(b"x-carrel-principal") == b"owner"
    assert asked.get(b"x-forwarded-for") == b"127.0.0.1"
    assert asked.get(b"host") == service.url.removeprefix("http://").encode()
    assert asked.get(b"x-b") in (None, b"b")
    assert asked.body in (b"", b"hello")


async def test_a_refused_request_ends_its_connection(door: Gateway) -> None:
    """After a malformed request nothing more is read from that client."""
    async with door.client() as client, asyncio.timeout(10):
        await client.send(GET + "X_A: 1\r\n\r\n" + CANARY)
        answer = await client.reply()
        assert answer.get("connection") == "close"
        assert await client.at_end() == b""


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
