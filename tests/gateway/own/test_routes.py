"""What the gateway answers itself, through the real server."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.identity import Tokens
from gateway.own.catalogue import Catalogue
from gateway.own.health import HealthProbe
from gateway.own.metrics import Traffic
from gateway.own.routes import Own, router
from gateway.own.scrape import Scrape
from gateway.own.sessions import Sessions
from shared import PROTOCOL_VERSION, __version__
from shared.auth import Principal, Role
from shared.http import ASGIApp, install_error_handlers
from shared.metrics import Metrics
from tests.support.gateway_server import ADMIN_KEY, INTERNAL_TOKEN, SESSION_SECRET, Gateway, gateway
from tests.support.gateway_upstream import Script, Wire, upstream
from tests.support.prometheus import read, read_openmetrics


def says(status: str) -> Script:
    """A service that reports ``status``."""
    body = json.dumps({"status": status, "version": "1", "uptime_s": 1.0, "checks": {}}).encode()

    async def answer(wire: Wire) -> None:
        await wire.reply(body)

    return answer


async def never(wire: Wire) -> None:
    """Answer nothing."""
    await wire.gone()


async def test_the_page_is_there_whatever_the_services_do() -> None:
    """GET and HEAD of ``/`` are answered at once while both services are silent."""
    async with upstream(never) as service, gateway(retriever_url=service.url, chat_url=service.url) as door:
        page = await door.ask("GET", "/", "")
        head = await door.ask("HEAD", "/", "")
        again = await door.ask("GET", "/", f"If-None-Match: {page.get('etag')}\r\n")
    assert page.status == head.status == 200
    assert b"<!doctype html>" in page.body
    assert (head.body, head.get("content-length")) == (b"", str(len(page.body)))
    assert (again.status, again.body) == (304, b"")
    assert "frame-ancestors 'self' https://huggingface.co" in (page.get("content-security-policy") or "")
    assert service.asked == []


async def test_a_session_opens_and_renews() -> None:
    """A visitor gets a token that works, is not cached, and is renewed as the same visitor."""
    async with gateway() as door:
        first = await door.ask("POST", "/v1/sessions", "")
        bearer = f"Authorization: Bearer {first.json['token']}\r\n"
        second = await door.ask("POST", "/v1/sessions", bearer)
        owners = await door.ask("POST", "/v1/sessions", f"Authorization: Bearer {ADMIN_KEY}\r\n")
    assert first.get("cache-control") == "no-store"
    assert second.json["visitor_id"] == first.json["visitor_id"] != owners.json["visitor_id"]
    assert first.json["expires_at"].endswith("Z")


async def health(door: Gateway, path: str) -> tuple[int, str]:
    """The status of the answer and the one in it."""
    answer = await door.ask("GET", path, "")
    assert (await door.ask("HEAD", path, "")).status == answer.status
    return answer.status, answer.json["status"]


async def test_health_with_everything_well() -> None:
    """All is ok, ready and alive."""
    async with (
        upstream(says("ok")) as service,
        gateway(retriever_url=service.url, chat_url=service.url) as door,
    ):
        for path in ("", "/live", "/ready", "/gateway", "/retriever", "/chat_ws"):
            assert await health(door, f"/health{path}") == (200, "ok")


async def test_health_with_one_service_down() -> None:
    """The whole is degraded and answers 200; ready and the service's own health say 503."""
    async with upstream(says("degraded")) as service, gateway(retriever_url=service.url) as door:
        assert await health(door, "/health") == (200, "degraded")
        assert await health(door, "/health/ready") == (503, "degraded")
        assert await health(door, "/health/retriever") == (200, "degraded")
        assert await health(door, "/health/chat_ws") == (503, "down")
        assert await health(door, "/health/live") == (200, "ok")


async def test_health_with_nothing_there() -> None:
    """The whole is down and says when to ask again; the gateway itself is alive."""
    async with gateway() as door:
        answer = await door.ask("GET", "/health", "")
        assert (answer.status, answer.json["status"], answer.get("retry-after")) == (503, "down", "1")
        assert await health(door, "/health/gateway") == (200, "ok")


async def test_the_version_names_the_build() -> None:
    """Version, commit, protocol."""
    async with gateway(commit="abc123") as door:
        found = (await door.ask("GET", "/version", "")).json
    assert found == {"version": __version__, "commit": "abc123", "protocol": PROTOCOL_VERSION}


async def test_the_document_is_there_without_the_services() -> None:
    """The gateway's own routes are described even when it is alone."""
    async with gateway() as door:
        found = (await door.ask("GET", "/openapi.json", "")).json
    assert {"/", "/v1/sessions", "/health", "/version", "/openapi.json"} <= set(found["paths"])
    assert set(found["paths"]["/"]["get"]["responses"]["200"]["content"]) == {"text/html"}


def application(who: Principal | None) -> ASGIApp:
    """The gateway's own routes, behind a front that has found out ``who`` asks."""
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(router)
    app.state.own = Own(
        files={},
        sessions=Sessions(Tokens([SESSION_SECRET]), lifetime_s=60),
        health=HealthProbe({}, timeout_s=1),
        catalogue=Catalogue({}, internal_token=INTERNAL_TOKEN, timeout_s=1),
        commit="",
        scrape=Scrape(Metrics("gateway", Traffic()), {}, internal_token=INTERNAL_TOKEN, timeout_s=1),
    )

    async def front(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"principal": who} if who else {}}, receive, send)

    return front


async def metrics(app: ASGIApp, **headers: str) -> httpx.Response:
    """The answer of ``GET /metrics``."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        return await client.get("/metrics", headers=headers)


async def test_the_owner_reads_the_metrics() -> None:
    """As text, or as OpenMetrics where that is asked for."""
    app = application(Principal("owner", Role.OWNER))
    plain, strict = await metrics(app), await metrics(app, accept="application/openmetrics-text")
    assert (
        read(plain.text)["carrel_up", "gateway"] == read_openmetrics(strict.text)["carrel_up", "gateway"] == 1
    )
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert plain.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("who", [None, Principal("v_1", Role.VISITOR), Principal("", Role.PUBLIC)])
async def test_nobody_else_reads_the_metrics(who: Principal | None) -> None:
    """Whoever the front has not called the owner is refused."""
    assert (await metrics(application(who))).status_code == 403
