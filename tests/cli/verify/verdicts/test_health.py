"""cli.verify.verdicts.health: what /health means, line by line."""

from typing import Any

import pytest

from cli.findings import Colour, Finding
from cli.verify.verdicts.health import needs, probes, services, unanswered, whole

OK = {"status": "ok", "detail": ""}


def told(**changes: Any) -> dict[str, Any]:
    """Health that is well, but for ``changes`` of services, by name."""
    found: dict[str, Any] = {
        "gateway": {"status": "ok", "latency_ms": 0.0, "checks": {"redis": OK}},
        "retriever": {
            "status": "ok",
            "latency_ms": 1.0,
            "checks": {"qdrant": OK, "embedding": OK, "cohere": {"status": "ok", "detail": "command"}},
        },
        "chat_ws": {"status": "ok", "latency_ms": 1.0, "checks": {"postgres": OK, "redis": OK}},
    }
    return {"status": "ok", "version": "1", "uptime_s": 3.0, "services": found | changes}


def lines(health: dict[str, Any], degraded: list[str] | None = None) -> dict[str, Finding]:
    found = [*services(health), *needs(health, degraded=degraded or [])]
    return {finding.name: finding for finding in found}


def test_all_is_well() -> None:
    """Each service and each thing it needs has its green line."""
    found = lines(told())

    assert list(found) == [
        "gateway",
        "retriever",
        "chat service",
        "Postgres",
        "Qdrant",
        "Cohere",
        "embedding",
        "Redis",
    ]
    assert {finding.colour for finding in found.values()} == {"green"}


def test_a_need_that_is_away_is_its_own_line() -> None:
    """Its service is down for it, and says so."""
    ill = {"status": "down", "detail": "cannot be reached"}
    found = lines(told(chat_ws={"status": "down", "latency_ms": 1.0, "checks": {"postgres": ill}}))

    assert (found["Postgres"].colour, found["Postgres"].found) == ("red", "cannot be reached")
    assert found["chat service"].colour == "red"
    assert "Postgres" in found["chat service"].needs
    assert "cannot be reached" in found["chat service"].found


def test_a_service_that_does_not_answer_leaves_its_needs_unknown() -> None:
    """Nobody knows how Qdrant is then."""
    health = told(retriever={"status": "down", "latency_ms": 1.0, "detail": "did not answer"})
    found = lines(health)

    assert (found["retriever"].colour, found["retriever"].found) == ("red", "did not answer")
    assert {found[name].colour for name in ("Qdrant", "Cohere", "embedding")} == {"yellow"}
    assert unanswered(health)
    assert not unanswered(told())


def test_a_degraded_service_is_yellow() -> None:
    """It works; what it lacks has its own line."""
    checks = {"qdrant": OK, "embedding": OK, "cohere": {"status": "degraded", "detail": "HTTP 401"}}
    found = lines(told(retriever={"status": "degraded", "latency_ms": 1.0, "checks": checks}))

    assert (found["retriever"].colour, found["Cohere"].colour) == ("yellow", "red")


def test_answers_that_lacked_cohere_are_told() -> None:
    """Health may have forgotten it by then; without Cohere nothing was lacking."""
    assert lines(told(), ["generation", "dense"])["Cohere"].colour == "yellow"
    without = {"status": "ok", "detail": "not configured: extractive answers"}
    health = told(retriever={"status": "ok", "checks": {"cohere": without}})
    assert lines(health, ["generation"])["Cohere"].colour == "green"


def test_redis_is_ill_when_one_service_says_so() -> None:
    """Two tell of it."""
    ill = {"status": "degraded", "detail": "lost"}

    assert lines(told(gateway={"status": "degraded", "checks": {"redis": ill}}))["Redis"].colour == "red"


@pytest.mark.parametrize("answer", [{}, {"services": []}, {"services": {"gateway": []}}])
def test_what_is_no_health_is_red(answer: dict[str, Any]) -> None:
    """A page in front of it, or nothing; Redis is not missed then."""
    found = lines(answer)

    assert found["gateway"].colour == "red"
    assert found["Postgres"].colour == "yellow"
    assert "Redis" not in found


def test_a_service_that_is_down_and_says_nothing() -> None:
    """It is down all the same."""
    assert lines(told(gateway={"status": "down", "checks": {}}))["gateway"].found == "down"


@pytest.mark.parametrize(
    ("status", "state", "colour"),
    [
        (200, "ok", "green"),
        (200, "degraded", "yellow"),
        (503, "down", "red"),
        (0, "", "red"),
        (404, "", "red"),
    ],
)
def test_the_whole(status: int, state: str, colour: Colour) -> None:
    """By status and by word."""
    assert whole(status, told() | {"status": state}).colour == colour


def test_the_probes() -> None:
    """Each must say 200; one that does not is named."""
    assert probes({"/health/live": 200}).colour == "green"
    found = probes({"/health/live": 200, "/health/ready": 503, "/health/gateway": 0})
    assert found.colour == "red"
    assert found.found == "/health/ready answers 503; /health/gateway answers nothing"
