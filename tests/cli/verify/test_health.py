"""cli.verify.health: asked for, and asked again while a service does not answer."""

from typing import Any

import httpx

from cli.verify.health import check
from cli.verify.outside import Outside
from tests.support.cli_server import serving
from tests.support.deployment import HEALTH, Deployment

SILENT: dict[str, Any] = {"status": "down", "latency_ms": 1500.0, "detail": "did not answer"}


def checked(deployment: Any) -> tuple[dict[str, str], list[float]]:
    pauses: list[float] = []
    with serving(deployment) as url:
        outside = Outside(url)
        found: dict[str, str] = {f.name: f.colour for f in check(outside, degraded=[], pause=pauses.append)}
        outside.close()
    return found, pauses


def test_a_good_deployment() -> None:
    """Every line is green, and it is asked once."""
    found, pauses = checked(Deployment())

    assert set(found.values()) == {"green"}
    assert pauses == []


def test_one_slow_moment_is_not_a_state() -> None:
    """A service that answers the next time is well."""
    slow = HEALTH | {"services": HEALTH["services"] | {"retriever": SILENT}}
    answers = [httpx.Response(200, json=slow)]
    deployment = Deployment()

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers and request.url.path == "/health" else deployment(request)

    found, pauses = checked(answer)

    assert set(found.values()) == {"green"}
    assert len(pauses) == 1


def test_one_that_stays_away_is_red() -> None:
    """It was asked for a bounded time."""
    away = HEALTH | {"services": HEALTH["services"] | {"retriever": SILENT}}
    found, pauses = checked(Deployment({"GET /health": httpx.Response(200, json=away)}))

    assert found["retriever"] == "red"
    assert len(pauses) == 3


def test_a_probe_that_is_not_well_is_red() -> None:
    """Platforms look at nothing else."""
    found, _ = checked(Deployment({"GET /health/ready": httpx.Response(503, json={})}))

    assert {name for name, colour in found.items() if colour == "red"} == {"probes"}
